import type { Plan } from '../../plan.js'
import type { BackwardBuffers, ForwardBuffers } from '../backend.js'
import { type BackwardTable, type ForwardTable, foldBackward, foldForward, foldSums } from './fold.js'
import { addParameterGradients, correctSums } from './gradients.js'
import { type GradientSums, mergeGradients } from './merge.js'

/** Reduce and map of a pattern whose elements belong to channels: planes, columns. */
export interface ChannelPattern {
  /** Fills io.mean and io.variance. */
  moments(plan: Plan, io: ForwardBuffers): void
  map(plan: Plan, io: ForwardBuffers, table: ForwardTable): void
  /** [N, C] each: of dy, and of dy * (x - mh) * r. */
  gradientSums(plan: Plan, io: BackwardBuffers, table: BackwardTable): GradientSums
  mapGradient(plan: Plan, io: BackwardBuffers, table: BackwardTable): void
}

/** reduce -> merge -> fold -> map */
export function forward(pattern: ChannelPattern, plan: Plan, io: ForwardBuffers): void {
  if (!plan.given) pattern.moments(plan, io)
  pattern.map(plan, io, foldForward(plan, io.mean, io.variance, io.weight, io.bias))
}

/** reduce -> merge -> fold -> map; no sums where statistics are given and no parameter wants a gradient. */
export function backward(pattern: ChannelPattern, plan: Plan, io: BackwardBuffers): void {
  const table = foldSums(plan, io.mean, io.variance, io.weight)
  if (!plan.given || io.dweight !== null || io.dbias !== null) {
    const sums = correctSums(plan, io, pattern.gradientSums(plan, io, table))
    if (!plan.given) foldBackward(plan, table, mergeGradients(plan, sums, io.weight), io.mean, io.variance)
    addParameterGradients(plan, io, sums)
  }
  pattern.mapGradient(plan, io, table)
}
