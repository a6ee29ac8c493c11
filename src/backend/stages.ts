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

// A plan with stages is composed of two plans: a norm without weight and bias, and y = xhat * weight + bias over its
// result. xhat is rounded to the element type, as in rows. Each pass of such a plan is a few passes of plans that all
// backends can run.

/** The functions that run passes. */
export type Calls = Pick<Executor, 'run' | 'runAsync'>

/** One of the passes that a pass is composed of. */
interface Stage {
  readonly pass: PassName
  readonly plan: Plan
  readonly operands: Operands
}

/** The stages of a pass, and a last step after them. The last step cannot fail. */
interface Work {
  readonly stages: readonly Stage[]
  readonly end?: () => void
}

/** Allocates a temporary array, which one stage writes and the next stage reads. Its elements have arbitrary values. */
type Temporary = (plan: Plan) => FloatArray

type WorkOf = { readonly [P in PassName]: (plans: Stages, io: Buffers<P>, temporary: Temporary) => Work }

function stage<P extends PassName>(pass: P, plan: Plan, io: Buffers<P>): Stage {
  return { pass, plan, operands: operandsOf(pass, io) }
}

/** The stage y = y * weight + bias. No stage if there is neither a weight nor a bias. */
function scale({ scale: plan }: Stages, y: FloatArray, weight: FloatArray | null, bias: FloatArray | null) {
  return weight === null && bias === null
    ? []
    : [stage('apply', plan, { x: y, y, weight, bias, ...unitStatistics(plan) })]
}

/**
 * Statistics that change nothing: the mean is 0, and because the plan's eps is 1, the reciprocal standard deviation
 * is 1.
 */
function unitStatistics({ slots }: Plan) {
  const zeros = newArray('float64', slots) as Float64Array
  return { mean: zeros, variance: zeros }
}

const NO_AFFINE = { weight: null, bias: null }
const NO_PARAMETERS = { weight: null, dweight: null, dbias: null }

/**
 * The stages that compute g = dy * weight into a temporary array, and the gradients of weight and bias. These
 * gradients are added to copies. The last step writes the copies back. So a stage that fails does not change dweight
 * and dbias.
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

/** Copies `by` into the array. Does nothing if the array's buffer was transferred during the call; shared memory may grow. */
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

/**
 * The same functions for all plans. They run a plan with stages as its stages, one after the other, also on another
 * thread.
 */
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

/** The stages of a pass. All new arrays are allocated here, before the first stage writes. */
function workOf<P extends PassName>(pass: P, plans: Stages, operands: Operands, temporary: Temporary): Work {
  return WORK[pass](plans, buffersOf(pass, operands), temporary)
}

/**
 * The largest temporary array, in bytes, that is kept for the next call. It is kept because the first access to new
 * memory takes several times as long as a pass.
 */
const KEPT_BYTES = 64 * 2 ** 20
const kept = new Map<DType, FloatArray>()

/**
 * A temporary array for a synchronous call. All synchronous calls share it. This is safe, because such a call runs no
 * code of the caller's, so it ends before another call begins.
 */
function keptTemporary(plan: Plan): FloatArray {
  const { dtype, size } = plan
  const last = kept.get(dtype)
  if (last !== undefined && last.length >= size) return last.subarray(0, size)
  const array = newTemporary(plan)
  if (array.byteLength <= KEPT_BYTES) kept.set(dtype, array)
  return array
}

/** A temporary array for an asynchronous call, which can run at the same time as other calls. */
function newTemporary({ dtype, size }: Plan): FloatArray {
  return newArray(dtype, size)
}
