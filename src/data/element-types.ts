import type { DType, FloatArray } from '../tensor.js'
import { fromFloat16, toFloat16 } from './float16.js'

/** The element types of files. */
export type ElementType =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'

/** How numbers of a type are stored, and what they are computed in. */
export interface Storage {
  readonly bytes: number
  /** The type that holds each number exactly. int64 and uint64 are rounded to float64. */
  readonly dtype: DType
  /** Its name in NumPy, without the byte order. */
  readonly npy: string | null
  readonly safetensors: string
  /** Writes the numbers of a buffer of this type into `out`. */
  read(buffer: ArrayBuffer, offset: number, out: FloatArray): void
}

type Numbers = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayLike<number | bigint>

function plain(
  View: Numbers & { readonly BYTES_PER_ELEMENT: number },
  dtype: DType,
  npy: string,
  safetensors: string,
): Storage {
  return {
    bytes: View.BYTES_PER_ELEMENT,
    dtype,
    npy,
    safetensors,
    read(buffer, offset, out) {
      out.set(new View(buffer, offset, out.length) as ArrayLike<number>)
    },
  }
}

function big(View: typeof BigInt64Array | typeof BigUint64Array, npy: string, safetensors: string): Storage {
  return {
    bytes: View.BYTES_PER_ELEMENT,
    dtype: 'float64',
    npy,
    safetensors,
    read(buffer, offset, out) {
      const numbers = new View(buffer, offset, out.length)
      for (let i = 0; i < out.length; i++) out[i] = Number(numbers[i])
    },
  }
}

const HALF_BYTES = 2
const HALF_BITS = 16

export const STORAGES: Readonly<Record<ElementType, Storage>> = {
  float32: plain(Float32Array, 'float32', 'f4', 'F32'),
  float64: plain(Float64Array, 'float64', 'f8', 'F64'),
  float16: {
    bytes: HALF_BYTES,
    dtype: 'float32',
    npy: 'f2',
    safetensors: 'F16',
    read: (buffer, offset, out) => fromFloat16(new Uint16Array(buffer, offset, out.length), out),
  },
  bfloat16: {
    bytes: HALF_BYTES,
    dtype: 'float32',
    npy: null,
    safetensors: 'BF16',
    // The upper half of a float32.
    read(buffer, offset, out) {
      const halves = new Uint16Array(buffer, offset, out.length)
      const words = new Uint32Array(halves.length)
      for (let i = 0; i < halves.length; i++) words[i] = halves[i] << HALF_BITS
      out.set(new Float32Array(words.buffer))
    },
  },
  int8: plain(Int8Array, 'float32', 'i1', 'I8'),
  uint8: plain(Uint8Array, 'float32', 'u1', 'U8'),
  int16: plain(Int16Array, 'float32', 'i2', 'I16'),
  uint16: plain(Uint16Array, 'float32', 'u2', 'U16'),
  int32: plain(Int32Array, 'float64', 'i4', 'I32'),
  uint32: plain(Uint32Array, 'float64', 'u4', 'U32'),
  int64: big(BigInt64Array, 'i8', 'I64'),
  uint64: big(BigUint64Array, 'u8', 'U64'),
  bool: plain(Uint8Array, 'float32', 'b1', 'BOOL'),
}

export const ELEMENT_TYPES = Object.keys(STORAGES) as ElementType[]

/** The types that results can be written in. */
export const RESULT_TYPES = ['float16', 'float32', 'float64'] as const
export type ResultType = (typeof RESULT_TYPES)[number]

/** The bytes of the numbers, as `type`. A view if they are of this type already. */
export function bytesOf(numbers: FloatArray, type: ResultType): Uint8Array {
  const array = type === 'float16' ? halvesOf(numbers) : numbers
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function halvesOf(numbers: FloatArray): Uint16Array {
  const halves = new Uint16Array(numbers.length)
  toFloat16(numbers, halves)
  return halves
}
