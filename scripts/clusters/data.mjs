import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chunkRowsOf } from '../../dist/esm/data/geometry.js'
import { encodeNpyHeader } from '../../dist/esm/data/npy.js'

const FEATURES = 8
/** So many chunks that a shard takes a second or more: time enough to be killed in the middle. */
const CHUNKS = 2400
const SMALL_ROWS = 100
const LARGE_CHUNKS = 5
/** Two files lie across the ends of shards: of three shards, and of four. */
const LARGE_AT = [CHUNKS / 3 - 2, CHUNKS / 2 - 2]

/** Writes many small files and two larger ones to `in/`. Their numbers drift, and are the same in each run. */
export function writeData(folder) {
  mkdirSync(join(folder, 'in'))
  let state = 1
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  for (let chunk = 0; chunk < CHUNKS; ) {
    const large = LARGE_AT.includes(chunk)
    const rows = large ? chunkRowsOf(FEATURES) * LARGE_CHUNKS : SMALL_ROWS
    const data = Float32Array.from({ length: rows * FEATURES }, (_, i) => next() + chunk * (i % FEATURES))
    const header = encodeNpyHeader('float32', [rows, FEATURES])
    const name = `${String(chunk).padStart(String(CHUNKS).length, '0')}.npy`
    writeFileSync(join(folder, 'in', name), Buffer.concat([header, new Uint8Array(data.buffer)]))
    chunk += large ? LARGE_CHUNKS : 1
  }
}
