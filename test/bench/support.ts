import { benchCase } from '../../bench/speed/cases.js'
import type { Machine } from '../../bench/speed/machine.js'
import { recordOf } from '../../bench/speed/measure.js'
import { type BenchRecord, FORMAT, type Results } from '../../bench/speed/results.js'

// Records and results as a run makes them, with times that a test chooses.

export const MACHINE: Machine = {
  cpu: 'a test',
  cores: 2,
  memoryBytes: 2 ** 34,
  caches: { l2: 2 ** 19, l3: 2 ** 25 },
  platform: 'test',
  node: 'v20',
  compiler: 'none',
  commit: 'none',
}

export interface Timing {
  readonly contender: string
  readonly times: readonly number[]
  readonly threads?: number
}

/** Records of one LayerNorm [rows, 1024] forward, with ratios to the reference and shares of the limit among them. */
export function recordsOf(rows: number, timings: readonly Timing[]): BenchRecord[] {
  const bench = benchCase('LayerNorm', 'plain', [rows, 1024], 'forward')
  return timings.map(({ contender, times, threads = 1 }) => {
    const timesOf = (name: string) =>
      timings.find((each) => each.contender === name && (each.threads ?? 1) === threads)?.times
    return recordOf(bench, threads, { contender, variant: '', times }, timesOf('evenkeel'), timesOf('limit'))
  })
}

export function resultsOf(records: readonly BenchRecord[]): Results {
  return {
    format: FORMAT,
    date: '2026-01-01',
    complete: true,
    machine: MACHINE,
    disturbedRounds: 0,
    load: { before: { loadAverage: 0, busyCores: 0, spread: 0 }, after: null },
    versions: {},
    records,
    skipped: [],
  }
}
