import { type BenchRecord, type Results, unitOf } from './results.js'
import { geometricMean } from './statistics.js'
import { formatTime } from './table.js'

// Two runs side by side: which cases became faster, by how much.

export interface Compared {
  readonly unit: string
  readonly contender: string
  readonly beforeNs: number
  readonly afterNs: number
  /** How many times as fast: above 1, the second is faster. */
  readonly ratio: number
  /** Whether the quartiles of the two overlap: then the difference may be chance. */
  readonly overlap: boolean
}

/** Of the records that both have, the slowest gain first. */
export function compare(before: Results, after: Results): Compared[] {
  const keyOf = (record: BenchRecord) => `${unitOf(record)}, ${record.contender}`
  const old = new Map(before.records.map((record) => [keyOf(record), record]))
  return after.records
    .flatMap((record) => {
      const other = old.get(keyOf(record))
      return other ? [compareRecords(other, record)] : []
    })
    .sort((a, b) => a.ratio - b.ratio)
}

function compareRecords(before: BenchRecord, after: BenchRecord): Compared {
  const [low, high] = before.quartilesNs
  const [otherLow, otherHigh] = after.quartilesNs
  return {
    unit: unitOf(after),
    contender: after.contender,
    beforeNs: before.medianNs,
    afterNs: after.medianNs,
    ratio: before.medianNs / after.medianNs,
    overlap: low <= otherHigh && otherLow <= high,
  }
}

/** A line per case and a geometric mean per contender. */
export function formatCompared(compared: readonly Compared[]): string {
  const lines = compared.map(({ unit, contender, beforeNs, afterNs, ratio, overlap }) => {
    const times = `${formatTime(beforeNs).padStart(10)} ${formatTime(afterNs).padStart(10)}`
    return `${`${unit}, ${contender}`.padEnd(76)}${times} ${ratio.toFixed(2).padStart(7)}${overlap ? ' ~' : ''}`
  })
  const contenders = [...new Set(compared.map(({ contender }) => contender))]
  const means = contenders.map((contender) => {
    const ratios = compared.filter((each) => each.contender === contender).map(({ ratio }) => ratio)
    return `${contender}: ${geometricMean(ratios).toFixed(3)} in the geometric mean of ${ratios.length}`
  })
  const head = `${''.padEnd(76)}${'before'.padStart(10)} ${'after'.padStart(10)} ${'faster'.padStart(7)}`
  return [head, ...lines, '', '~ the quartiles overlap', ...means].join('\n')
}
