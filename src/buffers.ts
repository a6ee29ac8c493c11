import { adviseHugePages } from './backend/native.js'
import { describe, fail } from './errors.js'
import { checkSameShape, type Plan } from './plan.js'
import {
  checkTensor,
  dtypeOf,
  dtypeOfArray,
  type FloatArray,
  isFloatArray,
  newArray,
  type Tensor,
} from './tensor.js'

/** One (mean, biased variance) pair per slot of a plan. */
export interface Statistics {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

export function newStatistics(slots: number): Statistics {
  return { mean: new Float64Array(slots), variance: new Float64Array(slots) }
}

/**
 * The statistics that a caller gives, copied so that a later change of his does not reach the gradient.
 * @throws EvenkeelError where they do not fit the plan's slots, or a variance is negative or NaN.
 */
export function copyStatistics(plan: Plan, given: { mean: FloatArray; variance: FloatArray }): Statistics {
  for (const name of ['mean', 'variance'] as const) {
    const array: unknown = given?.[name]
    if (!isFloatArray(array) || array.length !== plan.slots) {
      fail(
        'EVENKEEL_BUFFER',
        plan.layer,
        `statistics.${name} must be a Float32Array or Float64Array of ${plan.slots}, got ${describe(array)}`,
        'give one value per channel',
      )
    }
  }
  const bad = given.variance.findIndex((v) => !(v >= 0))
  if (bad >= 0) {
    fail(
      'EVENKEEL_STATISTICS',
      plan.layer,
      `statistics.variance must be 0 or more, got ${given.variance[bad]} in channel ${bad}`,
      'pass variances, as in running_var, not standard deviations or logarithms',
    )
  }
  return { mean: Float64Array.from(given.mean), variance: Float64Array.from(given.variance) }
}

/** Throws unless dy or `out` is a tensor of the plan's dtype and shape. */
export function checkCompanion(plan: Plan, name: string, value: unknown): asserts value is Tensor {
  if (isCompanion(plan, value)) return
  checkTensor(plan.layer, value, name)
  checkDType(plan, name, value.data)
  checkSameShape(plan, name, value.shape)
}

/** The same question without words: whether `value` is a tensor of the plan's dtype, shape and size. */
export function isCompanion(plan: Plan, value: unknown): value is Tensor {
  const { data, shape } = (value ?? {}) as Partial<Tensor>
  if (dtypeOfArray(data) !== plan.dtype || data?.length !== plan.size) return false
  if (!Array.isArray(shape) || shape.length !== plan.shape.length) return false
  for (let i = 0; i < shape.length; i++) if (shape[i] !== plan.shape[i]) return false
  return true
}

/** Throws unless weight, bias or the array for their gradient is null, or fits the plan. */
export function checkAffine(plan: Plan, name: string, array: FloatArray | null): void {
  if (array === null) return
  if (!isFloatArray(array)) {
    fail(
      'EVENKEEL_DTYPE',
      plan.layer,
      `${name} must be a ${arrayName(plan)}, got ${describe(array)}`,
      `pass the bare array, as in ${name}: parameter.data`,
    )
  }
  checkDType(plan, name, array)
  if (array.length === plan.affineLength) return
  fail(
    'EVENKEEL_BUFFER',
    plan.layer,
    `${name} needs ${plan.affineLength} elements, got ${array.length === 0 ? 'a detached or empty array' : array.length}`,
    plan.pattern === 'rows' ? 'give one for each normalized element' : 'give one for each channel',
  )
}

/** Where the result goes: the caller's `out`, once its type and shape are checked, or a new tensor of the input's shape. */
export function outputFor(plan: Plan, out: Tensor | undefined): Tensor {
  if (out !== undefined) {
    checkCompanion(plan, 'out', out)
    return out
  }
  const data = newArray(plan.dtype, plan.size)
  adviseHugePages(data)
  return { data, shape: [...plan.shape] }
}

/** Where a parameter's gradient is added: the caller's array, or a new, zeroed one; null where forward had no such parameter. */
export function gradientArray(plan: Plan, name: string, parameter: FloatArray | null, into?: FloatArray) {
  if (parameter !== null) return into ?? newArray(plan.dtype, plan.affineLength)
  if (into === undefined || into === null) return null
  fail(
    'EVENKEEL_OPTION',
    plan.layer,
    `d${name} was given, but forward had no ${name}`,
    `leave d${name} out, or pass ${name} to forward`,
  )
}

/** Arrays by the names they have in messages; null where a layer has none. */
export type Named = Readonly<Record<string, FloatArray | null>>

/**
 * Whether each array has a buffer of its own. That is the usual case, and quickly told: asking a typed array for its
 * buffer is a call into the engine (about 20 ns), and here each is asked once.
 */
export function areSeparate(arrays: readonly (FloatArray | null)[]): boolean {
  const buffers = new Array<ArrayBufferLike | null>(arrays.length)
  for (let i = 0; i < arrays.length; i++) {
    const buffer = arrays[i]?.buffer ?? null
    if (buffer !== null && buffers.indexOf(buffer) >= 0) return false
    buffers[i] = buffer
  }
  return true
}

/** Throws where a written array shares memory with one of the others. */
export function checkApart(plan: Plan, name: string, array: FloatArray | null, others: Named): void {
  for (const other in others) {
    const theirs = others[other]
    if (array === null || theirs === null || !overlaps(array, theirs)) continue
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `${name} overlaps ${other} in one buffer`,
      `give ${name} memory of its own`,
    )
  }
}

/** Throws where `out` shares memory with one of the others, unless it is that one's, element for element. */
export function checkReplaces(plan: Plan, out: FloatArray, others: Named): void {
  for (const name in others) {
    const other = others[name]
    if (other === null || isSame(out, other) || !overlaps(out, other)) continue
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `out overlaps a part of ${name} in one buffer`,
      `pass ${name} itself to replace it, or a buffer apart from it`,
    )
  }
}

/** Whether both are views of exactly the same elements. */
export function isSame(a: FloatArray, b: FloatArray): boolean {
  return a === b || (a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.byteLength === b.byteLength)
}

function overlaps(a: FloatArray, b: FloatArray): boolean {
  if (a.buffer !== b.buffer) return false
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
}

function checkDType(plan: Plan, name: string, data: FloatArray): void {
  if (dtypeOf(data) === plan.dtype) return
  fail(
    'EVENKEEL_DTYPE',
    plan.layer,
    `${name} must be ${plan.dtype} as the input is, got ${dtypeOf(data)}`,
    `convert it: ${arrayName(plan)}.from(...)`,
  )
}

function arrayName(plan: Plan): string {
  return plan.dtype === 'float64' ? 'Float64Array' : 'Float32Array'
}
