import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'
import { round } from './arithmetic.js'
import { type GradientSums, slotOf, tableSamples } from './merge.js'

export function rstdOf(variance: number, eps: number): number {
  return 1 / Math.sqrt(variance + eps)
}

/** y = (x - mh) * a + b, per sample and channel [N, C], or per channel [C] where the batch shares them. */
export interface ForwardTable {
  readonly mh: FloatArray
  readonly a: FloatArray
  readonly b: FloatArray
}

/** dx = (dy * a + ((x - mh) * r) * k2) + k1, over the same entries as a ForwardTable. */
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
 * Statistics and affine parameters, folded to three numbers per entry. The mean is a pair, mh + (mean - mh): the
 * difference x - mh is exact near the mean, and what mh lacks is in b. Then a constant channel gives exactly bias.
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

/** What the sums of a backward pass are taken with: xr = (x - mh) * r. a is weight * rstd. */
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

/** xhat = xr + this, in float64: what mh lacks of the mean. */
export function meanRest(mean: number, rstd: number, single: boolean): number {
  return -(mean - round(mean, single)) * rstd
}

/** Completes a BackwardTable: dx = rstd * (weight * dy - G1 / count - xhat * G2 / count), G1 and G2 being `merged`. */
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
