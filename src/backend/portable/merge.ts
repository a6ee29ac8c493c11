import type { Plan } from '../../engine/plan.js'

/** Statistics of some values: how many, their mean, and the sum of squared differences from it. */
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

/** The biased variance; 0 of no values, so that a space of extent 0 spoils no gradient. */
export function varianceOf({ count, m2 }: Moments): number {
  return count > 0 ? m2 / count : 0
}

/** Joins the statistics of more values to `into`. Chan, Golub, LeVeque 1979: Updating formulae. */
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

/** The statistics of parts of equal count, in two passes over theirs: without a division a part. One part is the whole. */
export function mergeEquals(parts: readonly Moments[]): Moments {
  if (parts.length === 1) return parts[0]
  const { count, mean: first } = parts[0]
  // The parts' mean, from the first one's on: exact where all are the same.
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

/** The slot whose statistics sample n and channel c share. */
export function slotOf(plan: Plan, n: number, c: number): number {
  if (plan.scope === 'batch') return c
  const channelsPerGroup = plan.channels / plan.groups
  return n * plan.groups + Math.floor(c / channelsPerGroup)
}

/** The sums of a backward pass per sample and channel: of dy, and of dy * (x - mh) * r. [N, C] each. */
export interface GradientSums {
  readonly sum1: Float64Array
  readonly sum2: Float64Array
}

/** The same per slot, weighted: of weight * dy, and of weight * dy * xhat. [slots] each. */
export function mergeGradients(
  plan: Plan,
  sums: GradientSums,
  weight: ArrayLike<number> | null,
): GradientSums {
  const merged = { sum1: new Float64Array(plan.slots), sum2: new Float64Array(plan.slots) }
  for (let n = 0; n < plan.samples; n++) {
    for (let c = 0; c < plan.channels; c++) {
      const entry = n * plan.channels + c
      const slot = slotOf(plan, n, c)
      const gamma = weight === null ? 1 : weight[c]
      merged.sum1[slot] += gamma * sums.sum1[entry]
      merged.sum2[slot] += gamma * sums.sum2[entry]
    }
  }
  return merged
}
