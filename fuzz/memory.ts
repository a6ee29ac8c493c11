import type { Plan } from '../src/engine/plan.js'
import type { DType, FloatArray } from '../src/index.js'
import { Random } from '../src/selftest/random.js'
import { lengthOf } from '../src/tensor.js'
import { type Resizable, resizable } from '../test/memory/ways.js'
import { CONDITIONS, type Fill, normal } from '../test/support/conditions.js'
import { firstDifference } from '../test/support/run.js'
import type { DataSpec } from './scenario.js'

// The memory that a scenario knows: arrays of the caller, with guards around them, and arrays of the library. Everything
// is compared byte by byte with what it was before a call. A call changes few arrays: the others are not copied.

/** What arrays are filled with: ordinary numbers, then those of the case table. */
export const FILLS: readonly Fill[] = [
  normal,
  ...new Set(CONDITIONS.flatMap(({ x, dy }) => [x, dy]).filter((fill) => fill !== normal)),
]

/** Elements of NaN before and after each array: a read outside shows in the result, a write is found. */
const GUARD = 16

type ArrayType = { BYTES_PER_ELEMENT: number } & (new (
  buffer: ArrayBufferLike,
  offset?: number,
  length?: number,
) => FloatArray)

export function typeOf(dtype: DType): ArrayType {
  return (dtype === 'float64' ? Float64Array : Float32Array) as unknown as ArrayType
}

interface Block {
  readonly name: string
  readonly buffer: ArrayBufferLike
  readonly dtype: DType
  /** A copy of its bytes, as they were when they were last compared. */
  known: Uint8Array
}

/** An array that a call may write. */
type Written = FloatArray | null | undefined

export class Memory {
  readonly #blocks: Block[] = []
  readonly #byBuffer = new Map<ArrayBufferLike, Block>()
  /** The blocks that are new or have changed since they were last compared with the other side's. */
  readonly #fresh = new Set<number>()

  /** A new array, filled as the spec says. `channels`: for fills that differ by channel. */
  make(name: string, spec: DataSpec, dtype: DType, length: number, channels = 1): FloatArray {
    const Type = typeOf(dtype)
    const from = GUARD + spec.offset
    const buffer = newBuffer(spec, (from + length + GUARD) * Type.BYTES_PER_ELEMENT)
    new Type(buffer).fill(Number.NaN)
    const array = new Type(buffer, from * Type.BYTES_PER_ELEMENT, length)
    fill(array, spec, dtype, channels)
    this.#add(name, buffer, dtype)
    return array
  }

  /** Watches an array that the library made, unless its memory is known already. */
  watch(name: string, array: FloatArray | null): void {
    if (array === null || this.#byBuffer.has(array.buffer)) return
    this.#add(name, array.buffer, array instanceof Float64Array ? 'float64' : 'float32')
  }

  /** Makes another buffer known as one of the same memory. */
  alias(array: FloatArray, original: FloatArray): void {
    const block = this.#byBuffer.get(original.buffer)
    if (block !== undefined) this.#byBuffer.set(array.buffer, block)
  }

  /** Takes what all arrays hold now as known. */
  accept(): void {
    for (const [i, block] of this.#blocks.entries()) {
      const now = bytesOf(block.buffer)
      if (Buffer.compare(block.known, now) !== 0) this.#take(i, now)
    }
  }

  /** What has changed outside of the arrays that were to be written. Null if nothing has. */
  changed(written: readonly Written[]): string | null {
    for (const array of written) if (array) this.#acceptArray(array)
    for (const { name, buffer, known } of this.#blocks) {
      const now = bytesOf(buffer)
      if (Buffer.compare(known, now) !== 0) return `${name} (${place(known, now)})`
    }
    return null
  }

  /**
   * The first difference from the memory of the same scenario on another backend. NaNs are equal to one another. What is
   * known of both must be what they hold.
   */
  difference(other: Memory): string | null {
    if (this.#blocks.length !== other.#blocks.length)
      return `${this.#blocks.length} instead of ${other.#blocks.length} arrays are known`
    const fresh = new Set([...this.#fresh, ...other.#fresh])
    this.#fresh.clear()
    other.#fresh.clear()
    for (const i of fresh) {
      const { name, buffer, dtype, known } = this.#blocks[i]
      const expected = other.#blocks[i]
      if (Buffer.compare(known, expected.known) === 0) continue
      const found = firstDifference(floats(buffer, dtype), floats(expected.buffer, dtype))
      if (found) return `${name}${found}`
    }
    return null
  }

  #acceptArray(array: FloatArray): void {
    const block = this.#byBuffer.get(array.buffer)
    if (block === undefined) return
    const i = this.#blocks.indexOf(block)
    const now = bytesOf(block.buffer)
    const [from, to] = [array.byteOffset, array.byteOffset + array.byteLength]
    // It may have lost its memory, as it was to.
    if (now.length === 0) this.#take(i, now)
    else block.known.set(now.subarray(from, to), from)
    this.#fresh.add(i)
  }

  #take(i: number, now: Uint8Array): void {
    this.#blocks[i].known = now.slice()
    this.#fresh.add(i)
  }

  #add(name: string, buffer: ArrayBufferLike, dtype: DType): void {
    const block = { name, buffer, dtype, known: bytesOf(buffer).slice() }
    this.#fresh.add(this.#blocks.length)
    this.#byBuffer.set(buffer, block)
    this.#blocks.push(block)
  }
}

/** Writes the numbers of a spec into an array. */
export function fill(array: FloatArray, { fill, seed }: DataSpec, dtype: DType, channels = 1): void {
  const plan = { size: array.length, channels: Math.max(channels, 1), dtype } as Plan
  const value = FILLS[fill % FILLS.length](new Random(seed), plan)
  for (let i = 0; i < array.length; i++) array[i] = value(i)
}

/** Takes away an array's memory: by a transfer, or by a resize. False if its memory is shared, and stays. */
export function lose(array: FloatArray): boolean {
  const { buffer } = array
  if (buffer instanceof SharedArrayBuffer) return false
  if ((buffer as Resizable & { resizable?: boolean }).resizable) (buffer as Resizable).resize(0)
  else structuredClone(null, { transfer: [buffer as ArrayBuffer] })
  return true
}

// Lengths are read by lengthOf: in code that V8 has optimized for resizable buffers, array.length keeps its old value
// after a transfer.

/** Another array over the same memory. Of a shared buffer, it is a clone of the buffer. */
export function cloneOf(array: FloatArray): FloatArray {
  const { buffer, byteOffset } = array
  const Type = array.constructor as ArrayType
  return new Type(
    buffer instanceof SharedArrayBuffer ? structuredClone(buffer) : buffer,
    byteOffset,
    lengthOf(array),
  )
}

/** The array, some elements further on in its buffer, or nearer to the start if there is no room. */
export function shifted(array: FloatArray, by: number): FloatArray {
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = array
  const length = lengthOf(array)
  const Type = array.constructor as ArrayType
  const moved = byteOffset + by * BYTES_PER_ELEMENT
  const fits = moved + length * BYTES_PER_ELEMENT <= buffer.byteLength
  return new Type(buffer, fits ? moved : byteOffset, fits ? length : Math.max(length - by, 0))
}

function newBuffer({ source }: DataSpec, bytes: number): ArrayBufferLike {
  if (source === 'shared') return new SharedArrayBuffer(bytes)
  if (source === 'resizable') return resizable(bytes, 2 * bytes)
  if (source === 'growable') {
    const Growable = SharedArrayBuffer as unknown as new (bytes: number, options: object) => SharedArrayBuffer
    return new Growable(bytes, { maxByteLength: 2 * bytes })
  }
  return new ArrayBuffer(bytes)
}

/** No bytes of a buffer that was transferred. */
function bytesOf(buffer: ArrayBufferLike): Uint8Array {
  return buffer.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(buffer)
}

function floats(buffer: ArrayBufferLike, dtype: DType): FloatArray {
  return new (typeOf(dtype))(buffer.byteLength === 0 ? new ArrayBuffer(0) : buffer)
}

function place(before: Uint8Array, now: Uint8Array): string {
  if (before.length !== now.length) return `${now.length} instead of ${before.length} bytes`
  return `byte ${before.findIndex((byte, i) => byte !== now[i])} of ${before.length}`
}
