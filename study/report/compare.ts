import type { NormName } from '../network/models.js'
import type { RegimeName } from '../settings.js'
import { chanceError, type Errors, grouped, meanOf } from './errors.js'
import { cellsOf, type Study } from './summary.js'

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
  /**
   * Two standard errors of such a mean: less than this is no difference. Their variance is pooled over the sizes;
   * infinite where no size has two replicates, which decide nothing.
   */
  readonly margin: number
}

export function compare(study: Study, regime: RegimeName, first: NormName, second: NormName): Comparison {
  const chance = chanceError(study.options.data.classes)
  const cells = cellsOf(study, 'batch-size').filter(({ cell }) => cell.regime === regime)
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
  return { gaps, margin: marginOf(gaps) }
}

function marginOf(gaps: readonly Gap[]): number {
  const squares = gaps.flatMap(({ differences, mean }) => differences.map((value) => (value - mean) ** 2))
  const freedom = squares.length - gaps.length
  if (freedom === 0) return Number.POSITIVE_INFINITY
  const variance = squares.reduce((sum, square) => sum + square, 0) / freedom
  const replicates = Math.max(...gaps.map(({ differences }) => differences.length))
  return 2 * Math.sqrt(variance / replicates)
}

/** Where the first norm is ahead of the second, behind it, or within the margin. */
export function verdicts({ gaps, margin }: Comparison) {
  const sizes = (chosen: (gap: Gap) => boolean) => gaps.filter(chosen).map(({ batchSize }) => batchSize)
  return {
    ahead: sizes(({ mean }) => mean < -margin),
    behind: sizes(({ mean }) => mean > margin),
    level: sizes(({ mean }) => Math.abs(mean) <= margin),
  }
}

/** The learning rates at which `norm` errs more than no norm in every replicate, which share first weights and images. */
export function worseThanNone(study: Study, residual: boolean, norm: NormName): number[] {
  const chance = chanceError(study.options.data.classes)
  const cells = cellsOf(study, 'depth').filter(({ cell }) => cell.residual === residual)
  const byRate = grouped(cells, ({ cell }) => String(cell.learningRate))
  return byRate.flatMap((group) => {
    const errorOf = (name: NormName, replicate: number) =>
      group.find(({ cell }) => cell.norm === name && cell.replicate === replicate)?.result.testError ?? chance
    const own = group.filter(({ cell }) => cell.norm === norm)
    const worse = own.every(
      ({ cell: { replicate } }) => errorOf(norm, replicate) > errorOf('none', replicate),
    )
    return own.length > 0 && worse ? [own[0].cell.learningRate] : []
  })
}

/**
 * Two standard errors of a difference of two rows' means: less than this is no difference. Infinite where no row has
 * two replicates.
 */
export function noticeable(rows: readonly Errors[]): number {
  const count = Math.min(...rows.map((row) => row.count))
  return 2 * typicalDeviation(rows) * Math.sqrt(2 / count)
}

/**
 * The median of the rows' deviations over their replicates: how much a cell's error moves by chance. Two or
 * three replicates say little by themselves, and the median is not led by networks that failed.
 */
function typicalDeviation(rows: readonly Errors[]): number {
  const sorted = rows.filter(({ count }) => count > 1).map(({ deviation }) => deviation)
  sorted.sort((a, b) => a - b)
  return sorted.length === 0 ? Number.POSITIVE_INFINITY : sorted[Math.floor(sorted.length / 2)]
}
