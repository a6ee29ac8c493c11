import { type BenchCase, benchCase } from './cases.js'
import { LIMIT, REFERENCE } from './contenders.js'
import type { Caches } from './machine.js'
import { type BenchRecord, type Results, unitOf } from './results.js'
import { geometricMean } from './statistics.js'
import { leastBytes, requiredBytes, SIZE_CLASSES, type SizeClass, sizeClass } from './traffic.js'

// What this project promises of its speed, held against a run.

/** A number per case, named. */
interface Measured {
  readonly unit: string
  readonly value: number
}

export interface Verdict {
  readonly title: string
  /** Null where nothing that it speaks of was measured. */
  readonly met: boolean | null
  readonly found: string
}

interface Bounds {
  /** Of the geometric mean. */
  readonly mean?: number
  /** Of the worst. */
  readonly worst?: number
}

/** How many times as fast evenkeel with `out` must be, by class of size and contender. */
const AGAINST: readonly { size: SizeClass; contender: string; mean: number; worst: number }[] = [
  { size: '32 MB and more', contender: 'pytorch', mean: 5, worst: 3 },
  { size: '32 MB and more', contender: 'pytorch-tcmalloc', mean: 2, worst: 1.3 },
  { size: 'L2 to 32 MB', contender: 'pytorch', mean: 2, worst: 1.1 },
  { size: 'within L2', contender: 'pytorch', mean: 3, worst: 1.5 },
]
const ALLOCATING_AGAINST_PYTORCH = 1.5
const PORTABLE_AGAINST_TFJS = 20
const SHARE_OF_LIMIT = 0.85
const TWO_THREADS_OUTSIDE_L2 = 1.7
const TWO_THREADS_ANYWHERE = 1

/** [8, 64] LayerNorm forward, from JavaScript and back. */
const SMALL_CALL = benchCase('LayerNorm', 'plain', [8, 64], 'forward').name
const SMALL_CALL_NS = { [REFERENCE]: 500, 'evenkeel-allocating': 1500 }

export function judgeTargets({
  records,
  machine: { caches },
}: Pick<Results, 'records' | 'machine'>): Verdict[] {
  const index = new Map(records.map((record) => [`${unitOf(record)}, ${record.contender}`, record]))
  const of = (record: BenchRecord, contender: string) => index.get(`${unitOf(record)}, ${contender}`)
  /** Per unit of a class: how many times as long `slow` takes as `fast`. */
  const speedups = (size: SizeClass | null, slow: string, fast: string): Measured[] =>
    records.flatMap((record) => {
      const other = of(record, slow)
      const matches = record.contender === fast && (size === null || sizeClass(record, caches) === size)
      return matches && other ? [{ unit: unitOf(record), value: other.medianNs / record.medianNs }] : []
    })
  return [
    ...AGAINST.map(({ size, contender, mean, worst }) =>
      judge(`${size}: against ${contender}`, speedups(size, contender, REFERENCE), { mean, worst }),
    ),
    judge(
      '32 MB and more: allocating against pytorch',
      speedups('32 MB and more', 'pytorch', 'evenkeel-allocating'),
      { worst: ALLOCATING_AGAINST_PYTORCH },
    ),
    judge('portable against tfjs-cpu', speedups(null, 'tfjs-cpu', 'evenkeel-portable'), {
      worst: PORTABLE_AGAINST_TFJS,
    }),
    ...smallCalls(records),
    ...shares(records, caches),
    ...scaling(records, caches),
  ]
}

function smallCalls(records: readonly BenchRecord[]): Verdict[] {
  return Object.entries(SMALL_CALL_NS).map(([contender, most]) => {
    const title = `${SMALL_CALL}, 1 thread, ${contender}: at most ${most / 1e3} us`
    const record = records.find(
      (each) => each.name === SMALL_CALL && each.threads === 1 && each.contender === contender,
    )
    if (record === undefined) return { title, met: null, found: 'not measured' }
    return { title, met: record.medianNs <= most, found: `${(record.medianNs / 1e3).toFixed(2)} us` }
  })
}

/** Outside L2, against the bytes of the passes that the shape requires: in one pass, and in two. */
function shares(records: readonly BenchRecord[], caches: Caches): Verdict[] {
  const shareOf = (record: BenchRecord) => {
    const bench: BenchCase = benchCase(record.layer, record.layout, record.shape, record.op)
    const passes = requiredBytes(bench, caches) / leastBytes(bench)
    return { unit: unitOf(record), value: (record.shareOfLimit ?? 0) * passes, passes }
  }
  const measured = records
    .filter((each) => each.contender === REFERENCE && each.shareOfLimit !== null)
    .filter((each) => sizeClass(each, caches) !== 'within L2')
    .map(shareOf)
  return [
    judge(
      'share of the limit outside L2, one pass',
      measured.filter(({ passes }) => passes === 1),
      { worst: SHARE_OF_LIMIT },
    ),
    judge(
      "share of the limit outside L2, two passes, of these passes' bytes",
      measured.filter(({ passes }) => passes > 1),
      { worst: SHARE_OF_LIMIT },
    ),
  ]
}

/** Two threads against one, of evenkeel with `out`, by class of size; the limit's own beside it tells what memory gives. */
function scaling(records: readonly BenchRecord[], caches: Caches): Verdict[] {
  const gains = (contender: string, size: SizeClass): Measured[] => {
    const own = records.filter((each) => each.contender === contender && sizeClass(each, caches) === size)
    return own.flatMap((two) => {
      const one = own.find((each) => each.name === two.name && each.threads === 1)
      return two.threads === 2 && one ? [{ unit: two.name, value: one.medianNs / two.medianNs }] : []
    })
  }
  return SIZE_CLASSES.map((size) => {
    const bounds: Bounds =
      size === 'within L2'
        ? { worst: TWO_THREADS_ANYWHERE }
        : { mean: TWO_THREADS_OUTSIDE_L2, worst: TWO_THREADS_ANYWHERE }
    const verdict = judge(`${size}: 2 threads against 1`, gains(REFERENCE, size), bounds)
    const copies = gains(LIMIT, size)
    if (verdict.met === null || copies.length === 0) return verdict
    const mean = geometricMean(copies.map(({ value }) => value))
    return { ...verdict, found: `${verdict.found}; the copies gain ${mean.toFixed(2)}` }
  })
}

function judge(title: string, measured: readonly Measured[], bounds: Bounds): Verdict {
  const wanted = [
    bounds.mean === undefined ? '' : `${bounds.mean} in the mean`,
    bounds.worst === undefined ? '' : `${bounds.worst} at least`,
  ].filter(Boolean)
  const full = `${title}: ${wanted.join(', ')}`
  if (measured.length === 0) return { title: full, met: null, found: 'not measured' }
  const mean = geometricMean(measured.map(({ value }) => value))
  const worst = measured.reduce((least, each) => (each.value < least.value ? each : least))
  const met = mean >= (bounds.mean ?? 0) && worst.value >= (bounds.worst ?? 0)
  const below = measured.filter(({ value }) => value < (bounds.worst ?? 0)).length
  const missing = below > 0 ? `, ${below} below` : ''
  return {
    title: full,
    met,
    found: `${mean.toFixed(2)} in the geometric mean of ${measured.length}${missing}, worst ${worst.value.toFixed(2)} (${worst.unit})`,
  }
}

export function formatTargets(verdicts: readonly Verdict[]): string {
  const word = (met: boolean | null) => (met === null ? '-' : met ? 'met' : 'missed')
  return verdicts
    .map(({ title, met, found }) => `${word(met).padEnd(7)} ${title}\n        ${found}`)
    .join('\n')
}
