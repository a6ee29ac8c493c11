import type { Finished } from '../experiments/cells.js'
import type { TestOrder } from '../experiments/inference.js'
import type { NormName } from '../network/models.js'
import type { StudyOptions } from '../runner/store.js'
import type { RegimeName } from '../settings.js'
import { type Errors, grouped, meanOf, rowsOf } from './errors.js'

/** What a report is made of: results.json's content. */
export interface Study {
  readonly options: StudyOptions
  readonly cells: readonly Finished[]
}

export const NORM_TITLES: Readonly<Record<NormName, string>> = {
  none: 'no norm',
  batch: 'BatchNorm',
  layer: 'LayerNorm',
  group: 'GroupNorm',
  instance: 'InstanceNorm',
  rms: 'RMSNorm',
}

export interface DepthRow extends Errors {
  readonly residual: boolean
  readonly norm: NormName
  readonly learningRate: number
}

export interface BatchSizeRow extends Errors {
  readonly regime: RegimeName
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

const classesOf = (study: Study) => study.options.data.classes

/** A row per norm and learning rate, in the study's order; without and with residual connections. */
export function depthRows(study: Study): DepthRow[] {
  return rowsOf(
    cellsOf(study, 'depth'),
    classesOf(study),
    ({ cell: { residual, norm, learningRate } }) => ({ residual, norm, learningRate }),
    ({ result }) => result.testError,
  )
}

/** A row per regime, norm and batch size. */
export function batchSizeRows(study: Study): BatchSizeRow[] {
  return rowsOf(
    cellsOf(study, 'batch-size'),
    classesOf(study),
    ({ cell: { regime, norm, batchSize } }) => ({ regime, norm, batchSize }),
    ({ result }) => result.testError,
  )
}

/** The same for BatchNorm alone, judged with the statistics of the test batches themselves. */
export function ownStatisticsRows(study: Study): BatchSizeRow[] {
  return rowsOf(
    cellsOf(study, 'batch-size').filter(({ cell }) => cell.norm === 'batch'),
    classesOf(study),
    ({ cell: { regime, norm, batchSize } }) => ({ regime, norm, batchSize }),
    ({ result }) => result.ownStatisticsError,
  )
}

/** A row per checkpoint and decay. */
export function decayRows(study: Study): DecayRow[] {
  return rowsOf(
    cellsOf(study, 'inference').flatMap(({ result }) => result.byDecay),
    classesOf(study),
    ({ step, decay }) => ({ step, decay }),
    ({ testError }) => testError,
  )
}

/** A row per order and size of test batches. */
export function testBatchRows(study: Study): TestBatchRow[] {
  return rowsOf(
    cellsOf(study, 'inference').flatMap(({ result }) => result.byTestBatch),
    classesOf(study),
    ({ size, order }) => ({ size, order }),
    ({ testError }) => testError,
  )
}

/** What a layer is before the first step. */
export interface StartRow {
  readonly residual: boolean
  readonly norm: NormName
  /** From 1, the hidden ones. */
  readonly layer: number
  /** Mean cosine of two samples' activations. */
  readonly similarity: number
  readonly gradientNorm: number
}

/** A row per norm and hidden layer: means over the replicates. Every rate begins alike, so that one stands for all. */
export function startRows(study: Study): StartRow[] {
  const cells = cellsOf(study, 'depth').filter(({ result }) => result.recordedSteps[0] === 0)
  const perNorm = grouped(cells, ({ cell }) => `${cell.residual} ${cell.norm}`)
  return perNorm.flatMap((group) => {
    const { residual, norm, learningRate, depth } = group[0].cell
    const replicates = group.filter(({ cell }) => cell.learningRate === learningRate)
    const mean = (quantity: 'similarity' | 'gradientNorm', layer: number) =>
      meanOf(replicates.map(({ result }) => result[quantity][0][layer]))
    return Array.from({ length: depth }, (_, i) => ({
      ...{ residual, norm, layer: i + 1 },
      similarity: mean('similarity', i),
      gradientNorm: mean('gradientNorm', i),
    }))
  })
}
