import { type BenchCase, benchCase } from '../../bench/speed/cases.js'
import type { Machine } from '../../bench/speed/machine.js'
import { recordsOf } from '../../bench/speed/record.js'
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
}

/** Records of one LayerNorm [rows, 1024] forward with one thread. */
export function layerNormRecords(rows: number, timings: readonly Timing[]): BenchRecord[] {
  return recordsIn(benchCase('LayerNorm', 'plain', [rows, 1024], 'forward'), timings)
}

export function recordsIn(bench: BenchCase, timings: readonly Timing[], threads = 1): BenchRecord[] {
  return recordsOf(
    { bench, threads, disturbedRounds: 0 },
    timings.map(({ contender: name, times }) => ({
      contender: { name },
      variants: [''],
      times: times.map((time) => [time]),
    })),
  )
}

export function resultsOf(records: readonly BenchRecord[]): Results {
  return {
    format: FORMAT,
    date: '2026-01-01',
    complete: true,
    machine: MACHINE,
    repeatedRounds: 0,
    load: { before: { loadAverage: 0, busyCores: 0, spread: 0 }, after: null },
    versions: {},
    records,
    skipped: [],
  }
}
