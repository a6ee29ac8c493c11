import type { Plan } from '../../engine/plan.js'
import type { FloatArray } from '../../tensor.js'
import type { BackwardBuffers, ForwardBuffers } from '../backend.js'
import { areOrdinaryStatistics } from './ranges.js'
import {
  foldElements,
  foldGiven,
  mapWide,
  mapWideGradient,
  meanOf,
  type Slot,
  sumLine,
  varianceOfFold,
  type WideFold,
} from './wide.js'

// The rows that take the wide route.

function slotOfRow({ spatial }: Plan, i: number): Slot {
  const one = { parameter: 0, lines: 1, apart: 0, stride: 1, perLine: 0, perElement: 1 }
  return { ...one, start: i * spatial, length: spatial }
}

function foldWideRow(plan: Plan, io: ForwardBuffers | BackwardBuffers, i: number): WideFold | null {
  if (plan.given) return foldGiven(io.mean[i], io.variance[i], plan.eps)
  return foldElements(plan, io.x, slotOfRow(plan, i))
}

/** The wide route of a row; false where a number of it is not finite, and nothing was done. */
export function mapWideRow(plan: Plan, io: ForwardBuffers, i: number): boolean {
  const fold = foldWideRow(plan, io, i)
  if (fold === null) return false
  if (!plan.given) {
    io.mean[i] = meanOf(fold)
    io.variance[i] = varianceOfFold(fold)
  }
  const slot = slotOfRow(plan, i)
  mapWide(io.x, slot, io.y, slot, io.weight, io.bias, fold)
  return true
}

/** The same for its gradient; dweight, dbias: what its part of the columns' sums is added to, or null. */
export function mapWideGradientRow(
  plan: Plan,
  io: BackwardBuffers,
  i: number,
  dweight: FloatArray | null,
  dbias: FloatArray | null,
): boolean {
  const { given, centred, spatial } = plan
  const fold = foldWideRow(plan, io, i)
  if (fold === null) return false
  const { dy, x, dx, weight } = io
  const slot = slotOfRow(plan, i)
  const { s1, s2 } = sumLine(dy, x, slot, 0, weight, fold)
  // Only the sums are to blame, and float64 has none either: then T gives the same Infinity or NaN.
  const folds = areOrdinaryStatistics(plan.dtype, io.mean[i], io.variance[i], plan.eps)
  if (folds && !(Number.isFinite(s1) && Number.isFinite(s2))) return false
  const gradient = { fold, given, g1: centred ? s1 / spatial : 0, g2: s2 / spatial }
  mapWideGradient(dy, x, slot, dx, slot, weight, gradient, dweight, dbias)
  return true
}
