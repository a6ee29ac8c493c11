import { type BenchCase, benchCase, elementsOf } from './cases.js'
import { REFERENCE } from './contenders.js'
import { geometryOf } from './geometry.js'
import type { Caches } from './machine.js'
import { type BenchRecord, type Results, unitOf, type Verdict } from './results.js'
import { geometricMean } from './statistics.js'
import { arrayBytes, leastBytes, requiredBytes, type SizeClass, sizeClass } from './traffic.js'

// What this project promises of its speed, held against a run.

interface Bounds {
  /** The geometric mean, at least. */
  readonly mean?: number
  /** Every row, at least. */
  readonly least?: number
  /** Every row, at most. */
  readonly most?: number
}

/** One row of a target. */
interface Measured {
  readonly unit: string
  readonly value: number
  /** Over the rounds, where the value is a median. */
  readonly quartiles?: readonly [number, number] | null
}

/** How many times as long others take, by the class of size. */
const AGAINST: readonly { size: SizeClass; contender: string; bounds: Bounds }[] = [
  { size: '32 MB and more', contender: 'pytorch', bounds: { mean: 5, least: 3 } },
  { size: '32 MB and more', contender: 'pytorch-tcmalloc', bounds: { mean: 2, least: 1.3 } },
  { size: 'L2 to 32 MB', contender: 'pytorch', bounds: { mean: 2, least: 1.1 } },
  { size: 'within L2', contender: 'pytorch', bounds: { mean: 3, least: 1.5 } },
]
const PORTABLE_AGAINST_TFJS = 20
const SHARE_OF_LIMIT = 0.85

const SMALL_PLANE = 14 * 14
const FIRST_AGAINST_LAST = 1.5
const SMALL_CALL = 8192
const SMALLEST_SHAPE = [8, 64]
const SMALLEST_MICROSECONDS = 5
const SHORT_ROWS = [
  [6272, 96],
  [16384, 128],
].map((shape) => benchCase('LayerNorm', 'plain', shape, 'backward').name)
const LOOP_BYTES: readonly [number, number] = [32 * 2 ** 10, 32 * 2 ** 20]
const WORKSPACE_AGAINST_OUT = 1.5
const NEW_ARRAYS_AGAINST_BASELINE = 1.3
/** Behind PyTorch with two threads, when the targets were set. */
const TWO_THREADS_AGAINST_PYTORCH = [
  benchCase('BatchNorm', 'plain', [1024, 512], 'forward'),
  benchCase('GroupNorm', 'channels-first', [8, 256, 28, 28], 'backward'),
].map(({ name }) => name)
/** Two measurements of the same code differ by so much. */
const NOISE = 0.03

type Test = (record: BenchRecord) => boolean

export function judgeTargets({ records, machine }: Pick<Results, 'records' | 'machine'>): Verdict[] {
  const { caches } = machine
  /** How many times as long a contender takes as evenkeel with `out`. */
  const takes = (contender: string, test: Test): Measured[] =>
    records
      .filter((record) => record.contender === contender && record.ratio !== null && test(record))
      .map((record) => ({ unit: unitOf(record), value: record.ratio!, quartiles: record.ratioQuartiles }))
  return [
    judge(
      'small planes, 1 thread: PyTorch with tcmalloc takes',
      takes('pytorch-tcmalloc', (record) => isSmallPlanes(record) && record.threads === 1),
      { mean: 2, least: 1 },
    ),
    judge('small planes, 1 thread: channels first over channels last', firstAgainstLast(records), {
      most: FIRST_AGAINST_LAST,
    }),
    judge(
      'up to 8,192 elements, 1 thread: PyTorch takes',
      takes('pytorch', (record) => elementsOf(record) <= SMALL_CALL && record.threads === 1),
      { mean: 5 },
    ),
    judge(`[${SMALLEST_SHAPE}], 1 thread: microseconds a call`, smallestCalls(records), {
      most: SMALLEST_MICROSECONDS,
    }),
    judge(
      'LayerNorm backward over short rows, 1 thread: PyTorch with tcmalloc takes',
      takes('pytorch-tcmalloc', ({ name, threads }) => SHORT_ROWS.includes(name) && threads === 1),
      { least: 1.5 },
    ),
    judge('loops: a workspace takes, against out', takes('evenkeel-workspace', isLoop), {
      most: WORKSPACE_AGAINST_OUT,
    }),
    judge(
      'loops: new arrays in the baseline take, against this build',
      ratios(records.filter(isLoop), 'baseline-allocating', 'evenkeel-allocating'),
      {
        mean: NEW_ARRAYS_AGAINST_BASELINE,
      },
    ),
    judge('1 thread takes, against 2', twoThreads(records), { least: 1 - NOISE }),
    judge(
      'BatchNorm [1024, 512] forward, GroupNorm [8, 256, 28, 28] backward, 2 threads: PyTorch takes',
      takes('pytorch', ({ name, threads }) => TWO_THREADS_AGAINST_PYTORCH.includes(name) && threads === 2),
      { least: 1 },
    ),
    judge(
      'every row: the baseline takes',
      takes('baseline', () => true),
      { least: 1 - NOISE },
    ),
    ...AGAINST.map(({ size, contender, bounds }) =>
      judge(
        `${size}: ${contender} takes`,
        takes(contender, (record) => sizeClass(record, caches) === size),
        bounds,
      ),
    ),
    judge('tfjs-cpu takes, against portable', ratios(records, 'tfjs-cpu', 'evenkeel-portable'), {
      least: PORTABLE_AGAINST_TFJS,
    }),
    ...shares(records, caches),
  ]
}

/** Planes of 7 x 7 and 14 x 14, beyond the small calls. */
function isSmallPlanes({ layer, layout, shape, op }: BenchRecord): boolean {
  if (layout === 'plain') return false
  const bench = benchCase(layer, layout, shape, op)
  return geometryOf(bench).spatial <= SMALL_PLANE && elementsOf(bench) > SMALL_CALL
}

function isLoop(record: BenchRecord): boolean {
  const bytes = arrayBytes(record)
  return LOOP_BYTES[0] <= bytes && bytes <= LOOP_BYTES[1]
}

/** The same elements as planes, against as columns. */
function firstAgainstLast(records: readonly BenchRecord[]): Measured[] {
  const own = records.filter(
    (each) => each.contender === REFERENCE && each.threads === 1 && isSmallPlanes(each),
  )
  return own.flatMap((first) => {
    if (first.layout !== 'channels-first') return []
    const [samples, channels, ...space] = first.shape
    const { name } = benchCase(first.layer, 'channels-last', [samples, ...space, channels], first.op)
    const last = own.find((each) => each.name === name)
    return last ? [{ unit: unitOf(first), value: first.medianNs / last.medianNs }] : []
  })
}

function smallestCalls(records: readonly BenchRecord[]): Measured[] {
  return records
    .filter(({ contender, threads, shape }) => {
      return contender === REFERENCE && threads === 1 && `${shape}` === `${SMALLEST_SHAPE}`
    })
    .map((record) => ({ unit: unitOf(record), value: record.medianNs / 1e3 }))
}

/** How many times as long `slow` takes as `fast`. */
function ratios(records: readonly BenchRecord[], slow: string, fast: string): Measured[] {
  const quick = new Map(records.filter((each) => each.contender === fast).map((each) => [unitOf(each), each]))
  return records.flatMap((record) => {
    const other = quick.get(unitOf(record))
    if (record.contender !== slow || other === undefined) return []
    return [{ unit: unitOf(record), value: record.medianNs / other.medianNs }]
  })
}

function twoThreads(records: readonly BenchRecord[]): Measured[] {
  const own = records.filter(({ contender }) => contender === REFERENCE)
  const one = new Map(own.filter(({ threads }) => threads === 1).map((each) => [each.name, each]))
  return own.flatMap(({ name, threads, medianNs }) => {
    const other = one.get(name)
    return threads === 2 && other ? [{ unit: name, value: other.medianNs / medianNs }] : []
  })
}

/** Outside L2, against the bytes of the passes that the shape requires: in one pass, and in two. */
function shares(records: readonly BenchRecord[], caches: Caches): Verdict[] {
  const measured = records
    .filter((each) => each.contender === REFERENCE && each.shareOfLimit !== null)
    .filter((each) => sizeClass(each, caches) !== 'within L2')
    .map((record) => {
      const bench: BenchCase = benchCase(record.layer, record.layout, record.shape, record.op)
      const passes = requiredBytes(bench, caches) / leastBytes(bench)
      return { unit: unitOf(record), value: record.shareOfLimit! * passes, passes }
    })
  const one = measured.filter(({ passes }) => passes === 1)
  const two = measured.filter(({ passes }) => passes > 1)
  return [
    judge('share of the limit outside L2, one pass', one, { least: SHARE_OF_LIMIT }),
    judge("share of the limit outside L2, two passes, of these passes' bytes", two, {
      least: SHARE_OF_LIMIT,
    }),
  ]
}

function judge(title: string, measured: readonly Measured[], bounds: Bounds): Verdict {
  const { mean: wanted = 0, least = 0, most = Number.POSITIVE_INFINITY } = bounds
  const full = `${title}: ${describe(bounds)}`
  if (measured.length === 0) return { title: full, met: null, found: 'not measured', missing: [] }
  const mean = geometricMean(measured.map(({ value }) => value))
  const sorted = [...measured].sort((a, b) => (bounds.most === undefined ? 1 : -1) * (a.value - b.value))
  const missing = sorted.filter(({ value }) => value < least || value > most)
  return {
    title: full,
    met: mean >= wanted && missing.length === 0,
    found:
      `${mean.toFixed(2)} in the geometric mean of ${measured.length}, ` +
      `worst ${sorted[0].value.toFixed(2)} (${sorted[0].unit})`,
    missing: missing.map((each) => formatMissing(each, bounds)),
  }
}

function describe({ mean, least, most }: Bounds): string {
  const all = [
    mean === undefined ? '' : `${mean} in the geometric mean`,
    least === undefined ? '' : `${least} at least`,
    most === undefined ? '' : `${most} at most`,
  ]
  return all.filter(Boolean).join(', ')
}

/** With `~` where the quartiles reach the bound: then the row may miss it by chance. */
function formatMissing({ unit, value, quartiles }: Measured, { least = 0, most }: Bounds): string {
  const reaches = ([low, high]: readonly [number, number]) =>
    most === undefined ? high >= least : low <= most
  const mayBeChance = quartiles != null && reaches(quartiles)
  return `${value.toFixed(2)}${mayBeChance ? ' ~' : ''} ${unit}`
}

/** So many of the rows that miss a target are printed. */
const MISSING_PRINTED = 12

export function formatTargets(verdicts: readonly Verdict[]): string {
  const word = (met: boolean | null) => (met === null ? '-' : met ? 'met' : 'missed')
  return verdicts
    .flatMap(({ title, met, found, missing }) => {
      const rest = missing.length - MISSING_PRINTED
      const lines = [found, ...missing.slice(0, MISSING_PRINTED), ...(rest > 0 ? [`and ${rest} more`] : [])]
      return [`${word(met).padEnd(7)} ${title}`, ...lines.map((line) => `        ${line}`)]
    })
    .join('\n')
}
