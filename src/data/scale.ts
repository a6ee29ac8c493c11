import { fail } from '../errors.js'
import { Moments, normalize } from '../moments.js'
import { checkChoice } from '../options.js'
import {
  checkLength,
  DTYPES,
  type DType,
  dtypeOf,
  type FloatArray,
  formatShape,
  lengthOf,
  newArray,
  readTensor,
  sizeOf,
  type Tensor,
} from '../tensor.js'
import type { Geometry } from './geometry.js'

/** What is done to each feature: y = (x - mean) / sqrt(variance) + bias. [features] each. */
export interface Scale {
  readonly mean: Float64Array
  readonly variance: Float64Array
  /** 1 if the quotient is to be 0. */
  readonly zeroed: Uint8Array
  readonly bias: Float64Array | null
}

/** Norms add a number to each variance. This one changes no variance but 0. */
export const NO_EPS = Number.MIN_VALUE

/** Scales an input in the type of the result. */
export function scale(
  who: string,
  { data, shape }: Tensor,
  { samples, features, space }: Geometry,
  { mean, variance, zeroed, bias }: Scale,
  options: { readonly out?: Tensor | undefined; readonly dtype?: DType | undefined },
): Tensor {
  // Each option is read once, so that a getter cannot give another value after the checks.
  const { out: given, dtype: wanted } = options
  const out = given === undefined ? undefined : readTensor(who, given)
  // A getter could also transfer the input's buffer.
  checkLength(who, 'input', data, sizeOf(shape), formatShape(shape))
  const dtype = wanted ?? dtypeOf(out?.data ?? data)
  checkChoice(who, 'dtype', dtype, DTYPES)
  if (out !== undefined && dtypeOf(out.data) !== dtype)
    fail(
      'EVENKEEL_DTYPE',
      who,
      `out is ${dtypeOf(out.data)}, and dtype is ${dtype}`,
      'leave out one of the two',
    )
  if (out !== undefined && lengthOf(out.data) !== lengthOf(data))
    fail(
      'EVENKEEL_SHAPE',
      who,
      `out must have the input's shape ${formatShape(shape)}, got ${formatShape(out.shape)}`,
      'leave out for a new tensor',
    )
  const form = space === 1 ? [samples, features] : [samples, features, space]
  const by = new Moments({
    shape: { scope: 'channel', channels: features },
    count: new Float64Array(features).fill(1),
    mean,
    m2: variance,
  })
  // The wider type computes, and the result is rounded once.
  const type = dtypeOf(data) === 'float64' ? 'float64' : dtype
  const affine = (list: ArrayLike<number>, of: (value: number) => number) => {
    const array = newArray(type, features)
    for (let f = 0; f < features; f++) array[f] = of(list[f])
    return array
  }
  const { y } = normalize({ data: converted(data, type), shape: form }, by, {
    eps: NO_EPS,
    weight: zeroed.includes(1) ? affine(zeroed, (zero) => 1 - zero) : undefined,
    bias: bias === null ? undefined : affine(bias, Number),
    out: out === undefined || type !== dtype ? undefined : { data: out.data, shape: form },
  })
  if (type === dtype) return given ?? { data: y.data, shape }
  if (out === undefined) return { data: converted(y.data, dtype), shape }
  out.data.set(y.data)
  return given as Tensor
}

function converted(data: FloatArray, dtype: DType): FloatArray {
  if (dtypeOf(data) === dtype) return data
  const copy = newArray(dtype, lengthOf(data))
  copy.set(data)
  return copy
}
