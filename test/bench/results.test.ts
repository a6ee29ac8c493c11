import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { benchCase } from '../../bench/speed/cases.js'
import { recordsOf } from '../../bench/speed/record.js'
import { checkWritable, joinResults, loadResults, saveResults } from '../../bench/speed/results.js'
import { layerNormRecords, resultsOf } from './support.js'

const directory = mkdtempSync(join(tmpdir(), 'evenkeel-results-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('records', () => {
  const [ours, theirs, limit] = layerNormRecords(16384, [
    { contender: 'evenkeel', times: [10e6, 12e6, 20e6] },
    { contender: 'pytorch', times: [30e6, 48e6, 40e6] },
    { contender: 'limit', times: [9e6, 8e6, 9e6] },
  ])

  it('hold medians, bytes and rates', () => {
    expect(ours).toMatchObject({ medianNs: 12e6, bytes: 2 * 16384 * 1024 * 4, rounds: 3, leastNs: 10e6 })
    expect(ours.gbPerSecond).toBeCloseTo((2 * 16384 * 1024 * 4) / 12e6, 12)
    expect(ours.shareOfLimit).toBe(0.75)
    expect(limit.shareOfLimit).toBe(1)
  })

  it('hold ratios of the same round: medians of 3, 4 and 2', () => {
    expect(theirs.ratio).toBe(3)
    expect(theirs.ratioQuartiles).toEqual([2.5, 3.5])
    expect(ours.ratio).toBe(1)
  })

  it('take the fastest kind of copy for the limit, and the rounds that both have for ratios', () => {
    const bench = benchCase('LayerNorm', 'plain', [8, 64], 'forward')
    const copies = [
      [9, 4],
      [9, 5],
      [1, 4],
    ]
    const [limit, slow] = recordsOf({ bench, threads: 2, disturbedRounds: 1 }, [
      { contender: { name: 'limit' }, variants: ['library', 'stream'], times: copies },
      { contender: { name: 'tfjs-cpu' }, variants: [''], times: [[90]] },
      { contender: { name: 'evenkeel' }, variants: [''], times: [[10], [20], [30]] },
    ])
    expect(limit).toMatchObject({ medianNs: 4, variant: 'stream', threads: 2, disturbedRounds: 1 })
    expect(slow).toMatchObject({ rounds: 1, ratio: 9 })
  })
})

describe('files', () => {
  const results = resultsOf(layerNormRecords(8, [{ contender: 'evenkeel', times: [1, 2, 3] }]))

  it('come back as they were written, and leave nothing beside them', () => {
    const path = join(directory, 'whole.json')
    saveResults(path, results)
    expect(loadResults(path)).toEqual(results)
    expect(readdirSync(directory)).toEqual(['whole.json'])
  })

  it('are refused where they are not there, no JSON, or of something else', () => {
    const path = join(directory, 'other.json')
    expect(() => loadResults(join(directory, 'none.json'))).toThrow(/cannot read .*none\.json.*--json FILE/)
    writeFileSync(path, '{"format":')
    expect(() => loadResults(path)).toThrow('cannot read')
    writeFileSync(path, '{"records":[]}')
    expect(() => loadResults(path)).toThrow('is no result of this benchmark')
  })

  it('are refused before a run where they cannot be written, and left alone where they can', () => {
    const path = join(directory, 'kept.json')
    writeFileSync(path, 'kept')
    checkWritable('--json', path)
    expect(readFileSync(path, 'utf8')).toBe('kept')
    expect(() => checkWritable('--json', join(directory, 'none', 'x.json'))).toThrow(/--json: cannot write/)
  })
})

it('joins runs: of a case that several have, the last counts', () => {
  const first = layerNormRecords(8, [{ contender: 'evenkeel', times: [5] }])
  const second = [
    ...layerNormRecords(8, [{ contender: 'evenkeel', times: [7] }]),
    ...layerNormRecords(9, [{ contender: 'evenkeel', times: [1] }]),
  ]
  const { records } = joinResults([resultsOf(first), resultsOf(second)])
  expect(records.map(({ medianNs }) => medianNs)).toEqual([7, 1])
})
