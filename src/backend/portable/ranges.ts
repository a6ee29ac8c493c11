import type { DType } from '../../tensor.js'
import { round } from './arithmetic.js'

/**
 * Where a slot's numbers (a slot is what shares statistics) must lie for the arithmetic in T to be right. Outside, the
 * slot takes the wide route (wide.ts). native/base/ranges.h has the same; docs/numerics.md has the reasons.
 */
interface Range {
  /** Below it x - mean overflows for no x. */
  readonly mean: number
  /** Of variance + eps. */
  readonly smallestSpread: number
  readonly largestSpread: number
  /** Of weight / sqrt(variance + eps), unless the weight is 0. */
  readonly smallestScale: number
  readonly largestScale: number
  /** Of |k2| + |k1|. Below it dy * a overflows only where dx does. */
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

/** a: weight / sqrt(variance + eps), rounded to T. */
export function isOrdinaryScale(dtype: DType, a: number, weight: number): boolean {
  const range = RANGES[dtype]
  const size = Math.abs(a)
  return weight === 0 || (size >= range.smallestScale && size <= range.largestScale)
}

export function isOrdinaryGradient(dtype: DType, k2: number, k1: number): boolean {
  return round(Math.abs(k2) + Math.abs(k1), dtype === 'float32') < RANGES[dtype].gradient
}
