import { currentExecutor } from './backend/select.js'
import { type DType, type FloatArray, newArray } from './tensor.js'

/**
 * Node's Buffer, or Bun's or Deno's, found once; null in browsers, and in a realm whose ArrayBuffer is another than
 * Buffer's (a vm context), where a result would be an instance of no class that its caller knows.
 */
const buffers = findBuffers()

function findBuffers(): typeof Buffer | null {
  try {
    return globalThis.Buffer.allocUnsafeSlow(1).buffer instanceof ArrayBuffer ? globalThis.Buffer : null
  } catch {
    return null
  }
}

/** From how many bytes on a Buffer costs less: V8's zeroes for a smaller array cost less than the call. */
const UNFILLED_BYTES = 16 * 1024

const ELEMENT_BYTES: Readonly<Record<DType, number>> = { float32: 4, float64: 8 }

/**
 * An array of its own memory that holds anything: for results that a pass overwrites wholly, and that a caller gets only
 * then. The zeroes of `new Float32Array` cost more than most passes do.
 */
export function unfilledArray(dtype: DType, length: number): FloatArray {
  const array = fromBuffer(dtype, length) ?? newArray(dtype, length)
  currentExecutor().adviseHugePages(array)
  return array
}

/**
 * Buffer.allocUnsafeSlow() takes memory from the engine's own allocator, apart from Node's shared pool: no external
 * buffer, which Electron would refuse, aligned as any ArrayBuffer, and to be transferred as any. Null where a Buffer costs more,
 * where there is none, and where it is too long for one.
 */
function fromBuffer(dtype: DType, length: number): FloatArray | null {
  const bytes = length * ELEMENT_BYTES[dtype]
  if (buffers === null || bytes < UNFILLED_BYTES) return null
  try {
    const { buffer } = buffers.allocUnsafeSlow(bytes)
    // A view of all of it, from its first byte on. What another runtime may give else is not taken.
    if (buffer.byteLength !== bytes) return null
    return dtype === 'float64' ? new Float64Array(buffer) : new Float32Array(buffer)
  } catch {
    // Without memory, too: the plain array tells.
    return null
  }
}
