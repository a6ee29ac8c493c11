import type { Plan } from '../../engine/plan.js'
import type {
  ApplyBuffers,
  ApplyGradientBuffers,
  Backend,
  BackwardBuffers,
  GradientSumsBuffers,
  MomentsBuffers,
} from '../backend.js'
import { type BackwardTable, type ForwardTable, foldBackward, foldForward, foldSums } from './fold.js'
import { addParameterGradients, correctSums } from './gradients.js'
import { type GradientSums, mergeGradients, newSums } from './merge.js'
import { replaceMoments } from './wide-moments.js'
import { forwardAside, gradientAside, putAside, replaceSums } from './wide-slots.js'

/** The reduce and map of a pattern with channels: planes or columns. */
export interface ChannelPattern {
  /** Writes io.mean and io.m2. */
  moments(plan: Plan, io: MomentsBuffers): void
  map(plan: Plan, io: ApplyBuffers, table: ForwardTable): void
  /** The sums of dy and of dy * (x - mh) * r, [N, C] each. */
  gradientSums(plan: Plan, io: Pick<BackwardBuffers, 'dy' | 'x'>, table: BackwardTable): GradientSums
  mapGradient(plan: Plan, io: ApplyGradientBuffers, table: BackwardTable): void
}

export function passesOf(pattern: ChannelPattern): Omit<Backend, 'name' | 'forward' | 'extrema'> {
  return {
    moments: (plan, io) => moments(pattern, plan, io),
    apply: (plan, io) => apply(pattern, plan, io),
    gradientSums: (plan, io) => gradientSums(pattern, plan, io),
    applyGradient: (plan, io) => applyGradient(pattern, plan, io, null),
    backward: (plan, io) => backward(pattern, plan, io),
  }
}

/** reduce -> merge */
function moments(pattern: ChannelPattern, plan: Plan, io: MomentsBuffers): void {
  pattern.moments(plan, io)
  replaceMoments(plan, io)
}

/** fold -> map */
function apply(pattern: ChannelPattern, plan: Plan, io: ApplyBuffers): void {
  const table = foldForward(plan, io.mean, io.variance, io.weight, io.bias)
  const wide = forwardAside(plan, io, table)
  pattern.map(plan, io, table)
  putAside(wide, io.y)
}

/** reduce -> merge */
function gradientSums(pattern: ChannelPattern, plan: Plan, io: GradientSumsBuffers): void {
  const sums = reduceGradients(pattern, plan, io)
  if (sums !== null) addParameterGradients(plan, io, sums)
}

/** Writes io.sum1 and io.sum2. Returns the sums of each entry, or null if no sums are needed. */
function reduceGradients(pattern: ChannelPattern, plan: Plan, io: GradientSumsBuffers): GradientSums | null {
  io.sum1.fill(0)
  io.sum2.fill(0)
  const needsSums = !plan.given || io.dweight !== null || io.dbias !== null
  if (!needsSums) return null
  const table = foldSums(plan, io.mean, io.variance, io.weight)
  const sums = correctSums(plan, io, pattern.gradientSums(plan, io, table))
  if (!plan.given) {
    mergeGradients(plan, sums, io.weight, io)
    foldBackward(plan, table, io, io.mean, io.variance)
  }
  replaceSums(plan, io, table, sums)
  return sums
}

/**
 * fold -> map. If there are `sums`, the parameters' gradients are added after the fold. Nothing is allocated after
 * that, so nothing can fail.
 */
function applyGradient(
  pattern: ChannelPattern,
  plan: Plan,
  io: ApplyGradientBuffers & Partial<BackwardBuffers>,
  sums: GradientSums | null,
): void {
  const table = foldSums(plan, io.mean, io.variance, io.weight)
  if (!plan.given) foldBackward(plan, table, io, io.mean, io.variance)
  const wide = gradientAside(plan, io, table)
  if (sums !== null) addParameterGradients(plan, io, sums)
  pattern.mapGradient(plan, io, table)
  putAside(wide, io.dx)
}

/** reduce -> merge -> fold -> map */
function backward(pattern: ChannelPattern, plan: Plan, io: BackwardBuffers): void {
  const buffers = { ...io, ...newSums(plan.slots) }
  applyGradient(pattern, plan, buffers, reduceGradients(pattern, plan, buffers))
}
