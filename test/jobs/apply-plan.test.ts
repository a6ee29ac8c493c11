import { expect, it } from 'vitest'
import type { Format } from '../../src/files/reader.js'
import { nameOutputs } from '../../src/jobs/apply-plan.js'
import type { Input } from '../../src/jobs/inputs.js'

it.each<[string, Format | undefined, string]>([
  ['in/a.npy', undefined, 'a.npy'],
  ['in/a.b.npy', 'parquet', 'a.b.parquet'],
  ['in/a.feather', undefined, 'a.arrow'],
  ['in/a.csv.gz', undefined, 'a.csv'],
  ['in/a.TSV.GZ', undefined, 'a.csv'],
  ['in/a.csv.gz', 'npy', 'a.npy'],
  ['in/a', 'npy', 'a.npy'],
])('the output of %s, as %s, has the name %s', (path, format, name) => {
  const input: Input = { path, size: 1, modified: 1, header: null, rowShape: null, units: 1, isCut: false }
  expect([...nameOutputs([input], format).keys()]).toEqual([name])
})
