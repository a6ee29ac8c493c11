import type { DType } from '../../tensor.js'
import { round } from './arithmetic.js'

/**
 * The range in which the numbers of a slot must be, so that the arithmetic in the element type T is correct. If a
 * number is outside, the slot takes the wide route (wide.ts). native/base/ranges.h has the same numbers.
 * docs/numerics.md has the reasons.
 */
interface Range {
  /** The bound of |mean|. Below it, x - mean does not overflow for any x. */
  readonly mean: number
  /** The bounds of variance + eps. */
  readonly smallestSpread: number
  readonly largestSpread: number
  /** The bounds of |weight| / sqrt(variance + eps), unless the weight is 0. */
  readonly smallestScale: number
  readonly largestScale: number
  /** The bound of |k2| + |k1|. Below it, dy * a overflows only if dx overflows. */
  readonly gradient: number
}

const RANGES: Readonly<Record<DType, Range>> = {
  float32: {
    mean: 2 ** 103,
    smallestSpread: 2 ** -96,
    largestSpread: 2 ** 252,
    smallestScale: 2 ** -126,
    largestScale: 2 ** 48,
    gradient: 2 ** 76,
  },
  float64: {
    mean: 2 ** 970,
    smallestSpread: 2 ** -900,
    largestSpread: 2 ** 1000,
    smallestScale: 2 ** -1022,
    largestScale: 2 ** 450,
    gradient: 2 ** 943,
  },
}

export function areOrdinaryStatistics(dtype: DType, mean: number, variance: number, eps: number): boolean {
  const range = RANGES[dtype]
  const spread = variance + eps
  return Math.abs(mean) < range.mean && spread >= range.smallestSpread && spread <= range.largestSpread
}

/** Whether the scale is in the range. `a`: weight / sqrt(variance + eps), rounded to the element type. */
export function isOrdinaryScale(dtype: DType, a: number, weight: number): boolean {
  const range = RANGES[dtype]
  const size = Math.abs(a)
  return weight === 0 || (size >= range.smallestScale && size <= range.largestScale)
}

export function isOrdinaryGradient(dtype: DType, k2: number, k1: number): boolean {
  return round(Math.abs(k2) + Math.abs(k1), dtype === 'float32') < RANGES[dtype].gradient
}
