import type { Plan } from '../../engine/plan.js'
import type { BackwardBuffers, ForwardBuffers } from '../backend.js'
import { type BackwardTable, type ForwardTable, foldBackward, foldForward, foldSums } from './fold.js'
import { addParameterGradients, correctSums } from './gradients.js'
import { type GradientSums, mergeGradients } from './merge.js'
import { backwardAside, forwardAside, putAside } from './wide-slots.js'

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
  const table = foldForward(plan, io.mean, io.variance, io.weight, io.bias)
  const wide = forwardAside(plan, io, table)
  pattern.map(plan, io, table)
  putAside(wide, io.y)
}

/** reduce -> merge -> fold -> map; no sums where statistics are given and no parameter wants a gradient. */
export function backward(pattern: ChannelPattern, plan: Plan, io: BackwardBuffers): void {
  const table = foldSums(plan, io.mean, io.variance, io.weight)
  const needsSums = !plan.given || io.dweight !== null || io.dbias !== null
  const sums = needsSums ? correctSums(plan, io, pattern.gradientSums(plan, io, table)) : null
  if (sums !== null && !plan.given)
    foldBackward(plan, table, mergeGradients(plan, sums, io.weight), io.mean, io.variance)
  const wide = backwardAside(plan, io, table, sums)
  if (sums !== null) addParameterGradients(plan, io, sums)
  pattern.mapGradient(plan, io, table)
  putAside(wide, io.dx)
}
