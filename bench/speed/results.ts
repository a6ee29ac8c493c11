import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fail } from '../../src/errors.js'
import type { BenchCase } from './cases.js'
import type { Load, Machine } from './machine.js'

// The JSON of a run: one record per operation, layer, layout, shape, threads and contender.

export interface BenchRecord {
  /** The case's name: layer, layout, shape and operation in one. */
  readonly name: string
  readonly op: BenchCase['op']
  readonly layer: BenchCase['layer']
  readonly layout: BenchCase['layout']
  readonly shape: readonly number[]
  readonly threads: number
  readonly contender: string
  readonly medianNs: number
  readonly quartilesNs: readonly [number, number]
  readonly leastNs: number
  readonly mostNs: number
  readonly rounds: number
  /** In how many of them other processes were at work, though the round was run again. */
  readonly disturbedRounds: number
  /** The least that the operation must move. */
  readonly bytes: number
  /** Of these bytes: GB/s (10^9). */
  readonly gbPerSecond: number
  /** The limit's time over this contender's; null where the limit was not timed. */
  readonly shareOfLimit: number | null
  /** This contender's time over that of evenkeel with `out`: median over the rounds; null where that was not timed. */
  readonly ratio: number | null
  readonly ratioQuartiles: readonly [number, number] | null
  /** Of the limit: which copy was the fastest. */
  readonly variant: string
}

/** A contender that was not timed in a case, and why: it has no such operation, takes too long, or is wrong. */
export interface Skipped {
  readonly name: string
  readonly threads: number
  readonly contender: string
  readonly kind: 'none' | 'slow' | 'wrong' | 'failed'
  readonly why: string
}

/** A target, held against a run. */
export interface Verdict {
  readonly title: string
  /** Null where nothing that it speaks of was measured. */
  readonly met: boolean | null
  readonly found: string
  /** The rows that miss it, the worst first. */
  readonly missing: readonly string[]
}

export interface Results {
  readonly format: typeof FORMAT
  readonly date: string
  /** False where the run was interrupted: the records are those of the cases that were done. */
  readonly complete: boolean
  readonly machine: Machine
  /** How many rounds were run again because other processes were at work. */
  readonly repeatedRounds: number
  readonly load: { readonly before: Load; readonly after: Load | null }
  /** The worker's own words for each contender: 'PyTorch 2.13.0+cpu'. */
  readonly versions: Readonly<Record<string, string>>
  readonly records: readonly BenchRecord[]
  readonly skipped: readonly Skipped[]
  /** Absent where the run was not of the suites that the targets speak of. */
  readonly targets?: readonly Verdict[]
}

export const FORMAT = 'evenkeel-speed-1'

/** Throws where `path` cannot be written: before a long run, not after it. */
export function checkWritable(option: string, path: string): void {
  const probe = `${path}.partial`
  try {
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    fail(
      'EVENKEEL_OPTION',
      option,
      `cannot write ${path}: ${(error as Error).message}`,
      'name a file in a directory that exists and is yours to write',
    )
  }
}

/** Whole or not at all: written beside, then renamed. */
export function writeWhole(path: string, text: string): void {
  const partial = `${path}.partial`
  writeFileSync(partial, text)
  renameSync(partial, path)
}

export function saveResults(path: string, results: Results): void {
  writeWhole(path, `${JSON.stringify(results, null, 1)}\n`)
}

/** @throws EvenkeelError where the file is not there or holds something else. */
export function loadResults(path: string): Results {
  const remedy = 'give a file that `npm run bench -- --json FILE` wrote'
  let results: Partial<Results>
  try {
    results = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    fail('EVENKEEL_OPTION', 'bench', `cannot read ${path}: ${(error as Error).message}`, remedy)
  }
  if (results?.format !== FORMAT || !Array.isArray(results.records)) {
    fail('EVENKEEL_OPTION', 'bench', `${path} is no result of this benchmark (${FORMAT})`, remedy)
  }
  return results as Results
}

/** What identifies a record but for its contender. */
export function unitOf({ name, threads }: Pick<BenchRecord, 'name' | 'threads'>): string {
  return `${name}, ${formatThreads(threads)}`
}

export function formatThreads(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`
}

/** The records of each case and number of threads, in their order. */
export function byUnit(records: readonly BenchRecord[]): BenchRecord[][] {
  const units = new Map<string, BenchRecord[]>()
  for (const record of records) units.set(unitOf(record), [...(units.get(unitOf(record)) ?? []), record])
  return [...units.values()]
}

/** Several runs of different cases as one; of a record that several have, the last counts. */
export function joinResults(all: readonly Results[]): Results {
  const records = new Map<string, BenchRecord>()
  for (const { records: each } of all) {
    for (const record of each) records.set(`${unitOf(record)}, ${record.contender}`, record)
  }
  return {
    ...all[all.length - 1],
    repeatedRounds: all.reduce((sum, { repeatedRounds }) => sum + repeatedRounds, 0),
    complete: all.every(({ complete }) => complete),
    versions: Object.assign({}, ...all.map(({ versions }) => versions)),
    records: [...records.values()],
    skipped: all.flatMap(({ skipped }) => skipped),
  }
}
