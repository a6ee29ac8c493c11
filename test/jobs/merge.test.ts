import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fit as runFit } from '../../src/jobs/fit.js'
import type { FitSettings } from '../../src/jobs/fit-plan.js'
import { mergeParts } from '../../src/jobs/part.js'
import { newFolder, numbers, writeNpy } from './files.js'

// What merge refuses. Which bits it gives: fit.test.ts.

const folder = newFolder()
const at = (name: string) => join(folder, name)
mkdirSync(at('in'))
for (const [i, name] of ['a', 'b', 'c', 'd'].entries())
  writeNpy(at(`in/${name}.npy`), [10, 3], numbers(new Float32Array(30), i))

/** The parts of a fit of all files in a folder. */
async function partsOf(name: string, count: number, options: FitSettings = {}, inputs = at('in')) {
  const paths: string[] = []
  for (let index = 0; index < count; index++) {
    const job = { inputs: [join(inputs, '*.npy')], out: at(name), options, shard: { index, count } }
    paths.push((await runFit(job)).path)
  }
  return paths
}

const parts = await partsOf('s', 3)
const four = await partsOf('four', 4)
const other = await partsOf('other', 3, { preset: 'keras' })
const changed = at('changed.json')
writeFileSync(changed, readFileSync(parts[1], 'utf8').replace('"mean":[', '"mean":[1'))
const cutOff = at('cut.json')
writeFileSync(cutOff, readFileSync(parts[1], 'utf8').slice(0, 500))
const saved = at('saved.json')
await runFit({ inputs: [at('in/*.npy')], out: saved })
// The same files, but one was written again between two shards.
mkdirSync(at('later'))
for (const name of ['a', 'b', 'c'])
  writeNpy(at(`later/${name}.npy`), [10, 3], numbers(new Float32Array(30), 1))
const [early] = await partsOf('early', 2, {}, at('later'))
utimesSync(at('later/c.npy'), 1, 1)
const [, late] = await partsOf('late', 2, {}, at('later'))

it('takes all parts, in any order', async () => {
  const { standardizer } = await mergeParts([parts[2], parts[0], parts[1]])
  expect(standardizer.statistics.count[0]).toBe(40)
})

it.each<[string, readonly string[], RegExp]>([
  ['no parts', [], /merge: there are no parts; /],
  [
    'a missing part',
    [parts[0], parts[2]],
    /merge: shard 1 of 3 is missing; fit what is missing, as by shard: \{ index: 1, count: 3 \}, /,
  ],
  [
    'a part twice',
    [...parts, parts[1]],
    /s\.shard-1-of-3\.json: shard 1 of 3 is there twice, also in .*1-of-3/,
  ],
  ['a part of another number of shards', [parts[0], four[1]], /four.*: it is of another fit .* shard 1 of 4/],
  [
    'a part of other options',
    [parts[0], parts[1], other[2]],
    /other.*: it is of another fit than .*: the option preset was/,
  ],
  ['a part of changed inputs', [early, late], /late.*: the input .*c\.npy is another: it was changed /],
  [
    'a changed part',
    [parts[0], changed, parts[2]],
    /changed\.json: it was changed since it was written; fit this shard/,
  ],
  ['a part that is cut off', [parts[0], cutOff, parts[2]], /cut\.json: it is no JSON, or cut off/],
  ['what is no part', [saved], /saved\.json: it is no evenkeel\.part, but 'evenkeel\.Standardizer'; /],
  ['a file that is not there', [at('gone.json')], /gone\.json: there is no such file/],
])('refuses %s, and names it', async (_, paths, message) => {
  await expect(mergeParts(paths)).rejects.toThrow(message)
})

it('names a few of many missing shards', async () => {
  const job = { inputs: [at('in/*.npy')], out: at('many'), shard: { index: 0, count: 100 } }
  const { path } = await runFit(job)
  await expect(mergeParts([path])).rejects.toThrow(
    /99 of 100 shards are missing: 1, 2, 3, 4, 5, 6, 7, 8 and 91 more; /,
  )
})
