import { Worker } from 'node:worker_threads'
import type { FloatArray } from '../../src/index.js'

// The ways in which an array loses its memory.

/** An array, and a function that takes its memory away. */
export interface Place {
  readonly array: FloatArray
  readonly lose: () => void
}

export interface Way {
  /** Whether the array lies in a resizable buffer, which asynchronous calls refuse. */
  readonly resizable?: true
  place(Type: ArrayType, length: number): Place
}

export type ArrayType = { BYTES_PER_ELEMENT: number } & (new (
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
) => FloatArray)

export type Resizable = ArrayBuffer & { resize(bytes: number): void }

export function resizable(bytes: number, most: number): Resizable {
  const Buffer = ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable
  return new Buffer(bytes, { maxByteLength: most })
}

interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): void
}
// The types of Node have WebAssembly's modules but not its memory.
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (size: object) => Memory } })
  .WebAssembly

/**
 * One memory for all arrays, because each takes gigabytes of address space. After each grow() it has another buffer.
 */
let memory: Memory | undefined
/** Receives messages and does nothing. */
let worker: Worker | undefined

export const WAYS: Readonly<Record<string, Way>> = {
  // This way is tested first. After a function has read a resizable array, V8 of Node 20 and 22 compiles `array.length`
  // in that function so that it misses the other ways. In this order the tests see that.
  'resized away': {
    resizable: true,
    place(Type, length) {
      const bytes = length * Type.BYTES_PER_ELEMENT
      const buffer = resizable(bytes, 2 * bytes)
      return { array: new Type(buffer, 0, length), lose: () => buffer.resize(bytes - 1) }
    },
  },
  transferred: {
    place(Type, length) {
      const buffer = new ArrayBuffer(length * Type.BYTES_PER_ELEMENT)
      return {
        array: new Type(buffer, 0, length),
        lose: () => structuredClone(buffer, { transfer: [buffer] }),
      }
    },
  },
  'sent to a worker': {
    place(Type, length) {
      worker ??= new Worker('require("node:worker_threads").parentPort.on("message", () => {})', {
        eval: true,
      })
      worker.unref()
      const buffer = new ArrayBuffer(length * Type.BYTES_PER_ELEMENT)
      return { array: new Type(buffer, 0, length), lose: () => worker?.postMessage(buffer, [buffer]) }
    },
  },
  'in WebAssembly memory that grew': {
    place(Type, length) {
      memory ??= new Memory({ initial: 1 })
      const { buffer, grow } = memory
      return { array: new Type(buffer, 0, length), lose: () => grow.call(memory, 0) }
    },
  },
}
