import type { Plan } from '../engine/plan.js'
import type { Backend, Executor } from './backend.js'
import { type Buffers, operandsOf, PASS_NAMES, type PassName } from './operands.js'
import { type Calls, withStages } from './stages.js'

/**
 * Makes an executor and its Backend.
 * @param bare runs plans without stages.
 * @param rest the other methods of the executor.
 */
export function executorOf(
  name: string,
  bare: Calls,
  rest: Omit<Executor, 'backend' | keyof Calls>,
): Executor {
  const calls = withStages(bare)
  return { ...calls, ...rest, backend: backendOf(name, calls) }
}

/** The Backend, whose methods are the passes. They take the arrays as an object, by the names of their fields. */
function backendOf(name: string, { run, runAsync }: Calls): Backend {
  const passes = PASS_NAMES.map((pass) => [
    pass,
    (plan: Plan, io: Buffers<PassName>) => run(pass, plan, operandsOf(pass, io)),
  ])
  const asyncPasses = PASS_NAMES.map((pass) => [
    `${pass}Async`,
    (plan: Plan, io: Buffers<PassName>) => runAsync?.(pass, plan, operandsOf(pass, io)),
  ])
  return Object.fromEntries([['name', name], ...passes, ...(runAsync === null ? [] : asyncPasses)])
}
