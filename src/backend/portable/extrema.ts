import type { Plan } from '../../engine/plan.js'
import type { ExtremaBuffers } from '../backend.js'
import { slotOf } from './merge.js'

/** The least and the greatest value of each slot. A comparison with NaN is false, so that NaN is skipped. */
export function extrema(plan: Plan, { x, min, max }: ExtremaBuffers): void {
  min.fill(Number.POSITIVE_INFINITY)
  max.fill(Number.NEGATIVE_INFINITY)
  if (plan.size === 0) return
  const { samples, channels, spatial } = plan
  // x is [samples, outer, channels, inner]. Rows are planes of one channel.
  const [outer, inner] = plan.pattern === 'columns' ? [spatial, 1] : [1, spatial]
  const slotsOfSample = Int32Array.from({ length: channels }, (_, c) => slotOf(plan, 0, c))
  let i = 0
  for (let n = 0; n < samples; n++) {
    const first = slotOf(plan, n, 0)
    for (let position = 0; position < outer; position++) {
      for (let c = 0; c < channels; c++) {
        const slot = first + slotsOfSample[c]
        for (const end = i + inner; i < end; i++) {
          if (x[i] < min[slot]) min[slot] = x[i]
          if (x[i] > max[slot]) max[slot] = x[i]
        }
      }
    }
  }
  // -0 becomes 0, because which of two zeroes is met first depends on the order.
  for (let slot = 0; slot < min.length; slot++) {
    min[slot] += 0
    max[slot] += 0
  }
}
