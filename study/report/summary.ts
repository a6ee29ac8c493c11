import type { Finished } from '../experiments/cells.js'
import type { TestOrder } from '../experiments/inference.js'
import type { NormName } from '../network/models.js'
import type { StudyOptions } from '../runner/store.js'

/** What a report is made of: results.json's content. */
export interface Study {
  readonly options: StudyOptions
  readonly cells: readonly Finished[]
}

export const NORM_TITLES: Readonly<Record<NormName, string>> = {
  none: 'none',
  batch: 'BatchNorm',
  layer: 'LayerNorm',
  group: 'GroupNorm',
  instance: 'InstanceNorm',
  rms: 'RMSNorm',
}

/** The errors of one kind of cell over its replicates; shares from 0 to 1. */
export interface Errors {
  /** Diverged networks count as guessing. */
  readonly mean: number
  /** Standard deviation over the replicates; 0 where there is one. */
  readonly deviation: number
  readonly count: number
  readonly diverged: number
}

/** The error of guessing; a network that does better than half of it has learnt something. */
export const chanceError = (classes: number) => 1 - 1 / classes
export const trains = ({ mean }: Errors, classes: number) => mean < chanceError(classes) / 2

export interface DepthRow extends Errors {
  readonly norm: NormName
  readonly learningRate: number
}

export interface BatchSizeRow extends Errors {
  readonly norm: NormName
  readonly batchSize: number
}

export interface DecayRow extends Errors {
  readonly step: number
  readonly decay: number
}

export interface TestBatchRow extends Errors {
  readonly size: number
  readonly order: TestOrder
}

export type CellsOf<E extends Finished['cell']['experiment']> = Extract<
  Finished,
  { cell: { experiment: E } }
>[]

/** The finished cells of one experiment. */
export function cellsOf<E extends Finished['cell']['experiment']>(
  { cells }: Study,
  experiment: E,
): CellsOf<E> {
  return cells.filter(({ cell }) => cell.experiment === experiment) as CellsOf<E>
}

/** A row per norm and learning rate, in the study's order. */
export function depthRows(study: Study): DepthRow[] {
  return rowsOf(
    study,
    cellsOf(study, 'depth'),
    ({ cell: { norm, learningRate } }) => ({ norm, learningRate }),
    ({ result }) => result.testError,
  )
}

/** A row per norm and batch size. */
export function batchSizeRows(study: Study): BatchSizeRow[] {
  return rowsOf(
    study,
    cellsOf(study, 'batch-size'),
    ({ cell: { norm, batchSize } }) => ({ norm, batchSize }),
    ({ result }) => result.testError,
  )
}

/** A row per checkpoint and decay. */
export function decayRows(study: Study): DecayRow[] {
  const results = cellsOf(study, 'inference').flatMap(({ result }) => result.byDecay)
  return rowsOf(
    study,
    results,
    ({ step, decay }) => ({ step, decay }),
    ({ testError }) => testError,
  )
}

/** A row per order and size of test batches. */
export function testBatchRows(study: Study): TestBatchRow[] {
  const results = cellsOf(study, 'inference').flatMap(({ result }) => result.byTestBatch)
  return rowsOf(
    study,
    results,
    ({ size, order }) => ({ size, order }),
    ({ testError }) => testError,
  )
}

/** A row of errors for each set of items that agree in what `keyOf` takes from them. */
function rowsOf<T, Key extends object>(
  study: Study,
  items: readonly T[],
  keyOf: (item: T) => Key,
  errorOf: (item: T) => number | null,
): (Key & Errors)[] {
  const groups = grouped(items, (item) => JSON.stringify(keyOf(item)))
  return groups.map((group) => ({ ...keyOf(group[0]), ...errorsOf(study, group.map(errorOf)) }))
}

/**
 * The median of the rows' deviations over their replicates: how much a cell's error moves by chance. Two or
 * three replicates say little by themselves, and the median is not led by networks that failed.
 */
export function typicalDeviation(rows: readonly Errors[]): number {
  const sorted = rows.filter(({ count }) => count > 1).map(({ deviation }) => deviation)
  sorted.sort((a, b) => a - b)
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)]
}

/** How two norms differ at one batch size, over the replicates, which share first weights and order of images. */
export interface Gap {
  readonly batchSize: number
  /** The first norm's error minus the second's: [replicates], and their mean. */
  readonly differences: readonly number[]
  readonly mean: number
}

/** What pairing the replicates of two norms shows, at each batch size that has both. */
export interface Comparison {
  readonly gaps: readonly Gap[]
  /** Two standard errors of such a mean: less than this is no difference. Their variance is pooled over the sizes. */
  readonly margin: number
}

export function compare(study: Study, first: NormName, second: NormName): Comparison {
  const chance = chanceError(study.options.data.classes)
  const cells = cellsOf(study, 'batch-size')
  const pairs = cells.flatMap(({ cell, result }) => {
    const other = cells.find(
      (candidate) =>
        candidate.cell.norm === second &&
        candidate.cell.batchSize === cell.batchSize &&
        candidate.cell.replicate === cell.replicate,
    )
    if (cell.norm !== first || !other) return []
    const difference = (result.testError ?? chance) - (other.result.testError ?? chance)
    return [{ batchSize: cell.batchSize, difference }]
  })
  const gaps = grouped(pairs, ({ batchSize }) => String(batchSize)).map((group) => {
    const differences = group.map(({ difference }) => difference)
    return { batchSize: group[0].batchSize, differences, mean: meanOf(differences) }
  })
  const squares = gaps.flatMap(({ differences, mean }) => differences.map((value) => (value - mean) ** 2))
  const freedom = Math.max(1, squares.length - gaps.length)
  const variance = squares.reduce((sum, square) => sum + square, 0) / freedom
  const replicates = Math.max(1, ...gaps.map(({ differences }) => differences.length))
  return { gaps, margin: 2 * Math.sqrt(variance / replicates) }
}

/** Two standard errors of a difference of two rows' means: less than this is no difference. */
export function noticeable(rows: readonly Errors[]): number {
  const count = Math.max(1, rows[0]?.count ?? 1)
  return 2 * typicalDeviation(rows) * Math.sqrt(2 / count)
}

function errorsOf({ options }: Study, errors: readonly (number | null)[]): Errors {
  const values = errors.map((error) => error ?? chanceError(options.data.classes))
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return {
    mean,
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    count: values.length,
    diverged: errors.filter((error) => error === null).length,
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Items with the same key together, in the order of their first. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
}

/** 0.0423 -> '4.2 %' */
export const percent = (share: number) => `${points(share)} %`

/** 0.0423 -> '4.2' */
export const points = (share: number) => (100 * share).toFixed(1)

/** The distinct values of a column, in order of appearance. */
export const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]
