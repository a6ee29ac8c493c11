import type { DType } from '../../src/tensor.js'

// Every tolerance of the tests, each with its reason. Nothing else in test/ says how near is near enough.

/** The largest relative error of one rounding. */
export const UNIT_ROUNDOFF: Readonly<Record<DType, number>> = { float32: 2 ** -24, float64: 2 ** -53 }

/** Below this a result is subnormal, and its rounding error absolute: the spacing of subnormal numbers. */
export const SMALLEST: Readonly<Record<DType, number>> = { float32: 2 ** -149, float64: 2 ** -1074 }
