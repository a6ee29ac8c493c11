import {
  dtypeOfKind,
  lengthOfKind,
  type Operand,
  type Operands,
  type OperandTable,
} from '../backend/operands.js'
import { describe, fail } from '../errors.js'
import {
  checkTensor,
  type DType,
  dtypeOf,
  dtypeOfArray,
  type Fields,
  type FloatArray,
  fieldsOf,
  isFloatArray,
  lengthOf,
  newArray,
  type Tensor,
} from '../tensor.js'
import { unfilledArray } from '../unfilled.js'
import type { Arena } from '../workspace.js'
import { bufferOf, checkOverlaps } from './overlap.js'
import { checkSameShape, type Plan } from './plan.js'

/** A mean and a biased variance for each slot of a plan. */
export interface Statistics {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

export function newStatistics(slots: number): Statistics {
  const array = () => newArray('float64', slots) as Float64Array
  return { mean: array(), variance: array() }
}

/**
 * A copy of the statistics that the caller gives. It is a copy so that a later change by the caller does not change the
 * gradient.
 * @throws EvenkeelError if the statistics do not fit the plan's slots, or if a variance is negative or NaN.
 */
export function copyStatistics(plan: Plan, given: { mean: FloatArray; variance: FloatArray }): Statistics {
  const [mean, variance] = (['mean', 'variance'] as const).map((name) => {
    const array: unknown = given?.[name]
    if (isFloatArray(array) && lengthOf(array) === plan.slots) return Float64Array.from(array)
    return fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `statistics.${name} must be a Float32Array or Float64Array of ${plan.slots}, got ${describe(array)}`,
      'give one value per channel',
    )
  })
  const bad = variance.findIndex((v) => !(v >= 0))
  if (bad >= 0) {
    fail(
      'EVENKEEL_STATISTICS',
      plan.layer,
      `statistics.variance must be 0 or more, got ${variance[bad]} in channel ${bad}`,
      'pass variances, as in running_var, not standard deviations or logarithms',
    )
  }
  return { mean, variance }
}

/**
 * The data of dy or `out`. Throws if the value is not a tensor of the plan's shape. checkOperands() checks the data
 * themselves, unless a cached call has already checked them.
 */
export function companionData(plan: Plan, name: string, value: unknown): FloatArray {
  const fields = fieldsOf(value)
  if (!hasShape(plan, fields)) {
    checkTensor(plan.layer, value, name, fields)
    const { data, shape } = fields as Tensor & Fields
    checkDType(plan, name, data, plan.dtype)
    checkSameShape(plan, name, shape)
  }
  return fields.data as FloatArray
}

/** The data of `out`. Null if there is no `out`: then the result is a new tensor. */
export function outData(plan: Plan, out: Tensor | undefined): FloatArray | null {
  return out === undefined ? null : companionData(plan, 'out', out)
}

/** Whether a tensor with these fields has the plan's shape and declares no memory order of its own. */
export function hasShape(plan: Plan, { shape, ordered }: Fields): boolean {
  if (ordered || !Array.isArray(shape) || shape.length !== plan.shape.length) return false
  for (let i = 0; i < shape.length; i++) if (shape[i] !== plan.shape[i]) return false
  return true
}

/**
 * A new tensor of the input's shape. Its elements have arbitrary values, because the pass writes all of them. If
 * there is a workspace, the memory comes from it and is not the memory of the input.
 */
export function newResult(plan: Plan, workspace: Arena | null, input: FloatArray): Tensor {
  const { dtype, size, shape } = plan
  const data = workspace === null ? unfilledArray(dtype, size) : workspace.draw(plan, input)
  return { data, shape: [...shape] }
}

/**
 * The array that a parameter's gradient is added to: the caller's array, or a new array of zeroes. Null if the forward
 * pass had no such parameter.
 */
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

/**
 * The last check of the operands before the pass runs. No code of the caller's runs after it. Throws if an operand
 * does not have the plan's type and length, or if a written operand overlaps another operand. A `fresh` result
 * overlaps nothing, so it needs no check for overlap.
 */
export function checkOperands(plan: Plan, table: OperandTable, operands: Operands, fresh: boolean): void {
  for (let i = 0; i < table.length; i++) {
    const array = operands[i]
    if (array !== null || table[i].kind !== 'affine') checkOperand(plan, table[i], array)
  }
  const onlyResultWritten = !table.some(({ kind, written }) => written && kind === 'affine')
  if (!(fresh && onlyResultWritten)) checkOverlaps(plan, table, operands)
}

function checkOperand(plan: Plan, operand: Operand, array: FloatArray | null): void {
  const { name, kind } = operand
  const dtype = dtypeOfKind(plan, kind)
  const length = lengthOfKind(plan, kind)
  if (dtypeOfArray(array) === dtype && lengthOf(array) === length) return
  if (kind === 'data') checkTensor(plan.layer, { data: array, shape: plan.shape }, name)
  if (!isFloatArray(array)) {
    fail(
      'EVENKEEL_DTYPE',
      plan.layer,
      `${name} must be a ${arrayName(dtype)}, got ${describe(array)}`,
      `give a ${arrayName(dtype)} of ${length}`,
    )
  }
  checkDType(plan, name, array, dtype)
  const came = lengthOf(array)
  fail(
    'EVENKEEL_BUFFER',
    plan.layer,
    `${name} needs ${length} elements, got ${came === 0 ? 'a detached or empty array' : came}`,
    remedyFor(plan, kind, came),
  )
}

function remedyFor(plan: Plan, kind: Operand['kind'], came: number): string {
  if (kind === 'statistics') return "keep the context's mean and variance attached until the gradient is done"
  const each = plan.pattern === 'rows' || plan.stages !== null ? 'normalized element' : 'channel'
  return `give one for each ${each}${came === 0 ? '; copy an array before its buffer is transferred' : ''}`
}

/**
 * Throws if an array's memory could go away while another thread uses it. A resizable ArrayBuffer gives pages back when
 * it shrinks. Shared memory is safe: it only grows, in place. All backends refuse resizable buffers, so that a program
 * that runs on one backend runs on all.
 */
export function checkFixed(plan: Plan, table: OperandTable, operands: Operands): void {
  for (let i = 0; i < table.length; i++) {
    const array = operands[i]
    // Node 20 has this property. TypeScript's library types do not.
    const buffer = array === null ? null : (bufferOf(array) as { readonly resizable?: boolean })
    if (buffer?.resizable !== true) continue
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `${table[i].name} lies in a resizable ArrayBuffer, which may shrink while another thread uses it`,
      'copy it with slice(), or use a SharedArrayBuffer, which may grow',
    )
  }
}

function checkDType(plan: Plan, name: string, data: FloatArray, dtype: DType): void {
  const came = dtypeOf(data)
  if (came === dtype) return
  if (name === 'input') {
    fail(
      'EVENKEEL_DTYPE',
      plan.layer,
      `input must be ${dtype} as the layer is, got ${came}`,
      `convert it, or construct the layer with dtype: '${came}'`,
    )
  }
  fail(
    'EVENKEEL_DTYPE',
    plan.layer,
    `${name} must be ${dtype} as the input is, got ${came}`,
    name === 'out' ? `give one over a new ${arrayName(dtype)}` : `convert it: ${arrayName(dtype)}.from(...)`,
  )
}

function arrayName(dtype: DType): string {
  return dtype === 'float64' ? 'Float64Array' : 'Float32Array'
}
