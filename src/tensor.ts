import { describe, fail } from './errors.js'

/** The element types that evenkeel computes in. */
export type FloatArray = Float32Array | Float64Array
export type DType = 'float32' | 'float64'

export const DTYPES: readonly DType[] = ['float32', 'float64']

/** Data and shape, row-major and contiguous. Any object of this form is accepted; nothing is copied. */
export interface Tensor<T extends FloatArray = FloatArray> {
  readonly data: T
  readonly shape: readonly number[]
}

/**
 * A view of `data` under `shape`; no copy is made.
 * @throws EvenkeelError where the data is no float array, or its length is not the shape's product.
 */
export function tensor<T extends FloatArray>(data: T, shape: readonly number[]): Tensor<T> {
  checkTensor('tensor', { data, shape })
  return { data, shape: [...shape] }
}

/** The number of elements of a shape; 1 for a scalar's `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/**
 * The class of a typed array of any realm (a vm context's, as in Jest, or an iframe's), such as 'BigInt64Array';
 * undefined for any other value. It is the engine's own getter, so that no other object passes for an array.
 */
export const typedArrayKind: (value: unknown) => string | undefined = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Float32Array.prototype), Symbol.toStringTag)
    ?.get as () => string | undefined,
)

/** The element type of a float array of any realm; null for any other value. */
export function dtypeOfArray(value: unknown): DType | null {
  const kind = typedArrayKind(value)
  if (kind === 'Float32Array') return 'float32'
  return kind === 'Float64Array' ? 'float64' : null
}

export function isFloatArray(value: unknown): value is FloatArray {
  return dtypeOfArray(value) !== null
}

export function dtypeOf(data: FloatArray): DType {
  return dtypeOfArray(data) === 'float64' ? 'float64' : 'float32'
}

export function newArray(dtype: DType, length: number): FloatArray {
  return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length)
}

export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

/** Throws unless `value` is a tensor: a float array of as many elements as its shape says. */
export function checkTensor(who: string, value: unknown, name = 'input'): asserts value is Tensor {
  const { data, shape } = (value ?? {}) as Partial<Tensor>
  if (!isFloatArray(data)) {
    const came = isFloatArray(value) ? 'a bare array' : describe(data === undefined ? value : data)
    fail(
      'EVENKEEL_DTYPE',
      who,
      `${name} must be { data: Float32Array or Float64Array, shape }, got ${came}`,
      'wrap the data: tensor(data, shape)',
    )
  }
  if (
    !Array.isArray(shape) ||
    !Array.from(shape).every((extent) => Number.isSafeInteger(extent) && extent >= 0)
  ) {
    fail(
      'EVENKEEL_SHAPE',
      who,
      `${name}'s shape must be an array of whole numbers from 0 up, got ${describe(shape)}`,
      'give each extent, as in [32, 64, 56, 56]',
    )
  }
  checkLength(who, name, data, sizeOf(shape), formatShape(shape))
}

/** Throws unless `data` holds exactly `expected` elements and is attached to its buffer. */
function checkLength(who: string, name: string, data: FloatArray, expected: number, shape: string): void {
  if (data.length === expected) return
  const detached = data.length === 0 && data.buffer.byteLength === 0
  fail(
    'EVENKEEL_BUFFER',
    who,
    `${name} of shape ${shape} needs ${expected} elements, got ${detached ? 'a detached or empty array' : data.length}`,
    detached
      ? 'pass an array whose buffer was not transferred'
      : 'pass data.subarray(...) of that length, or mend the shape',
  )
}
