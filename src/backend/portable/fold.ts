import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'
import { round } from './arithmetic.js'
import { type GradientSums, slotOf, tableSamples } from './merge.js'

export function rstdOf(variance: number, eps: number): number {
  return 1 / Math.sqrt(variance + eps)
}

/**
 * y = (x - mh) * a + b. One entry for each channel of each sample, [N, C]. In scope batch, one entry for each
 * channel, [C].
 */
export interface ForwardTable {
  readonly mh: FloatArray
  readonly a: FloatArray
  readonly b: FloatArray
}

/** dx = (dy * a + ((x - mh) * r) * k2) + k1. The entries are those of a ForwardTable. */
export interface BackwardTable {
  readonly mh: FloatArray
  readonly r: FloatArray
  readonly a: FloatArray
  readonly k2: FloatArray
  readonly k1: FloatArray
}

function column(plan: Plan): FloatArray {
  return newArray(plan.dtype, tableSamples(plan) * plan.channels)
}

/**
 * Folds the statistics and the parameters to three numbers for each entry. The mean is split into mh, the mean in the
 * element type, and the rest, mean - mh. The difference x - mh is exact near the mean, and b contains the rest. So a
 * constant channel gives exactly the bias.
 */
export function foldForward(
  plan: Plan,
  mean: Float64Array,
  variance: Float64Array,
  weight: FloatArray | null,
  bias: FloatArray | null,
): ForwardTable {
  const single = plan.dtype === 'float32'
  const table = { mh: column(plan), a: column(plan), b: column(plan) }
  for (let n = 0; n < tableSamples(plan); n++) {
    for (let c = 0; c < plan.channels; c++) {
      const entry = n * plan.channels + c
      const slot = slotOf(plan, n, c)
      const gamma = weight === null ? 1 : weight[c]
      const beta = bias === null ? 0 : bias[c]
      const rstd = rstdOf(variance[slot], plan.eps)
      const mh = round(mean[slot], single)
      table.mh[entry] = mh
      table.a[entry] = rstd * gamma
      table.b[entry] = beta - (mean[slot] - mh) * rstd * gamma
    }
  }
  return table
}

/**
 * The part of a BackwardTable that the sums of a backward pass need: mh and r of xr = (x - mh) * r. Also a = weight *
 * rstd.
 */
export function foldSums(
  plan: Plan,
  mean: Float64Array,
  variance: Float64Array,
  weight: FloatArray | null,
): BackwardTable {
  const single = plan.dtype === 'float32'
  const table = { mh: column(plan), r: column(plan), a: column(plan), k2: column(plan), k1: column(plan) }
  for (let n = 0; n < tableSamples(plan); n++) {
    for (let c = 0; c < plan.channels; c++) {
      const entry = n * plan.channels + c
      const slot = slotOf(plan, n, c)
      const rstd = rstdOf(variance[slot], plan.eps)
      table.mh[entry] = round(mean[slot], single)
      table.r[entry] = rstd
      table.a[entry] = rstd * (weight === null ? 1 : weight[c])
    }
  }
  return table
}

/** The difference xhat - xr, in float64. It comes from the part of the mean that is not in mh. */
export function meanRest(mean: number, rstd: number, single: boolean): number {
  return -(mean - round(mean, single)) * rstd
}

/**
 * Adds k2 and k1 to a BackwardTable. dx = rstd * (weight * dy - G1 / count - xhat * G2 / count). G1 and G2 are the
 * sums in `merged`.
 */
export function foldBackward(
  plan: Plan,
  table: BackwardTable,
  merged: GradientSums,
  mean: Float64Array,
  variance: Float64Array,
): void {
  const single = plan.dtype === 'float32'
  for (let n = 0; n < tableSamples(plan); n++) {
    for (let c = 0; c < plan.channels; c++) {
      const entry = n * plan.channels + c
      const slot = slotOf(plan, n, c)
      const rstd = rstdOf(variance[slot], plan.eps)
      const rest = meanRest(mean[slot], rstd, single)
      const g2 = merged.sum2[slot]
      const g1 = plan.centred ? merged.sum1[slot] + rest * g2 : 0
      table.k2[entry] = -(rstd * (g2 / plan.count))
      table.k1[entry] = -(rstd * (g1 / plan.count))
    }
  }
}
