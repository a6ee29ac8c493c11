import type { BenchCase } from './cases.js'
import { LIMIT, REFERENCE } from './contenders.js'
import type { BenchRecord } from './results.js'
import { median, summarize } from './statistics.js'
import { leastBytes } from './traffic.js'

// From the times of a unit's rounds to its records.

/** What the rounds of one contender gave. */
export interface Timings {
  readonly contender: { readonly name: string }
  /** The kinds of copies of the limit; [''] of others. */
  readonly variants: readonly string[]
  /** [round][variant], nanoseconds of one iteration. */
  readonly times: readonly (readonly number[])[]
}

/** A contender's times by round: of its variants (kinds of copies), those of the fastest. */
interface Timed {
  readonly contender: string
  readonly variant: string
  readonly times: readonly number[]
}

function fastest({ contender: { name }, variants, times }: Timings): Timed {
  const candidates = variants.map((variant, v) => ({
    contender: name,
    variant,
    times: times.map((round) => round[v]),
  }))
  return candidates.reduce((best, each) => (median(each.times) < median(best.times) ? each : best))
}

/** What was timed, and how. */
interface Setting {
  readonly bench: BenchCase
  readonly threads: number
  readonly disturbedRounds: number
}

export function recordsOf(setting: Setting, all: readonly Timings[]): BenchRecord[] {
  const timed = all.map(fastest)
  const timesOf = (name: string) => timed.find(({ contender }) => contender === name)?.times
  return timed.map((each) => recordOf(setting, each, timesOf(REFERENCE), timesOf(LIMIT)))
}

function recordOf(
  { bench: { name, op, layer, layout, shape }, threads, disturbedRounds }: Setting,
  { contender, variant, times }: Timed,
  reference: readonly number[] | undefined,
  limit: readonly number[] | undefined,
): BenchRecord {
  const { median: medianNs, quartiles, least, most } = summarize(times)
  const bytes = leastBytes({ op, shape })
  const ratios = reference && summarize(ratiosByRound(times, reference))
  return {
    name,
    op,
    layer,
    layout,
    shape,
    threads,
    contender,
    medianNs,
    quartilesNs: quartiles,
    leastNs: least,
    mostNs: most,
    rounds: times.length,
    disturbedRounds,
    bytes,
    gbPerSecond: bytes / medianNs,
    shareOfLimit: limit ? median(limit) / medianNs : null,
    ratio: ratios?.median ?? null,
    ratioQuartiles: ratios?.quartiles ?? null,
    variant,
  }
}

/** Each of one round, so that a slow minute of the machine cancels out; slow contenders have fewer rounds. */
function ratiosByRound(times: readonly number[], reference: readonly number[]): number[] {
  return times.slice(0, reference.length).map((time, round) => time / reference[round])
}
