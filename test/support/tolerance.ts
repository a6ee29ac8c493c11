import type { DType } from '../../src/tensor.js'
import type { Outcome } from './run.js'

// Every tolerance of the tests, each with its reason. Nothing else in test/ says how near is near enough.

/** The largest relative error of one rounding. */
export const UNIT_ROUNDOFF: Readonly<Record<DType, number>> = { float32: 2 ** -24, float64: 2 ** -53 }

/** Below the smallest normal number, the error of a rounding is absolute: half the spacing of subnormal numbers. */
export const SUBNORMAL_SPACING: Readonly<Record<DType, number>> = { float32: 2 ** -149, float64: 2 ** -1074 }

/**
 * How many roundings may lie between a backend and the oracle, relative to the scale that the oracle gives.
 * A lane adds up to 32 terms of either sign before float64 takes over: 32 roundings at worst, about 6 for terms that
 * are not made to fail. The statistics of a block whose head lies apart from the rest lose up to a factor of 17 more
 * (its shift is a bad mean: 'misleading' in conditions.ts). Each number is about twice the largest of all cases.
 */
const ORACLE_ROUNDINGS: Readonly<Record<keyof Outcome, number>> = {
  y: 40,
  mean: 16,
  variance: 100,
  dx: 32,
  dweight: 12,
  dbias: 9,
}

/** How far a backend's result may lie from the oracle's, given the magnitude that its errors are relative to. */
export function oracleTolerance(field: keyof Outcome, dtype: DType, scale: number): number {
  return (
    ORACLE_ROUNDINGS[field] * UNIT_ROUNDOFF[dtype] * scale + SUBNORMAL_ROUNDINGS * SUBNORMAL_SPACING[dtype]
  )
}

/** A result that is subnormal is a sum of at most three terms (dx), each rounded. */
const SUBNORMAL_ROUNDINGS = 3

/**
 * How many roundings of the largest element may lie between evenkeel and PyTorch, or PyTorch's float64 truth: both
 * take some ten steps from input to output, in another order.
 */
export const PYTORCH_ROUNDINGS = 12

/**
 * Central differences of step h err by h^2 times a third derivative (1e-10) and by the roundings of the loss, a sum of
 * about 100 terms, over h (1e-10). Relative to the largest gradient; ten times that.
 */
export const DIFFERENCE_STEP = 1e-5
export const DIFFERENCE_TOLERANCE = 1e-8

/**
 * Two ways to the same normalized output, in another order or with other shifts: each within about ten roundings of the
 * truth, of elements up to 8.
 */
export const SAME_OUTPUT: Readonly<Record<DType, number>> = {
  float32: 2 * 10 * 8 * UNIT_ROUNDOFF.float32,
  float64: 2 * 10 * 8 * UNIT_ROUNDOFF.float64,
}

/**
 * Mean and variance of an output that should have 0 and 1: a few roundings of its elements, which lie below 8, and the
 * rounding of a float64 mean around 100, which moves a slot of two near values.
 */
export const NORMALIZED_VARIANCE: Readonly<Record<DType, number>> = { float32: 1e-5, float64: 1e-10 }

/** A formula written out in a test: a few hundred operations on numbers near 1; a wrong one is off by far more. */
export const FORMULA_ROUNDINGS = 256

/** The tfjs layers, in float32 on numbers of size 1 to 5, against the same: what a wrong formula misses by is above 1e-2. */
export const TFJS_OUTPUT = 4e-6
export const TFJS_GRADIENT = 2e-5
/**
 * The same against Keras, which multiplies x and the mean by gamma / sqrt(variance + epsilon), at most 64 where the variance
 * is 0, before it subtracts them: roundings of numbers up to 300.
 */
export const KERAS_OUTPUT = 4e-5
/** Moving averages over up to twelve batches: one float32 rounding for each, of means below 10, of variances below 150. */
export const TFJS_MOVING_MEAN = 1e-5
export const TFJS_MOVING_VARIANCE = 1e-4

/**
 * The same at the ends of the range, where errors that are rare elsewhere meet: a bad shift within a block (a factor of
 * up to 17 on the variance, half of it on the rest) and lanes that add terms of one sign. Each is at least 1.5
 * times the largest of 20,000 inputs.
 */
export const ENDS_ROUNDINGS: Readonly<Record<keyof Outcome, number>> = {
  y: 40,
  mean: 16,
  variance: 100,
  dx: 40,
  dweight: 40,
  dbias: 20,
}

/** How many roundings to subnormal numbers may lie on the way, at the ends of the range. */
export const FLOORS = 4

/** The textbook in float64 against itself in exact numbers: about eight operations, each rounded once or twice. */
export const TEXTBOOK_ROUNDINGS = 8

/**
 * How far merged moments may lie from those of the whole, in float64, relative to the mean and the deviation: each merge
 * rounds a few times, and some dozen blocks are merged.
 */
export const MERGED_MOMENTS = 1e-14
