import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseShard, rangeOf, type Shard, shardOfEnvironment } from '../../src/jobs/shard.js'

const shard = (index: number, count: number): Shard => ({ index, count })

it.each([
  ['0/1', shard(0, 1)],
  ['2/8', shard(2, 8)],
  ['8/8', null],
  ['-1/8', null],
  ['1', null],
  ['1/0', null],
  ['1.5/8', null],
  ['1/99999999999999999999', null],
])('the shard %s', (text, expected) => {
  expect(parseShard(text)).toEqual(expected)
})

const SLURM = {
  SLURM_ARRAY_TASK_ID: '3',
  SLURM_ARRAY_TASK_MIN: '0',
  SLURM_ARRAY_TASK_MAX: '4',
  SLURM_ARRAY_TASK_STEP: '1',
}
const array = (least: string, most: string, id: string) => ({
  SLURM_ARRAY_TASK_MIN: least,
  SLURM_ARRAY_TASK_MAX: most,
  SLURM_ARRAY_TASK_ID: id,
})
const KUBERNETES = { JOB_COMPLETION_INDEX: '3', JOB_COMPLETIONS: '4' }

describe('the environment of a launcher', () => {
  it.each<[string, Record<string, string>, Shard | null]>([
    ['no launcher', {}, null],
    ['empty values', { JOB_COMPLETION_INDEX: '' }, null],
    ['a Slurm array', SLURM, shard(3, 5)],
    ['a Slurm array that tells its count', { ...SLURM, SLURM_ARRAY_TASK_COUNT: '5' }, shard(3, 5)],
    ['an Indexed Job', KUBERNETES, shard(3, 4)],
    ['Open MPI', { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '2' }, shard(0, 2)],
    ['MPICH', { PMI_RANK: '1', PMI_SIZE: '2' }, shard(1, 2)],
    ['a count without an index', { JOB_COMPLETIONS: '4' }, null],
  ])('%s', (_, environment, expected) => {
    expect(shardOfEnvironment(environment)).toEqual(expected)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'two launchers',
      { ...SLURM, ...KUBERNETES },
      /SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are set; give the/,
    ],
    [
      'an index alone',
      { JOB_COMPLETION_INDEX: '3' },
      /JOB_COMPLETION_INDEX is set, and JOB_COMPLETIONS is not; set it/,
    ],
    [
      'a Slurm task alone',
      { SLURM_ARRAY_TASK_ID: '3' },
      /_MIN, SLURM_ARRAY_TASK_MAX, SLURM_ARRAY_TASK_STEP are not/,
    ],
    [
      'an array with gaps',
      { ...SLURM, SLURM_ARRAY_TASK_COUNT: '3' },
      /SLURM_ARRAY_TASK_COUNT=3 do not name one of/,
    ],
    [
      'an array of one task',
      { ...SLURM, ...array('2', '2', '2') },
      /more than one; submit .* --array=0-3, or/,
    ],
    ['an array of the first task alone', { ...SLURM, ...array('0', '0', '0') }, /TASK_MAX=0, .* do not name/],
    ['an array of the last tasks', { ...SLURM, ...array('4', '7', '5') }, /all tasks from 0 on/],
    ['an array from 1 on', { ...SLURM, ...array('1', '4', '2') }, /all tasks from 0 on/],
    ['an array in steps', { ...SLURM, SLURM_ARRAY_TASK_STEP: '2' }, /SLURM_ARRAY_TASK_STEP=2 do not name/],
    ['a task beyond the array', { ...SLURM, SLURM_ARRAY_TASK_ID: '5' }, /SLURM_ARRAY_TASK_ID=5/],
    [
      'an index beyond the count',
      { ...KUBERNETES, JOB_COMPLETIONS: '3' },
      /INDEX=3, JOB_COMPLETIONS=3 do not name/,
    ],
    ['no number', { PMI_RANK: 'x', PMI_SIZE: '2' }, /PMI_RANK=x/],
  ])('%s: refused, and the remedy is named', (_, environment, message) => {
    expect(() => shardOfEnvironment(environment)).toThrow(message)
    expect(() => shardOfEnvironment(environment)).toThrow(
      /give the shard, as in \{ index: 0, count: 4 \}, or null for the whole job\.$/,
    )
  })
})

it('the ranges of all shards lie side by side, and have all units', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 50 }), (total, count) => {
      const ranges = Array.from({ length: count }, (_, i) => rangeOf(shard(i, count), total))
      expect(ranges[0].from).toBe(0)
      expect(ranges.at(-1)?.to).toBe(total)
      for (let i = 1; i < count; i++) expect(ranges[i].from).toBe(ranges[i - 1].to)
      const sizes = ranges.map(({ from, to }) => to - from)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
  expect(rangeOf(null, 5)).toEqual({ from: 0, to: 5 })
})
