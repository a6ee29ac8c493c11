import { fail } from '../errors.js'

/**
 * What a moving statistic is after a batch: momentum * old + (1 - momentum) * batch, in float64 and rounded once.
 *
 * @throws EvenkeelError where that is not finite; `name` is the statistic's.
 */
export function updateAverage(
  who: string,
  name: string,
  old: Float32Array,
  batch: Float64Array,
  momentum: number,
): Float32Array {
  return old.map((value, channel) => {
    const next = Math.fround(momentum * value + (1 - momentum) * batch[channel])
    if (Number.isFinite(next)) return next
    return fail(
      'EVENKEEL_STATISTICS',
      who,
      `${name} of channel ${channel} would go from ${value} to ${next}, as the batch's is ${batch[channel]}; ` +
        'both moving statistics were left as they are',
      'look for NaN, Infinity or numbers above 1e19 in the input, or a learning rate that is too high',
    )
  })
}

/** Throws where a moving variance is negative or NaN, so that there is no root of it. */
export function checkMovingVariance(who: string, variance: Float32Array): void {
  const bad = variance.findIndex((value) => !(value >= 0))
  if (bad < 0) return
  const problem = `moving_variance must be 0 or more, got ${variance[bad]} in channel ${bad}`
  const remedy = 'set it with setWeights, to variances, not standard deviations or logarithms'
  fail('EVENKEEL_STATISTICS', who, problem, remedy)
}
