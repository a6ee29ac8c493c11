import { appendFileSync, copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Standardizer } from '../../src/data/standardizer.js'
import { apply } from '../../src/jobs/apply.js'
import { normalizeRows, type Operation, standardize } from '../../src/jobs/operation.js'
import { newFolder, numbers, writeNpy } from './files.js'

// What --inverse takes: files that these statistics scaled, or of which nothing is known.

const folder = newFolder()
const at = (name: string) => join(folder, name)
const SHAPE = [40, 3]
const x = { data: numbers(new Float32Array(120), 1), shape: SHAPE }
writeNpy(at('x.npy'), SHAPE, x.data)

const fitted = (rows: number) => {
  const standardizer = new Standardizer()
  standardizer.partialFit({ data: x.data.subarray(0, rows * 3), shape: [rows, 3] })
  return { standardizer, names: null }
}
const [stats, others] = [fitted(40), fitted(20)]
const run = (input: string, to: string, operation: Operation) =>
  apply({ inputs: [at(input)], to: at(to), operation })

await run('x.npy', 'scaled', standardize(stats, false))
await run('x.npy', 'rows', normalizeRows('rms', -1, undefined))
await run('scaled/x.npy', 'back', standardize(stats, true))
mkdirSync(at('copies'))
copyFileSync(at('rows/x.npy'), at('copies/x.npy'))
await run('x.npy', 'torn', standardize(stats, false))
await run('x.npy', 'replaced', normalizeRows('rms', -1, undefined))
writeNpy(at('replaced/x.npy'), [40, 3], new Float64Array(120))
symlinkSync(at('scaled/x.npy'), at('link.npy'))
appendFileSync(at('torn/evenkeel-manifest.jsonl'), 'no JSON\n')

it.each([
  ['what the statistics scaled', 'scaled/x.npy'],
  ['what no manifest names', 'copies/x.npy'],
  ['what a damaged manifest names', 'torn/x.npy'],
  ['what somebody put in the place of an output', 'replaced/x.npy'],
])('takes %s', async (name, input) => {
  expect(await run(input, `undone ${name}`, standardize(stats, true))).toMatchObject({ files: 1, rows: 40 })
})

it.each([
  [
    'what a norm wrote',
    'rows/x.npy',
    stats,
    /rows\/x\.npy: .* the norm 'rms' wrote it, which this would not/,
  ],
  ['what other statistics scaled', 'scaled/x.npy', others, /scaled\/x\.npy: .* other statistics scaled it/],
  ['a link to it', 'link.npy', others, /link\.npy: .* other statistics scaled it/],
  ['what was scaled back', 'back/x.npy', stats, /back\/x\.npy: .* it was scaled back already/],
])('refuses %s, before it makes a folder', async (_, input, saved, message) => {
  await expect(run(input, 'refused', standardize(saved, true))).rejects.toMatchObject({
    code: 'EVENKEEL_FILE',
    message: expect.stringMatching(message),
  })
  expect(existsSync(at('refused'))).toBe(false)
})
