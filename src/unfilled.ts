import { currentExecutor } from './backend/select.js'
import { type DType, type FloatArray, newArray } from './tensor.js'

/**
 * The class Buffer of Node, Bun or Deno. It is looked up once. Null in browsers. Null also in a realm whose
 * ArrayBuffer is not the one that Buffer uses (a vm context): there, a result would not be an instance of the
 * caller's classes.
 */
const buffers = findBuffers()

function findBuffers(): typeof Buffer | null {
  try {
    return globalThis.Buffer.allocUnsafeSlow(1).buffer instanceof ArrayBuffer ? globalThis.Buffer : null
  } catch {
    return null
  }
}

/**
 * The smallest size, in bytes, for which a Buffer is faster. For a smaller array, the call costs more than the zeroes
 * that V8 writes.
 */
const UNFILLED_BYTES = 16 * 1024

const ELEMENT_BYTES: Readonly<Record<DType, number>> = { float32: 4, float64: 8 }

/**
 * A new array with its own memory, whose elements have arbitrary values. It is only for results: the pass overwrites
 * all elements, and the caller gets the array only after that. `new Float32Array` writes zeroes, which takes longer
 * than most passes.
 */
export function unfilledArray(dtype: DType, length: number): FloatArray {
  const array = fromBuffer(dtype, length) ?? newArray(dtype, length)
  currentExecutor().adviseHugePages(array)
  return array
}

/**
 * Buffer.allocUnsafeSlow() gets memory from the JavaScript engine's own allocator and not from Node's shared pool. So
 * the result is not an external buffer (Electron would refuse that). It is aligned like any ArrayBuffer and can be
 * transferred like any. Null if a Buffer would be slower, if there is no Buffer, or if the array is too long for one.
 */
function fromBuffer(dtype: DType, length: number): FloatArray | null {
  const bytes = length * ELEMENT_BYTES[dtype]
  if (buffers === null || bytes < UNFILLED_BYTES) return null
  try {
    const { buffer } = buffers.allocUnsafeSlow(bytes)
    // The array must be a view of the whole buffer. If another runtime returns anything else, it is not used.
    if (buffer.byteLength !== bytes) return null
    return dtype === 'float64' ? new Float64Array(buffer) : new Float32Array(buffer)
  } catch {
    // There may be no memory. Then the ordinary allocation, which follows, throws the error.
    return null
  }
}
