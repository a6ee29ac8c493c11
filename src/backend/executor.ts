import type { Plan } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { dtypeOfArray, lengthOf } from '../tensor.js'
import type { Backend, Executor } from './backend.js'
import {
  type Buffers,
  dtypeOfKind,
  lengthOfKind,
  type Operands,
  type OperandTable,
  operandsOf,
  PASS_NAMES,
  PASSES,
  type PassName,
} from './operands.js'
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

/**
 * The Backend, whose methods are the passes. They take the arrays as an object, by the names of their fields. The engine
 * checks the operands of its calls itself, so that the executor does not.
 */
function backendOf(name: string, { run, runAsync }: Calls): Backend {
  const passes = PASS_NAMES.map((pass) => [
    pass,
    (plan: Plan, io: Buffers<PassName>) => run(pass, plan, checkedOperands(name, pass, plan, io)),
  ])
  const asyncPasses = PASS_NAMES.map((pass) => [
    `${pass}Async`,
    async (plan: Plan, io: Buffers<PassName>) =>
      runAsync?.(pass, plan, checkedOperands(name, pass, plan, io)),
  ])
  return Object.fromEntries([['name', name], ...passes, ...(runAsync === null ? [] : asyncPasses)])
}

/** The operands of a pass. Throws if one does not have the type and the length that the plan asks for. */
function checkedOperands(name: string, pass: PassName, plan: Plan, io: Buffers<PassName>): Operands {
  const operands = operandsOf(pass, io)
  const table: OperandTable = PASSES[pass]
  for (const [i, { field, kind }] of table.entries()) {
    const array = operands[i]
    const [dtype, length] = [dtypeOfKind(plan, kind), lengthOfKind(plan, kind)]
    if (array === null ? kind === 'affine' : dtypeOfArray(array) === dtype && lengthOf(array) === length)
      continue
    fail(
      'EVENKEEL_BUFFER',
      `${name}.${pass}`,
      `${field} must be ${length} numbers of ${dtype}, got ${describe(array)}`,
      `give ${field} as the plan has it: ${kind} of ${length}`,
    )
  }
  return operands
}
