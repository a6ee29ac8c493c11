import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { encodeNpyHeader } from '../../src/data/npy.js'
import { sizeOf } from '../../src/tensor.js'

// Files of numbers for the tests of jobs.

/** A folder for the files of one test file. It is gone when its tests are done. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-jobs-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  return folder
}

type Numbers = Float32Array | Float64Array | Uint8Array
const TYPES = { Float32Array: 'float32', Float64Array: 'float64', Uint8Array: 'uint8' } as const

/** Writes an npy file, and returns its path. */
export function writeNpy(path: string, shape: readonly number[], data: Numbers): string {
  const header = encodeNpyHeader(TYPES[data.constructor.name as keyof typeof TYPES], shape)
  writeFileSync(path, Buffer.concat([header, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]))
  return path
}

/** Numbers that differ, and are the same in each run. */
export function numbers<T extends Numbers>(data: T, seed: number): T {
  let state = seed
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = data instanceof Uint8Array ? state >>> 24 : state / 2 ** 30 - 2
  }
  return data
}

/** A row of so many elements is a chunk of its own. */
export const CHUNK_ROW = [8, 2 ** 17] as const

/** A file whose chunks have one row each, [rows, 8, 131072] of bytes, so that small files have many chunks. */
export function writeChunks(path: string, rows: number, seed: number): string {
  const shape = [rows, ...CHUNK_ROW]
  return writeNpy(path, shape, numbers(new Uint8Array(sizeOf(shape)), seed))
}

/** The names in a folder, hidden ones too. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort()
}
