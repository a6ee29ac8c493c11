import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openWriter } from '../../src/files/open.js'
import type { FloatArray } from '../../src/index.js'
import { apply } from '../../src/jobs/apply.js'
import { fit as runFit } from '../../src/jobs/fit.js'
import { standardize } from '../../src/jobs/operation.js'
import { readSaved } from '../../src/jobs/saved.js'
import { newFolder, numbers } from './files.js'

// One table in every format: three chunks, the last one short. The bits must be those of npy.

const folder = newFolder()
const FEATURES = 64
const ROWS = 40_000
const names = Array.from({ length: FEATURES }, (_, i) => `f${i}`)

async function write(name: string, data: FloatArray): Promise<string> {
  const path = join(folder, name)
  const type = data instanceof Float64Array ? 'float64' : 'float32'
  const writer = await openWriter(path, { type, rowShape: [FEATURES], rows: ROWS, names })
  await writer.write({ data, shape: [ROWS, FEATURES] })
  await writer.commit()
  return path
}

async function nodesOf(path: string): Promise<string> {
  const out = `${path}.json`
  await runFit({ inputs: [path], out })
  return JSON.stringify((await readSaved(out)).standardizer)
}

describe.each([
  ['float32', new Float32Array(FEATURES * ROWS), ['safetensors', 'arrow', 'parquet']],
  // CSV is read as float64.
  ['float64', new Float64Array(FEATURES * ROWS), ['safetensors', 'arrow', 'parquet', 'csv']],
] as const)('%s', (type, empty, formats) => {
  const data = numbers(empty as Float32Array, 5)
  it(`has the same statistics and results in ${formats.join(', ')} as in npy`, async () => {
    const npy = await write(`${type}.npy`, data)
    const expected = await nodesOf(npy)
    const operation = standardize(await readSaved(`${npy}.json`), false)
    const scaled = async (path: string, to: string) => {
      await apply({ inputs: [path], to: join(folder, to), operation, options: { format: 'npy' } })
      return readFileSync(join(folder, to, `${type}.npy`))
    }
    const result = await scaled(npy, `${type}-npy`)
    for (const format of formats) {
      const path = await write(`${type}.${format}`, data)
      expect(await nodesOf(path), format).toBe(expected)
      expect((await scaled(path, `${type}-${format}`)).equals(result), format).toBe(true)
    }
  })
})
