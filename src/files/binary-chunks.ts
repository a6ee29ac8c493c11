import { type ElementType, STORAGES } from '../data/element-types.js'
import { fail } from '../errors.js'
import { type FloatArray, newArray, sizeOf, type Tensor } from '../tensor.js'
import type { ByteInput } from './byte-input.js'
import type { Format, Reader } from './reader.js'

/** Where numbers lie in a file, row-major. */
export interface BinaryTable {
  readonly type: ElementType
  readonly bigEndian: boolean
  /** [rows, ...]. */
  readonly shape: readonly number[]
  /** The first byte. */
  readonly begin: number
}

/** The reader of a table of numbers. `header` is what of the file's header tells one file from another. */
export function binaryReader(input: ByteInput, format: Format, table: BinaryTable, header: object): Reader {
  const { type, shape } = table
  return {
    path: input.path,
    format,
    rowShape: shape.slice(1),
    rows: shape[0],
    dtype: STORAGES[type].dtype,
    names: null,
    seekable: input.size !== null,
    header: JSON.stringify(header),
    chunks: (rows, from, to) => binaryChunks(input, table, rows, from, to),
    close: () => input.close(),
  }
}

/** The chunks of a table of numbers. See Reader.chunks(). */
async function* binaryChunks(
  input: ByteInput,
  { type, bigEndian, shape, begin }: BinaryTable,
  rows: number,
  from = 0,
  to = shape[0],
): AsyncGenerator<Tensor> {
  const { bytes: elementBytes, dtype } = STORAGES[type]
  const rowShape = shape.slice(1)
  const rowSize = sizeOf(rowShape)
  const rowBytes = rowSize * elementBytes
  const most = Math.min(rows, to - from)
  // A chunk is read while the caller works on the one before, so there are two buffers. A blocking read would only come
  // first, and has one, which stays in the caches.
  const readsAhead = !input.blocking
  const buffers = Array.from({ length: readsAhead ? 2 : 1 }, () => newBuffer(input.path, most * rowBytes))
  // Numbers of another type are converted, into one more array.
  const converted = type === dtype ? null : newArray(dtype, most * rowSize)
  const read = async (first: number, buffer: ArrayBuffer) => {
    const count = Math.min(rows, to - first)
    const bytes = new Uint8Array(buffer, 0, count * rowBytes)
    const got = await input.read(bytes, begin + first * rowBytes)
    if (got < bytes.length) refuseCutOff(input.path, first + Math.floor(got / rowBytes), shape[0])
    if (bigEndian) reverseBytes(bytes, elementBytes)
    return count
  }
  const tensorOf = (buffer: ArrayBuffer, count: number): Tensor => {
    const length = count * rowSize
    const data = converted?.subarray(0, length) ?? viewOf(dtype, buffer, length)
    if (converted !== null) STORAGES[type].read(buffer, 0, data)
    return { data, shape: [count, ...rowShape] }
  }
  let next: Promise<number> | null = null
  for (let first = from, i = 0; first < to; i++) {
    const buffer = buffers[i % buffers.length]
    const count: number = await (next ?? read(first, buffer))
    first += count
    next = readsAhead && first < to ? read(first, buffers[(i + 1) % buffers.length]) : null
    // If the caller stops here, nobody waits for this read, and its error is of no use.
    next?.catch(() => {})
    yield tensorOf(buffer, count)
  }
}

/** A header of a stream can promise rows of any size. The system gives memory only where something is written. */
function newBuffer(path: string, bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes)
  } catch {
    return fail(
      'EVENKEEL_FILE',
      path,
      `there is no memory for a chunk of ${bytes} bytes`,
      'write rows of fewer numbers',
    )
  }
}

function viewOf(dtype: string, buffer: ArrayBuffer, length: number): FloatArray {
  return dtype === 'float64' ? new Float64Array(buffer, 0, length) : new Float32Array(buffer, 0, length)
}

function refuseCutOff(path: string, row: number, rows: number): never {
  fail('EVENKEEL_FILE', path, `the file ends in row ${row} of ${rows}`, 'write it again; it was cut off')
}

/** Big-endian numbers become little-endian ones. */
function reverseBytes(bytes: Uint8Array, elementBytes: number): void {
  for (let at = 0; at < bytes.length; at += elementBytes) bytes.subarray(at, at + elementBytes).reverse()
}
