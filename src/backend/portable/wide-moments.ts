import type { Plan } from '../../engine/plan.js'
import type { MomentsBuffers } from '../backend.js'
import { varianceOf } from './merge.js'
import { areOrdinaryStatistics } from './ranges.js'
import { foldElements, m2Of, meanOf, type Slot } from './wide.js'

// The moments of the slots that take the wide route.

/**
 * Computes the moments of each slot that is not ordinary again, in float64. Skips a slot that has an element which is
 * not finite.
 */
export function replaceMoments(plan: Plan, { x, mean, m2 }: MomentsBuffers): void {
  for (let index = 0; index < plan.slots; index++) {
    const variance = varianceOf(plan.count, m2[index])
    if (areOrdinaryStatistics(plan.dtype, mean[index], variance, plan.eps)) continue
    const fold = foldElements(plan, x, slotAt(plan, index))
    if (fold === null) continue
    mean[index] = meanOf(fold)
    m2[index] = m2Of(fold)
  }
}

export function slotAt(plan: Plan, index: number): Slot {
  return plan.pattern === 'rows' ? slotOfRow(plan, index) : slotOfChannels(plan, index)
}

function slotOfRow({ spatial }: Plan, i: number): Slot {
  const one = { parameter: 0, lines: 1, apart: 0, stride: 1, perLine: 0, perElement: 1 }
  return { ...one, start: i * spatial, length: spatial }
}

/**
 * A slot of planes or columns. In scope group, each of its lines is a channel. In scope batch, each line is a sample.
 */
function slotOfChannels(plan: Plan, index: number): Slot {
  const { pattern, scope, samples, channels, spatial, groups } = plan
  const batch = scope === 'batch'
  const planes = pattern === 'planes'
  const lines = batch ? samples : channels / groups
  const sample = batch ? 0 : Math.floor(index / groups)
  const parameter = batch ? index : (index % groups) * lines
  return {
    start: sample * channels * spatial + parameter * (planes ? spatial : 1),
    parameter,
    lines,
    length: spatial,
    apart: batch ? channels * spatial : planes ? spatial : 1,
    stride: planes ? 1 : channels,
    perLine: batch ? 0 : 1,
    perElement: 0,
  }
}
