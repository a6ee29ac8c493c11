import { fail } from '../errors.js'

/**
 * The moving statistic after a batch: momentum * old + (1 - momentum) * batch, in float64 and rounded once.
 *
 * @param name the name of the statistic.
 * @throws EvenkeelError if the result is not finite.
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
      `${name} of channel ${channel} would go from ${value} to ${next}, because it is ${batch[channel]} in this batch; ` +
        'both moving statistics are unchanged',
      'look for NaN, Infinity or numbers above 1e19 in the input, or a learning rate that is too high',
    )
  })
}

/** Throws if a moving variance is negative or NaN, because it has no square root. */
export function checkMovingVariance(who: string, variance: Float32Array): void {
  const bad = variance.findIndex((value) => !(value >= 0))
  if (bad < 0) return
  const problem = `moving_variance must be 0 or more, got ${variance[bad]} in channel ${bad}`
  const remedy = 'set it with setWeights to variances, not to standard deviations or logarithms'
  fail('EVENKEEL_STATISTICS', who, problem, remedy)
}
