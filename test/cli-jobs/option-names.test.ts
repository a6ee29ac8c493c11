import { expect, it } from 'vitest'
import { forCommandLine } from '../../src/cli/option-names.js'

it.each([
  ['x: there is no plan; begin anew, with restart.', 'x: there is no plan; begin anew, with --restart.'],
  [
    'merge: shard 1 of 3 is missing; fit what is missing, as by shard: { index: 1, count: 3 }, and more.',
    'merge: shard 1 of 3 is missing; fit what is missing, as by --shard 1/3, and more.',
  ],
  ['m: the option inputFormat was not given', 'm: the option --input-format was not given'],
  [
    "m: the option dtype was 'float16', and is not given",
    "m: the option --dtype was 'float16', and is not given",
  ],
  ["m: the option statistics was 'ab'", "m: the option statistics was 'ab'"],
  [
    'x.npy: npy has no columns to choose from; leave out columns.',
    'x.npy: npy has no columns to choose from; leave out --columns.',
  ],
  [
    'a: no dimension; give axis from 1 to 2, or null for one feature.',
    'a: no dimension; give --axis from 1 to 2, or none for one feature.',
  ],
  ['run--myData.npy: this is no npy file', 'run--myData.npy: this is no npy file'],
  ['leave out columns.npy: it is a folder', 'leave out columns.npy: it is a folder'],
])('%s', (message, wanted) => {
  expect(forCommandLine(message)).toBe(wanted)
})
