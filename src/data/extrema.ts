import { runReduction } from '../engine/call.js'
import { planBatch } from '../engine/plan.js'
import { dtypeOf, newArray, type Tensor } from '../tensor.js'
import { NO_EPS } from './scale.js'

/**
 * The least and the greatest value of each channel, [C], of x [N, C] or [N, C, S]. NaN is skipped. Without values they
 * are Infinity and -Infinity.
 */
export function extremaOf({ data, shape }: Tensor): { min: Float64Array; max: Float64Array } {
  // `given`, so that one sample is enough.
  const plan = planBatch('extremaOf', shape, dtypeOf(data), { eps: NO_EPS, given: true })
  const list = () => newArray('float64', plan.slots) as Float64Array
  const [min, max] = [list(), list()]
  runReduction('extrema', plan, data, min, max)
  return { min, max }
}
