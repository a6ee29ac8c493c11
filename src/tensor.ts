import { describe, fail } from './errors.js'

/** The element types that evenkeel computes in. */
export type FloatArray = Float32Array | Float64Array
export type DType = 'float32' | 'float64'

/** The array of an element type. */
export type ArrayOf<Type> = Type extends 'float64' ? Float64Array : Float32Array

export const DTYPES: readonly DType[] = ['float32', 'float64']

/** Data and shape. The elements are row-major and contiguous. Any object of this form is accepted. It is not copied. */
export interface Tensor<T extends FloatArray = FloatArray> {
  readonly data: T
  readonly shape: readonly number[]
}

/**
 * Makes a tensor of `data` and `shape`. The data are not copied.
 * @throws EvenkeelError if the data are not a float array, or if their length is not the product of the shape.
 */
export function tensor<T extends FloatArray>(data: T, shape: readonly number[]): Tensor<T> {
  if (!isFloatArray(data)) {
    const problem = `data must be a Float32Array or Float64Array, got ${describe(data)}`
    const swapped = isFloatArray(shape) ? 'give the data first, then the shape' : null
    const remedy = swapped ?? floatsFrom(data) ?? 'give numbers, as in Float32Array.of(1, 2)'
    fail('EVENKEEL_DTYPE', 'tensor', problem, remedy)
  }
  checkTensor('tensor', { data, shape }, 'data')
  return { data, shape: [...shape] }
}

/** The number of elements of a shape. The shape `[]` of a scalar has 1 element. */
export function sizeOf(shape: readonly number[]): number {
  // A shape with an extent of 0 can also have huge extents, whose product is Infinity. Infinity times 0 would be NaN.
  return shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1)
}

/**
 * The JavaScript engine's own getter of typed arrays, for arrays of any realm. A property or subclass of the user's
 * cannot replace it.
 */
export function arrayGetter<Value>(name: string | symbol): (array: unknown) => Value {
  const typedArray = Object.getPrototypeOf(Float32Array.prototype)
  return Function.prototype.call.bind(Object.getOwnPropertyDescriptor(typedArray, name)?.get as () => Value)
}

/**
 * The name of the class of a typed array, such as 'BigInt64Array'. The array can be of any realm (of a vm context, as
 * in Jest, or of an iframe). Undefined for any other value.
 */
export const typedArrayKind = arrayGetter<string | undefined>(Symbol.toStringTag)

/**
 * The length of a typed array. 0 if its buffer was transferred. All checks use this function and not `array.length`:
 * in code that V8 has optimized for resizable buffers (Node 20 and 22), `array.length` keeps its old value after a
 * transfer.
 */
export const lengthOf = arrayGetter<number>('length')

/** The element type of a float array of any realm. Null for any other value. */
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

/** A new array of zeroes. Throws if the JavaScript engine cannot allocate so many elements. */
export function newArray(dtype: DType, length: number): FloatArray {
  try {
    return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length)
  } catch {
    return fail(
      'EVENKEEL_BACKEND',
      'evenkeel',
      `there is no memory for ${length} elements of ${dtype}`,
      'free some, or give a smaller shape',
    )
  }
}

export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

/**
 * The fields of a value that should be a tensor. Each is read only once, so that a getter cannot return another value
 * later.
 */
export interface Fields {
  readonly data: unknown
  readonly shape: unknown
  /** Whether the value declares the order of its elements (see checkRowMajor). */
  readonly ordered: boolean
}

export function fieldsOf(value: unknown): Fields {
  const { data, shape, stride, strides, offset, order, fortranOrder } = (value ?? {}) as Record<
    string,
    unknown
  >
  const ordered = !(
    stride === undefined &&
    strides === undefined &&
    offset === undefined &&
    order === undefined &&
    fortranOrder === undefined
  )
  return { data, shape, ordered }
}

/**
 * A copy of a tensor's data reference and shape, for a call that runs later. So later changes of the object's
 * properties have no effect. A value that is not a tensor is returned unchanged, and a later check refuses it.
 */
export function asItIs<T>(value: T): T {
  const { data, shape, stride, strides, offset, order, fortranOrder } = (value ?? {}) as Partial<Tensor> &
    Declared
  if (!isFloatArray(data) || !Array.isArray(shape)) return value
  return { data, shape: shape.slice(), stride, strides, offset, order, fortranOrder } as T
}

/** The data of a tensor and a copy of its shape. Throws if `value` is not a tensor. */
export function readTensor<T extends FloatArray>(
  who: string,
  value: unknown,
  { data, shape, ordered }: Fields = fieldsOf(value),
): Tensor<T> {
  const read = { data, shape: Array.isArray(shape) ? shape.slice() : shape, ordered }
  checkTensor(who, value, 'input', read)
  return { data: data as T, shape: read.shape as number[] }
}

/**
 * Throws if `value` is not a tensor. The data of a tensor are a float array with as many elements as its shape, in
 * row-major order.
 */
export function checkTensor(
  who: string,
  value: unknown,
  name = 'input',
  { data, shape, ordered }: Fields = fieldsOf(value),
): asserts value is Tensor {
  if (!isFloatArray(data)) refuseData(who, name, value, data)
  if (
    !Array.isArray(shape) ||
    !Array.from(shape).every((extent) => Number.isSafeInteger(extent) && extent >= 0)
  ) {
    fail(
      'EVENKEEL_SHAPE',
      who,
      `${name}'s shape must be an array of whole numbers from 0 up, got ${describe(shape)}`,
      Array.isArray((value as { dims?: unknown }).dims)
        ? 'pass its dims as the shape: tensor(t.data, t.dims)'
        : 'give each extent, as in [32, 64, 56, 56]',
    )
  }
  checkLength(who, name, data, sizeOf(shape), formatShape(shape))
  if (ordered) checkRowMajor(who, name, value as Declared, shape)
}

/** Throws if `data` does not have exactly `expected` elements, or if its buffer was transferred. */
export function checkLength(
  who: string,
  name: string,
  data: FloatArray,
  expected: number,
  shape: string,
): void {
  const length = lengthOf(data)
  if (length === expected) return
  const detached = length === 0 && data.buffer.byteLength === 0
  const fitting = length > expected ? `pass data.subarray(0, ${expected})` : `give all ${expected} elements`
  fail(
    'EVENKEEL_BUFFER',
    who,
    `${name} of shape ${shape} needs ${expected} elements, got ${detached ? 'a detached or empty array' : length}`,
    detached
      ? 'pass an array whose buffer was not transferred, and that no workspace with check: true took back'
      : `${fitting}, or correct the shape`,
  )
}

function refuseData(who: string, name: string, value: unknown, data: unknown): never {
  const given = data === undefined || isForeign(value) ? value : data
  const came = isFloatArray(given) ? 'a bare array' : describe(given)
  const wrap = 'pass tensor(data, shape)'
  const convert = name === 'out' ? null : floatsFrom(given)
  fail(
    'EVENKEEL_DTYPE',
    who,
    `${name} must be { data: Float32Array or Float64Array, shape }, got ${came}`,
    convert === null ? wrap : `${convert}, and ${wrap}`,
  )
}

/** Whether the value is a tensor of TensorFlow.js. Its `data` is a function. */
function isForeign(value: unknown): boolean {
  return typeof (value as { dataSync?: unknown } | null | undefined)?.dataSync === 'function'
}

/**
 * The code, for an error message, that copies the numbers of `given` into a float array. Null if `given` has no
 * numbers.
 */
function floatsFrom(given: unknown): string | null {
  const kind = typedArrayKind(given)
  if (isFloatArray(given)) return null
  if (kind?.startsWith('Big')) return 'convert it: Float32Array.from(data, Number)'
  if (kind === 'Uint8Array') {
    return 'convert its numbers: Float32Array.from(data), or its bytes, where they are of floats: new Float32Array(Uint8Array.from(data).buffer)'
  }
  if (kind !== undefined) return 'convert it: Float32Array.from(data)'
  if (isForeign(given)) return 'copy its values: t.dataSync(), or await t.data()'
  if (isFloatArray((given as Tensor | null | undefined)?.data)) return 'it is a tensor: pass its data'
  if (Array.isArray(given)) {
    return `convert it: Float32Array.from(data${given.some(Array.isArray) ? '.flat(Infinity)' : ''})`
  }
  return Object.prototype.toString.call(given) === '[object ArrayBuffer]'
    ? 'view it: new Float32Array(buffer)'
    : null
}

/**
 * The fields with which arrays of other libraries (ndarray, stdlib, npyjs) declare the order of their elements:
 * strides and offset.
 */
interface Declared {
  readonly stride?: unknown
  readonly strides?: unknown
  readonly offset?: unknown
  readonly order?: unknown
  readonly fortranOrder?: unknown
}

/** The strides of a contiguous row-major array: for each dimension, the distance from one element to the next. */
function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)))
}

/**
 * Throws if a tensor declares that its elements are not contiguous in row-major order (the last dimension varies
 * fastest).
 */
function checkRowMajor(who: string, name: string, declared: Declared, shape: readonly number[]): void {
  const { stride, strides = stride, offset, order, fortranOrder } = declared
  const usual = rowMajorStrides(shape)
  const walks = (steps: ArrayLike<unknown>) =>
    // The stride of a dimension with one element does not matter. Some libraries leave out the last stride, which is 1.
    shape.every((extent, i) => extent <= 1 || (steps[i] ?? 1) === usual[i])
  const odd =
    fortranOrder === true
      ? 'fortranOrder: true'
      : order !== undefined && order !== 'row-major' && order !== 'C'
        ? `order: ${describe(order)}`
        : offset !== undefined && offset !== 0
          ? `offset: ${describe(offset)}`
          : strides !== undefined && !walks(strides as ArrayLike<unknown>)
            ? `strides ${describe(strides)}`
            : null
  if (odd === null) return
  fail(
    'EVENKEEL_SHAPE',
    who,
    `${name} must be row-major and contiguous, got ${odd} for shape ${formatShape(shape)}`,
    'copy it into row-major order (the last dimension fastest, no offset), and pass { data, shape } of the copy',
  )
}
