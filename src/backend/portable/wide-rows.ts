import type { Plan } from '../../engine/plan.js'
import type { ApplyBuffers, ApplyGradientBuffers } from '../backend.js'
import { areOrdinaryStatistics } from './ranges.js'
import {
  foldElements,
  foldGiven,
  mapWide,
  mapWideGradient,
  sumLine,
  type WideFold,
  type WideGradient,
} from './wide.js'
import { slotAt } from './wide-moments.js'

// The rows that take the wide route. If a number of a row is not finite, these functions return null or false. Then the
// row takes the ordinary route.

const NO_SUMS = { s1: 0, s2: 0 }

function foldWideRow(
  plan: Plan,
  { x, mean, variance }: Pick<ApplyBuffers, 'x' | 'mean' | 'variance'>,
  i: number,
): WideFold | null {
  if (plan.given) return foldGiven(mean[i], variance[i], plan.eps)
  return foldElements(plan, x, slotAt(plan, i))
}

export function mapWideRow(plan: Plan, io: ApplyBuffers, i: number): boolean {
  const fold = foldWideRow(plan, io, i)
  if (fold === null) return false
  const slot = slotAt(plan, i)
  mapWide(io.x, slot, io.y, slot, io.weight, io.bias, fold)
  return true
}

/**
 * The numbers that map the gradient of a row that is not ordinary. Its sums are computed anew. Null if the ordinary
 * route is right.
 */
export function foldWideGradientRow(
  plan: Plan,
  io: Omit<ApplyGradientBuffers, 'dx'>,
  i: number,
): WideGradient | null {
  const { given, centred, spatial } = plan
  const fold = foldWideRow(plan, io, i)
  if (fold === null) return null
  const { s1, s2 } = given ? NO_SUMS : sumLine(io.dy, io.x, slotAt(plan, i), 0, io.weight, fold)
  // Only the sums are not ordinary, and float64 cannot hold them either. Then the ordinary route gives the same
  // Infinity or NaN.
  const folds = areOrdinaryStatistics(plan.dtype, io.mean[i], io.variance[i], plan.eps)
  if (folds && !(Number.isFinite(s1) && Number.isFinite(s2))) return null
  return { fold, given, g1: centred ? s1 / spatial : 0, g2: s2 / spatial }
}

/** dx of a row. */
export function mapWideGradientRow(
  plan: Plan,
  io: ApplyGradientBuffers,
  i: number,
  gradient: WideGradient,
): void {
  const slot = slotAt(plan, i)
  mapWideGradient(io.dy, io.x, slot, io.dx, slot, io.weight, gradient)
}
