import { describe, expect, it } from 'vitest'
import { type BenchCase, benchCase } from '../../bench/speed/cases.js'
import type { BenchRecord, Verdict } from '../../bench/speed/results.js'
import { SUITES } from '../../bench/speed/suites.js'
import { formatSizes, formatTable } from '../../bench/speed/table.js'
import { formatTargets, judgeTargets } from '../../bench/speed/targets.js'
import { MACHINE, recordsIn } from './support.js'

// The summary: every target finds its rows among the suites, and each bound decides.

function verdictOf(title: string, records: readonly BenchRecord[]): Verdict {
  const verdicts = judgeTargets({ records, machine: MACHINE }).filter((each) => each.title.includes(title))
  expect(verdicts).toHaveLength(1)
  return verdicts[0]
}

/** evenkeel at 1 ms in one round, and others at so many. */
function times(
  bench: BenchCase,
  others: Readonly<Record<string, number>>,
  threads = 1,
  own = 1,
): BenchRecord[] {
  const timings = Object.entries({ evenkeel: own, ...others })
  return recordsIn(
    bench,
    timings.map(([contender, milliseconds]) => ({ contender, times: [milliseconds * 1e6] })),
    threads,
  )
}

const planes = benchCase('GroupNorm', 'channels-first', [32, 512, 7, 7], 'backward')
const columns = benchCase('GroupNorm', 'channels-last', [32, 7, 7, 512], 'backward')
const small = benchCase('BatchNorm', 'channels-last', [8, 4, 4, 64], 'forward')
const smallest = benchCase('BatchNorm', 'plain', [8, 64], 'forward')
const shortRows = benchCase('LayerNorm', 'plain', [6272, 96], 'backward')
const loop = benchCase('LayerNorm', 'plain', [8192, 1024], 'forward')
const network = benchCase('BatchNorm', 'plain', [1024, 512], 'forward')

it.each([
  ['small planes, 1 thread: PyTorch', times(planes, { 'pytorch-tcmalloc': 2.1 }), true],
  ['small planes, 1 thread: PyTorch', times(planes, { 'pytorch-tcmalloc': 1.9 }), false],
  ['channels first over', [...times(planes, {}, 1, 1.4), ...times(columns, {})], true],
  ['channels first over', [...times(planes, {}, 1, 1.6), ...times(columns, {})], false],
  ['up to 8,192 elements', times(small, { pytorch: 5.1 }), true],
  ['up to 8,192 elements', times(small, { pytorch: 4.9 }), false],
  ['microseconds', times(smallest, {}, 1, 0.0049), true],
  ['microseconds', times(smallest, {}, 1, 0.0051), false],
  ['short rows', times(shortRows, { 'pytorch-tcmalloc': 1.5 }), true],
  ['short rows', times(shortRows, { 'pytorch-tcmalloc': 1.4 }), false],
  ['a workspace takes', times(loop, { 'evenkeel-workspace': 1.4 }), true],
  ['a workspace takes', times(loop, { 'evenkeel-workspace': 1.6 }), false],
  ['new arrays', times(loop, { 'evenkeel-allocating': 2, 'baseline-allocating': 2.7 }), true],
  ['new arrays', times(loop, { 'evenkeel-allocating': 2, 'baseline-allocating': 2.5 }), false],
  ['1 thread takes, against 2', [...times(network, {}), ...times(network, {}, 2, 1.02)], true],
  ['1 thread takes, against 2', [...times(network, {}), ...times(network, {}, 2, 1.1)], false],
  ['2 threads: PyTorch takes', times(network, { pytorch: 1.01 }, 2), true],
  ['2 threads: PyTorch takes', times(network, { pytorch: 0.9 }, 2), false],
  ['the baseline takes', times(network, { baseline: 0.98 }), true],
  ['the baseline takes', times(network, { baseline: 0.96 }), false],
  ['32 MB and more: pytorch takes', times(loop, { pytorch: 5.01 }), true],
  ['32 MB and more: pytorch takes', times(loop, { pytorch: 4.9 }), false],
  ['against portable', times(network, { 'evenkeel-portable': 1, 'tfjs-cpu': 21 }), true],
  ['two passes', times(loop, { limit: 0.9 }), null],
  ['one pass', times(loop, { limit: 0.9 }), true],
  ['one pass', times(loop, { limit: 0.8 }), false],
] as const)('%s: decided by the number', (title, records, met) => {
  expect(verdictOf(title, records).met).toBe(met)
})

it('stays open where nothing was measured, and where the row is not one of the target', () => {
  expect(verdictOf('a workspace takes', times(loop, {}))).toMatchObject({ met: null, found: 'not measured' })
  expect(verdictOf('small planes, 1 thread: PyTorch', times(small, { 'pytorch-tcmalloc': 1 })).met).toBeNull()
  expect(
    verdictOf('small planes, 1 thread: PyTorch', times(planes, { 'pytorch-tcmalloc': 1 }, 2)).met,
  ).toBeNull()
})

it('names the rows that miss, the worst first; ~ where the quartiles reach the bound', () => {
  const timings = (baseline: readonly number[]) => [
    { contender: 'evenkeel', times: [1e6, 1e6, 1e6] },
    { contender: 'baseline', times: baseline.map((ms) => ms * 1e6) },
  ]
  const records = [
    ...recordsIn(network, timings([0.95, 0.95, 1.1])),
    ...recordsIn(planes, timings([0.5, 0.51, 0.52])),
    ...recordsIn(columns, timings([1, 1, 1])),
  ]
  const { missing, found } = verdictOf('the baseline takes', records)
  expect(missing).toEqual([`0.51 ${planes.name}, 1 thread`, `0.95 ~ ${network.name}, 1 thread`])
  expect(found).toContain(`worst 0.51 (${planes.name}, 1 thread)`)
  const text = formatTargets(judgeTargets({ records, machine: MACHINE }))
  expect(text).toContain('missed  every row: the baseline takes: 0.97 at least')
  expect(text).toContain(`\n        0.51 ${planes.name}`)
})

describe('of a run of all suites', () => {
  const records = Object.values(SUITES).flatMap(({ cases, threads, contenders }) =>
    cases.flatMap((bench) =>
      threads.flatMap((count) =>
        recordsIn(
          bench,
          [...contenders].map((contender) => ({ contender, times: [1e3] })),
          count,
        ),
      ),
    ),
  )

  it('every target is decided', () => {
    const verdicts = judgeTargets({ records, machine: MACHINE })
    expect(verdicts.filter(({ met }) => met === null)).toEqual([])
  })

  it('the targets have the rows of their table', () => {
    const rows = (title: string) => Number(/mean of (\d+)/.exec(verdictOf(title, records).found)![1])
    // 3 layers, 3 shapes, first and last, forward and backward.
    expect(rows('small planes, 1 thread: PyTorch')).toBe(36)
    expect(rows('channels first over')).toBe(18)
    // 4 layers, forward and backward.
    expect(rows('microseconds')).toBe(8)
    expect(rows('short rows')).toBe(2)
    // 2 layers, 5 sizes, forward and backward.
    expect(rows('new arrays')).toBe(20)
    expect(rows('2 threads: PyTorch takes')).toBe(2)
  })

  it('the table has a line per case and number of threads, a column per contender', () => {
    const lines = formatTable({ records }).split('\n')
    expect(lines).toHaveLength(2 + new Set(records.map(({ name, threads }) => name + threads)).size)
    expect(lines[0]).toContain('| baseline takes |')
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1)
  })
})

it('the table of sizes has means, least and most of the ratios', () => {
  const records = [
    ...times(loop, { pytorch: 2 }),
    ...times(network, { pytorch: 1 }),
    ...times(planes, { pytorch: 4 }),
  ]
  const text = formatSizes({ records, machine: MACHINE })
  expect(text).toMatch(/^\| within L2 +\| +\|$/m)
  expect(text).toMatch(/^\| L2 to 32 MB +\| 2\.00 \(1\.00 to 4\.00\) \|$/m)
  expect(text).toMatch(/^\| 32 MB and more \| 2\.00 \(2\.00 to 2\.00\) \|$/m)
})

it('the table shows ratios beside evenkeel, times where it is not there', () => {
  const text = formatTable({
    records: [
      ...times(planes, { baseline: 2.5, limit: 0.5 }),
      ...recordsIn(columns, [{ contender: 'baseline', times: [3e6] }]),
    ],
  })
  expect(text).toMatch(/GroupNorm channels-first.*\| +1\.00 ms \| +0\.50 \| +2\.50 \|/)
  expect(text).toMatch(/GroupNorm channels-last.*\| +\| +\| +3\.00 ms \|/)
})
