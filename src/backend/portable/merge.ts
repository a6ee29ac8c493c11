import type { Plan } from '../../engine/plan.js'

/** The moments of some elements: their count, their mean, and the sum of squared differences from the mean. */
export interface Moments {
  count: number
  mean: number
  m2: number
}

export function emptyMoments(): Moments {
  return { count: 0, mean: 0, m2: 0 }
}

export function clear(entry: Moments): void {
  entry.count = 0
  entry.mean = 0
  entry.m2 = 0
}

/** The biased variance. 0 if there are no elements, so that an extent of 0 does not make a gradient NaN. */
export function varianceOf(count: number, m2: number): number {
  return count > 0 ? m2 / count : 0
}

/** Merges the moments of more elements into `into` (Chan, Golub and LeVeque 1979, Updating formulae). */
export function merge(into: Moments, count: number, mean: number, m2: number): void {
  if (count === 0) return
  if (into.count === 0) {
    into.count = count
    into.mean = mean
    into.m2 = m2
    return
  }
  const before = into.count
  const total = before + count
  const share = count / total
  const delta = mean - into.mean
  into.mean += delta * share
  into.m2 += m2 + delta * delta * before * share
  into.count = total
}

/**
 * Merges the moments of parts that have the same count. It loops over the parts twice, so that it needs no division
 * for each part. If there is one part, that part is returned.
 */
export function mergeEquals(parts: readonly Moments[]): Moments {
  if (parts.length === 1) return parts[0]
  const { count, mean: first } = parts[0]
  // The mean of the parts is computed relative to the first one. So it is exact if all means are equal.
  let apart = 0
  for (const { mean } of parts) apart += mean - first
  const mean = first + apart / parts.length
  let within = 0
  let between = 0
  for (const part of parts) {
    const delta = part.mean - mean
    within += part.m2
    between += delta * delta
  }
  return { count: count * parts.length, mean, m2: within + count * between }
}

/** The slot of channel c of sample n. */
export function slotOf(plan: Plan, n: number, c: number): number {
  if (plan.scope === 'batch') return c
  const channelsPerGroup = plan.channels / plan.groups
  return n * plan.groups + Math.floor(c / channelsPerGroup)
}

/**
 * How many samples have their own entries in a table. In scope batch this is 1, because all samples share the entries.
 */
export function tableSamples(plan: Plan): number {
  return plan.scope === 'batch' ? 1 : plan.samples
}

/** The sums of a backward pass for each entry of a table: of dy, and of dy * (x - mh) * r. */
export interface GradientSums {
  readonly sum1: Float64Array
  readonly sum2: Float64Array
}

export function newSums(length: number): GradientSums {
  return { sum1: new Float64Array(length), sum2: new Float64Array(length) }
}

/** Adds the sums of weight * dy and of weight * dy * xhat of each slot to `into`, [slots] each. */
export function mergeGradients(
  plan: Plan,
  sums: GradientSums,
  weight: ArrayLike<number> | null,
  into: GradientSums,
): void {
  for (let n = 0; n < tableSamples(plan); n++) {
    for (let c = 0; c < plan.channels; c++) {
      const entry = n * plan.channels + c
      const slot = slotOf(plan, n, c)
      const gamma = weight === null ? 1 : weight[c]
      into.sum1[slot] += gamma * sums.sum1[entry]
      into.sum2[slot] += gamma * sums.sum2[entry]
    }
  }
}
