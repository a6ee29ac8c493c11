import type { Plan } from '../../engine/plan.js'
import type { Backend, Executor } from '../backend.js'
import { executorOf } from '../executor.js'
import { type Buffers, buffersOf, type Operands, type PassName } from '../operands.js'
import * as channels from './channels.js'
import * as columns from './columns.js'
import { extrema } from './extrema.js'
import { varianceOf } from './merge.js'
import * as planes from './planes.js'
import * as rows from './rows.js'

type Passes = Omit<Backend, 'name' | 'forward' | 'extrema'>

/**
 * The passes for each pattern. forward is not here, because it is composed of moments and apply. extrema is one
 * function for all patterns.
 */
const patterns: Readonly<Record<Plan['pattern'], Passes>> = {
  rows,
  planes: channels.passesOf(planes),
  columns: channels.passesOf(columns),
}

/**
 * The passes for an input without elements. All statistics are 0, so that no gradient becomes NaN. dweight and dbias
 * do not change.
 */
const nothing: Passes = {
  moments: (_, { mean, m2 }) => fillZero(mean, m2),
  apply: () => {},
  gradientSums: (_, { sum1, sum2 }) => fillZero(sum1, sum2),
  applyGradient: () => {},
  backward: () => {},
}

function fillZero(...arrays: Float64Array[]): void {
  for (const array of arrays) array.fill(0)
}

function passesFor({ size, pattern }: Plan): Passes {
  return size > 0 ? patterns[pattern] : nothing
}

/** moments, then apply. `variance` holds m2 until all moments are computed. */
function forward(plan: Plan, io: Buffers<'forward'>): void {
  const { x, mean, variance } = io
  const { moments, apply } = passesFor(plan)
  if (!plan.given) {
    moments(plan, { x, mean, m2: variance })
    for (let slot = 0; slot < plan.slots; slot++) variance[slot] = varianceOf(plan.count, variance[slot])
  }
  apply(plan, io)
}

const passes: Omit<Backend, 'name'> = {
  moments: (plan, io) => passesFor(plan).moments(plan, io),
  extrema,
  apply: (plan, io) => passesFor(plan).apply(plan, io),
  forward,
  gradientSums: (plan, io) => passesFor(plan).gradientSums(plan, io),
  applyGradient: (plan, io) => passesFor(plan).applyGradient(plan, io),
  backward: (plan, io) => passesFor(plan).backward(plan, io),
}

function runPass<P extends PassName>(pass: P, plan: Plan, operands: Operands): void {
  const run = passes[pass] as (plan: Plan, io: Buffers<P>) => void
  run(plan, buffersOf(pass, operands))
}

/**
 * The backend in plain TypeScript. It is the specification of the arithmetic. It is also used if the addon does not
 * load.
 */
export const portableExecutor: Executor = executorOf(
  'portable',
  { run: runPass, runAsync: null },
  { cachedCalls: () => null, adviseHugePages: () => {} },
)

export const portable: Backend = portableExecutor.backend
