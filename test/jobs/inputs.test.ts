import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { expandPaths } from '../../src/jobs/inputs.js'
import { newFolder } from './files.js'

const folder = newFolder()
mkdirSync(join(folder, 'deep'))
const NAMES = ['b.npy', 'a.npy', 'a[1].npy', 'c.csv', '.hidden.npy', 'deep/d.npy', 'evenkeel-manifest.jsonl']
for (const name of NAMES) writeFileSync(join(folder, name), '')

it.each<[readonly string[], readonly string[]]>([
  [['*.npy'], ['a.npy', 'a[1].npy', 'b.npy']],
  [['a[1].npy'], ['a[1].npy']],
  [
    ['b.npy', '*.npy', 'b.npy'],
    ['a.npy', 'a[1].npy', 'b.npy'],
  ],
  [['**/*.npy'], ['a.npy', 'a[1].npy', 'b.npy', 'deep/d.npy']],
  [['*.{csv,npy}'], ['a.npy', 'a[1].npy', 'b.npy', 'c.csv']],
  [['*'], ['a.npy', 'a[1].npy', 'b.npy', 'c.csv']],
  [['gone.npy'], ['gone.npy']],
])('the files of %j', async (patterns, names) => {
  for (const root of [folder, relative('.', folder)]) {
    const found = await expandPaths(patterns.map((pattern) => join(root, pattern)))
    expect(found).toEqual(names.map((name) => join(root, name)))
  }
})

it('standard input is alone', async () => {
  expect(await expandPaths(['-'])).toEqual(['-'])
  await expect(expandPaths(['-', 'a.npy'])).rejects.toThrow(
    /standard input: it is not the only input; give '-' alone/,
  )
  await expect(expandPaths([join(folder, '*.parquet')])).rejects.toThrow(
    /no file has such a name; correct the pattern/,
  )
})
