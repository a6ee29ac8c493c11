import type { Plan, Stages } from '../engine/plan.js'
import { type DType, dtypeOf, type FloatArray, lengthOf, newArray } from '../tensor.js'
import type { Executor } from './backend.js'
import {
  type Buffers,
  buffersOf,
  type Operands,
  type OperandTable,
  operandsOf,
  PASSES,
  type PassName,
} from './operands.js'

// A plan with stages is a norm without weight and bias, and these two over its result: y = xhat * weight + bias, with
// xhat rounded to the element type, as in rows. Each pass over it is a few passes over plans that every backend knows.

/** How passes are run. */
export type Calls = Pick<Executor, 'run' | 'runAsync'>

/** One pass of several. */
interface Stage {
  readonly pass: PassName
  readonly plan: Plan
  readonly operands: Operands
}

/** The stages of a pass, and what is left to do after them, which cannot fail. */
interface Work {
  readonly stages: readonly Stage[]
  readonly end?: () => void
}

/** Gives memory that holds anything, for what one stage leaves to the next. */
type Temporary = (plan: Plan) => FloatArray

type WorkOf = { readonly [P in PassName]: (plans: Stages, io: Buffers<P>, temporary: Temporary) => Work }

function stage<P extends PassName>(pass: P, plan: Plan, io: Buffers<P>): Stage {
  return { pass, plan, operands: operandsOf(pass, io) }
}

/** y = y * weight + bias; nothing where there are neither. */
function scale({ scale: plan }: Stages, y: FloatArray, weight: FloatArray | null, bias: FloatArray | null) {
  return weight === null && bias === null
    ? []
    : [stage('apply', plan, { x: y, y, weight, bias, ...unitStatistics(plan) })]
}

/** With the eps of the plan, which is 1, their rstd is 1, and they change nothing. */
function unitStatistics({ slots }: Plan) {
  const zeros = newArray('float64', slots) as Float64Array
  return { mean: zeros, variance: zeros }
}

const NO_AFFINE = { weight: null, bias: null }
const NO_PARAMETERS = { weight: null, dweight: null, dbias: null }

/**
 * g = dy * weight, a new array. The gradients of weight and bias are added to copies, which replace them in the end: a stage
 * that fails leaves them as they were.
 */
function scaleGradient(
  { normalize, scale: plan }: Stages,
  io: Buffers<'gradientSums'> | Buffers<'backward'>,
  temporary: Temporary,
) {
  const { dy, x, weight, mean, variance } = io
  const dweight = copyOf(io.dweight)
  const dbias = copyOf(io.dbias)
  const g = temporary(plan)
  const stages = [
    stage('apply', normalize, { x, y: g, mean, variance, ...NO_AFFINE }),
    stage('backward', plan, { dy, x: g, dx: g, weight, dweight, dbias, ...unitStatistics(plan) }),
  ]
  const end = () => {
    replace(io.dweight, dweight)
    replace(io.dbias, dbias)
  }
  return { g, stages, end }
}

function copyOf(array: FloatArray | null): FloatArray | null {
  if (array === null) return null
  const copy = newArray(dtypeOf(array), lengthOf(array))
  copy.set(array)
  return copy
}

/** Does nothing where the array was transferred meanwhile. One over shared memory may have grown. */
function replace(array: FloatArray | null, by: FloatArray | null): void {
  if (array !== null && by !== null && lengthOf(array) >= by.length) array.set(by)
}

const WORK: WorkOf = {
  moments: ({ normalize }, io) => ({ stages: [stage('moments', normalize, io)] }),
  apply: (plans, io) => ({
    stages: [
      stage('apply', plans.normalize, { ...io, ...NO_AFFINE }),
      ...scale(plans, io.y, io.weight, io.bias),
    ],
  }),
  forward: (plans, io) => ({
    stages: [
      stage('forward', plans.normalize, { ...io, ...NO_AFFINE }),
      ...scale(plans, io.y, io.weight, io.bias),
    ],
  }),
  gradientSums: (plans, io, temporary) => {
    const { g, stages, end } = scaleGradient(plans, io, temporary)
    const sums = stage('gradientSums', plans.normalize, { ...io, dy: g, ...NO_PARAMETERS })
    return { stages: [...stages, sums], end }
  },
  applyGradient: ({ normalize, scale: plan }, io, temporary) => {
    const { dy, weight } = io
    const g = temporary(plan)
    return {
      stages: [
        stage('backward', plan, { ...NO_PARAMETERS, dy, x: dy, dx: g, weight, ...unitStatistics(plan) }),
        stage('applyGradient', normalize, { ...io, dy: g, weight: null }),
      ],
    }
  },
  backward: (plans, io, temporary) => {
    const { g, stages, end } = scaleGradient(plans, io, temporary)
    const dx = stage('backward', plans.normalize, { ...io, dy: g, ...NO_PARAMETERS })
    return { stages: [...stages, dx], end }
  },
}

/** The same calls, which run a plan with stages in its stages, on another thread one after the other. */
export function withStages({ run, runAsync }: Calls): Calls {
  const runStages = ({ stages, end }: Work) => {
    for (const { pass, plan, operands } of stages) run(pass, plan, operands)
    end?.()
  }
  const all: Executor['run'] = (pass, plan, operands) =>
    plan.stages === null
      ? run(pass, plan, operands)
      : runStages(workOf(pass, plan.stages, operands, keptTemporary))
  if (runAsync === null) return { run: all, runAsync }
  // An array may be transferred or grow between two stages: all of them work on copies.
  const runStagesAsync = async (name: PassName, plans: Stages, operands: Operands) => {
    const copies = operands.map(copyOf)
    const { stages, end } = workOf(name, plans, copies, newTemporary)
    for (const { pass, plan, operands } of stages) await runAsync(pass, plan, operands)
    end?.()
    const table: OperandTable = PASSES[name]
    for (let i = 0; i < table.length; i++) if (table[i].written) replace(operands[i], copies[i])
  }
  const allAsync: Executor['runAsync'] = (pass, plan, operands) =>
    plan.stages === null ? runAsync(pass, plan, operands) : runStagesAsync(pass, plan.stages, operands)
  return { run: all, runAsync: allAsync }
}

/** All arrays are there before the first stage writes. */
function workOf<P extends PassName>(pass: P, plans: Stages, operands: Operands, temporary: Temporary): Work {
  return WORK[pass](plans, buffersOf(pass, operands), temporary)
}

/** What is kept for the next call, at most: the first touch of new memory takes several times as long as a pass. */
const KEPT_BYTES = 64 * 2 ** 20
const kept = new Map<DType, FloatArray>()

/** For calls that end before another one begins: at once, they run none of the caller's code. */
function keptTemporary(plan: Plan): FloatArray {
  const { dtype, size } = plan
  const last = kept.get(dtype)
  if (last !== undefined && last.length >= size) return last.subarray(0, size)
  const array = newTemporary(plan)
  if (array.byteLength <= KEPT_BYTES) kept.set(dtype, array)
  return array
}

function newTemporary({ dtype, size }: Plan): FloatArray {
  return newArray(dtype, size)
}
