import { describe, fail } from '../errors.js'
import {
  dtypeOf,
  type FloatArray,
  formatShape,
  isFloatArray,
  newArray,
  sizeOf,
  type Tensor,
  typedArrayKind,
} from '../tensor.js'
import type { Entry } from './state-names.js'

/** The largest count. Beyond it, a number cannot be increased by 1: 2^53 + 1 is 2^53. */
export const MOST_BATCHES = 2 ** 53
/** How a saved tensor writes -0, because JSON.stringify() writes -0 as 0. */
export const NEGATIVE_ZERO = '-0'

/** Numbers in order. `shape` is null if only the count of the numbers is known. */
interface Values {
  readonly list: ArrayLike<unknown>
  readonly shape: readonly unknown[] | null
}

/**
 * The values of an entry. The entry is { data, shape } or the data alone. The data are a typed array, a typed array
 * after JSON.stringify() and JSON.parse(), a plain array, nested or not, or one value. Null if the entry has none of
 * these forms. Of a plain array, one level more than `rank` is looked at, so that its shape tells that it is too deep.
 */
function valuesOf(entry: unknown, rank: number): Values | null {
  const { data, shape } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<
    string,
    unknown
  >
  const values = listOf(data === undefined ? entry : data, rank)
  if (values === null || data === undefined || shape === undefined) return values
  return Array.isArray(shape) ? { list: values.list, shape } : null
}

function listOf(data: unknown, rank: number): Values | null {
  if (typedArrayKind(data) !== undefined) return { list: data as ArrayLike<unknown>, shape: null }
  if (Array.isArray(data)) return nested(data, rank)
  if (typeof data !== 'object') return data === undefined ? null : { list: [data], shape: [] }
  const keys = Object.keys(data ?? { none: 0 })
  return keys.every((key, i) => key === String(i))
    ? { list: Object.values(data as object), shape: null }
    : null
}

function nested(data: readonly unknown[], rank: number): Values {
  const shape: number[] = []
  for (let level: unknown = data; Array.isArray(level) && shape.length <= rank; level = level[0]) {
    shape.push(level.length)
  }
  return { list: data.flat(Math.max(0, shape.length - 1)), shape: shape.length > 1 ? shape : null }
}

/** Whether an entry has as many values as the layer's tensor, and the same shape if the entry has a shape. */
export function fitsTensor(value: unknown, target: Tensor): boolean {
  const values = valuesOf(value, target.shape.length)
  return values !== null && hasShape(values, target.shape)
}

function hasShape({ list, shape }: Values, wanted: readonly number[]): boolean {
  const same = shape === null || (shape.length === wanted.length && wanted.every((n, i) => shape[i] === n))
  return same && list.length === sizeOf(wanted)
}

/**
 * The values of an entry in the layer's type. Throws if a value is not a finite number, if a variance is negative, or
 * if the shape is not that of the layer's tensor.
 */
export function floatsOf(who: string, { key, name, value }: Entry, target: Tensor): FloatArray {
  const wanted = formatShape(target.shape)
  const values = valuesOf(value, target.shape.length)
  const whole = values !== null && typedArrayKind(values.list) !== undefined && !isFloatArray(values.list)
  if (values === null || whole) {
    const { data } = (value ?? {}) as { data?: unknown }
    fail(
      'EVENKEEL_STATE',
      who,
      `${key} must be { data, shape } of a Float32Array, a Float64Array or a plain array, or the data alone, got ${describe(data === undefined ? value : data)}`,
      `give numbers of shape ${wanted}`,
    )
  }
  if (!hasShape(values, target.shape)) {
    const came = values.shape === null ? '' : `${describe(values.shape)} with `
    fail(
      'EVENKEEL_STATE',
      who,
      `${key} must have shape ${wanted}, got ${came}${values.list.length} elements`,
      'load the state of a layer of the same size',
    )
  }
  const floats = newArray(dtypeOf(target.data), values.list.length)
  for (let i = 0; i < floats.length; i++) floats[i] = numberOf(values.list[i])
  const bad = floats.findIndex((v) => !Number.isFinite(v) || (name === 'running_var' && v < 0))
  if (bad >= 0) refuseValue(who, key, name === 'running_var', values.list[bad], bad)
  return floats
}

function numberOf(value: unknown): number {
  if (value === NEGATIVE_ZERO) return -0
  return typeof value === 'number' ? value : Number.NaN
}

function refuseValue(who: string, key: string, isVariance: boolean, value: unknown, at: number): never {
  const rounded = typeof value === 'number' && Number.isFinite(value) && !(isVariance && value < 0)
  const wanted = rounded ? 'fit into float32' : `be finite${isVariance ? ' and 0 or more' : ''}`
  fail(
    'EVENKEEL_STATE',
    who,
    `${key} must ${wanted}, got ${describe(value)} at ${at}`,
    `${rounded ? "construct the layer with dtype: 'float64'" : 'correct the file that it came from'}; nothing was loaded`,
  )
}

/** Reads the counter, in any form in which a program or a file keeps it. Throws if it is not one count. */
export function countOf(who: string, { key, value }: Entry): number {
  const values = valuesOf(value, 0)
  const count = values?.list.length === 1 ? wholeOf(values.list[0]) : Number.NaN
  if (Number.isInteger(count) && count >= 0 && count <= MOST_BATCHES) return count
  fail(
    'EVENKEEL_STATE',
    who,
    `${key} must be one count from 0 to 2^53, as in { data: BigInt64Array.of(12n), shape: [] } or 12, got ${describe(values?.list.length === 1 ? values.list[0] : value)}`,
    'leave it out if it is unknown',
  )
}

function wholeOf(value: unknown): number {
  const digits = typeof value === 'string' && /^\d+$/.test(value)
  return typeof value === 'number' || typeof value === 'bigint' || digits ? Number(value) : Number.NaN
}
