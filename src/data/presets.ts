import type { FeatureStatistics } from './feature-statistics.js'

/** Whose conventions a Standardizer follows. */
export type Preset = 'sklearn' | 'keras' | 'spark'

/** How a Standardizer transforms: y = (x - mean) * scale, per feature. */
export interface Scaling {
  /** What is subtracted. */
  readonly mean: Float64Array
  /** The variance that the preset divides by the root of. 1 for a feature that is not scaled. */
  readonly variance: Float64Array
  /** 1 if the feature has no variance, to the precision of float64. */
  readonly constant: Uint8Array
  /** 1 if every value of the feature becomes 0. */
  readonly zeroed: Uint8Array
}

interface Convention {
  readonly withMean: boolean
  readonly withStd: boolean
  /** The variance of m2, the squared differences, of a count of values. */
  variance(m2: number, count: number): number
  isConstant(variance: number, count: number, mean: number): boolean
  /** What to divide by the root of. */
  divisor(variance: number, constant: boolean): number
  /** Whether constant features become 0. */
  readonly zeroesConstant: boolean
}

const biased = (m2: number, count: number) => (count > 0 ? m2 / count : 0)

/** Keras's backend.epsilon(), 1e-7: the least deviation that its Normalization divides by. */
const KERAS_LEAST_VARIANCE = 1e-7 ** 2

export const CONVENTIONS: Readonly<Record<Preset, Convention>> = {
  // StandardScaler, scikit-learn 1.6: the population variance. A feature is constant if its variance is below the
  // rounding errors of its computation (utils/extmath, _incremental_mean_and_var; _is_constant_feature). It is centred,
  // and its scale is 1.
  sklearn: {
    withMean: true,
    withStd: true,
    variance: biased,
    isConstant: (variance, count, mean) =>
      variance <= count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2,
    divisor: (variance, constant) => (constant ? 1 : variance),
    zeroesConstant: false,
  },
  // Normalization, Keras 3: the population variance; y = (x - mean) / max(deviation, 1e-7).
  keras: {
    withMean: true,
    withStd: true,
    variance: biased,
    isConstant: (variance) => variance === 0,
    divisor: (variance) => Math.max(variance, KERAS_LEAST_VARIANCE),
    zeroesConstant: false,
  },
  // StandardScaler, Spark ML 4: the unbiased variance, and no centring by default. Features without deviation become 0.
  spark: {
    withMean: false,
    withStd: true,
    variance: (m2, count) => (count > 1 ? m2 / (count - 1) : 0),
    isConstant: (variance) => variance === 0,
    divisor: (variance, constant) => (constant ? 1 : variance),
    zeroesConstant: true,
  },
}
export const PRESETS = Object.keys(CONVENTIONS) as Preset[]

/** What a Standardizer with these conventions does to each feature. */
export function scalingOf(
  { count, mean, m2 }: FeatureStatistics,
  preset: Preset,
  withMean: boolean,
  withStd: boolean,
): Scaling {
  const convention = CONVENTIONS[preset]
  const features = count.length
  const scaling = {
    mean: new Float64Array(features),
    variance: new Float64Array(features),
    constant: new Uint8Array(features),
    zeroed: new Uint8Array(features),
  }
  for (let f = 0; f < features; f++) {
    const variance = convention.variance(m2[f], count[f])
    const constant = convention.isConstant(variance, count[f], mean[f])
    scaling.mean[f] = withMean ? mean[f] : 0
    scaling.variance[f] = withStd ? convention.divisor(variance, constant) : 1
    scaling.constant[f] = Number(constant)
    scaling.zeroed[f] = Number(constant && withStd && convention.zeroesConstant)
  }
  return scaling
}
