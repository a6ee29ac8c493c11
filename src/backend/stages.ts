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

/** Allocates a temporary array, which one stage writes and the next stage reads. Its elements have arbitrary values. */
type Temporary = (plan: Plan) => FloatArray

type StagesOf = { readonly [P in PassName]: (plans: Stages, io: Buffers<P>, temporary: Temporary) => Stage[] }

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
 * The stages that compute g = dy * weight into a temporary array, and add to the gradients of weight and bias.
 */
function scaleGradient(
  { normalize, scale: plan }: Stages,
  { dy, x, weight, mean, variance, dweight, dbias }: Buffers<'gradientSums'> | Buffers<'backward'>,
  g: FloatArray,
): Stage[] {
  return [
    stage('apply', normalize, { x, y: g, mean, variance, ...NO_AFFINE }),
    stage('backward', plan, { dy, x: g, dx: g, weight, dweight, dbias, ...unitStatistics(plan) }),
  ]
}

/** The stages of a pass that writes y. */
function scaled(pass: 'apply' | 'forward', plans: Stages, io: Buffers<'apply'>): Stage[] {
  const normalized = stage(pass, plans.normalize, { ...io, ...NO_AFFINE })
  return [normalized, ...scale(plans, io.y, io.weight, io.bias)]
}

function copyOf(array: FloatArray | null): FloatArray | null {
  if (array === null) return null
  const copy = newArray(dtypeOf(array), lengthOf(array))
  copy.set(array)
  return copy
}

/**
 * Copies the written operands from `own` to the caller's arrays, where they are not the same. Skips an array whose
 * buffer was transferred during the call. One over shared memory may have grown.
 */
function writeBack(table: OperandTable, operands: Operands, own: Operands): void {
  for (let i = 0; i < table.length; i++) {
    const array = operands[i]
    const copy = own[i]
    if (!table[i].written || array === null || copy === null || array === copy) continue
    if (lengthOf(array) >= copy.length) array.set(copy)
  }
}

const STAGES: StagesOf = {
  moments: ({ normalize }, io) => [stage('moments', normalize, io)],
  extrema: ({ normalize }, io) => [stage('extrema', normalize, io)],
  apply: (plans, io) => scaled('apply', plans, io),
  forward: (plans, io) => scaled('forward', plans, io),
  gradientSums: (plans, io, temporary) => {
    const g = temporary(plans.scale)
    const sums = stage('gradientSums', plans.normalize, { ...io, dy: g, ...NO_PARAMETERS })
    return [...scaleGradient(plans, io, g), sums]
  },
  applyGradient: ({ normalize, scale: plan }, io, temporary) => {
    const { dy, weight } = io
    const g = temporary(plan)
    return [
      stage('backward', plan, { ...NO_PARAMETERS, dy, x: dy, dx: g, weight, ...unitStatistics(plan) }),
      stage('applyGradient', normalize, { ...io, dy: g, weight: null }),
    ]
  },
  backward: (plans, io, temporary) => {
    const g = temporary(plans.scale)
    const dx = stage('backward', plans.normalize, { ...io, dy: g, ...NO_PARAMETERS })
    return [...scaleGradient(plans, io, g), dx]
  },
}

/**
 * The same functions for all plans. They run a plan with stages as its stages, one after the other, also on another
 * thread.
 */
export function withStages({ run, runAsync }: Calls): Calls {
  // The gradients of weight and bias are added to copies, so that a stage that fails does not change them.
  const runStages = (name: PassName, plans: Stages, operands: Operands) => {
    const table: OperandTable = PASSES[name]
    const own = operands.map((array, i) =>
      table[i].written && table[i].kind === 'affine' ? copyOf(array) : array,
    )
    for (const { pass, plan, operands } of stagesOf(name, plans, own, keptTemporary)) {
      run(pass, plan, operands)
    }
    writeBack(table, operands, own)
  }
  const all: Executor['run'] = (pass, plan, operands) =>
    plan.stages === null ? run(pass, plan, operands) : runStages(pass, plan.stages, operands)
  if (runAsync === null) return { run: all, runAsync }
  // An array may be transferred or grow between two stages: all of them work on copies.
  const runStagesAsync = async (name: PassName, plans: Stages, operands: Operands) => {
    const own = operands.map(copyOf)
    for (const { pass, plan, operands } of stagesOf(name, plans, own, newTemporary)) {
      await runAsync(pass, plan, operands)
    }
    writeBack(PASSES[name], operands, own)
  }
  const allAsync: Executor['runAsync'] = (pass, plan, operands) =>
    plan.stages === null ? runAsync(pass, plan, operands) : runStagesAsync(pass, plan.stages, operands)
  return { run: all, runAsync: allAsync }
}

/** The stages of a pass. All new arrays are allocated here, before the first stage writes. */
function stagesOf<P extends PassName>(pass: P, plans: Stages, operands: Operands, temporary: Temporary) {
  return STAGES[pass](plans, buffersOf(pass, operands), temporary)
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
