import { emptyMoments, merge } from '../backend/portable/merge.js'
import { newArray } from '../tensor.js'

/** The statistics of some rows, per feature: [features] each. */
export interface FeatureStatistics {
  /** The number of values, or the sum of their weights. Missing values do not count. */
  readonly count: Float64Array
  /** 0 if there are no values. */
  readonly mean: Float64Array
  /** The sum of squared differences from the mean, each with its weight. */
  readonly m2: Float64Array
  /** Infinity if there are no values. */
  readonly min: Float64Array
  /** -Infinity if there are no values. */
  readonly max: Float64Array
  /** The number of missing values. */
  readonly missing: Float64Array
}

/** The names of the statistics, in the order of the file formats. */
export const STATISTICS = [
  'count',
  'mean',
  'm2',
  'min',
  'max',
  'missing',
] as const satisfies readonly (keyof FeatureStatistics)[]

/** The statistics of no rows. */
export function noStatistics(features: number): FeatureStatistics {
  const list = () => newArray('float64', features) as Float64Array
  return {
    count: list(),
    mean: list(),
    m2: list(),
    min: list().fill(Number.POSITIVE_INFINITY),
    max: list().fill(Number.NEGATIVE_INFINITY),
    missing: list(),
  }
}

/** The statistics of the rows of both, as new arrays (Chan, Golub and LeVeque 1979, Updating formulae). */
export function mergeStatistics(left: FeatureStatistics, right: FeatureStatistics): FeatureStatistics {
  const features = left.count.length
  const merged = noStatistics(features)
  const entry = emptyMoments()
  for (let f = 0; f < features; f++) {
    entry.count = left.count[f]
    entry.mean = left.mean[f]
    entry.m2 = left.m2[f]
    merge(entry, right.count[f], right.mean[f], right.m2[f])
    merged.count[f] = entry.count
    merged.mean[f] = entry.mean
    merged.m2[f] = entry.m2
    merged.min[f] = Math.min(left.min[f], right.min[f])
    merged.max[f] = Math.max(left.max[f], right.max[f])
    merged.missing[f] = left.missing[f] + right.missing[f]
  }
  return merged
}
