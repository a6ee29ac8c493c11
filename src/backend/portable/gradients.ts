import type { Plan } from '../../engine/plan.js'
import type { BackwardBuffers } from '../backend.js'
import { meanRest, rstdOf } from './fold.js'
import { type GradientSums, slotOf, tableSamples } from './merge.js'

/**
 * Converts the sums of dy * xr to the sums of dy * xhat, in place. xhat = xr + rest, and the rest comes from the part
 * of the mean that is not in mh.
 */
export function correctSums(
  plan: Plan,
  io: Pick<BackwardBuffers, 'mean' | 'variance'>,
  sums: GradientSums,
): GradientSums {
  const single = plan.dtype === 'float32'
  for (let n = 0; n < tableSamples(plan); n++) {
    for (let c = 0; c < plan.channels; c++) {
      const entry = n * plan.channels + c
      const slot = slotOf(plan, n, c)
      const rest = meanRest(io.mean[slot], rstdOf(io.variance[slot], plan.eps), single)
      sums.sum2[entry] += rest * sums.sum1[entry]
    }
  }
  return sums
}

/**
 * Adds the gradients of weight (the sum of dy * xhat) and bias (the sum of dy) to dweight and dbias. The samples are
 * added up in float64.
 */
export function addParameterGradients(
  plan: Plan,
  { dweight = null, dbias = null }: Partial<Pick<BackwardBuffers, 'dweight' | 'dbias'>>,
  sums: GradientSums,
): void {
  for (let c = 0; c < plan.channels; c++) {
    let s1 = 0
    let s2 = 0
    for (let n = 0; n < tableSamples(plan); n++) {
      s1 += sums.sum1[n * plan.channels + c]
      s2 += sums.sum2[n * plan.channels + c]
    }
    if (dweight !== null) dweight[c] += s2
    if (dbias !== null) dbias[c] += s1
  }
}
