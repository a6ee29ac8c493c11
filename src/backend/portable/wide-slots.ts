import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'
import type { ApplyBuffers, ApplyGradientBuffers, GradientSumsBuffers } from '../backend.js'
import type { BackwardTable, ForwardTable } from './fold.js'
import type { GradientSums } from './merge.js'
import { areOrdinaryStatistics, isOrdinaryGradient, isOrdinaryScale } from './ranges.js'
import {
  foldElements,
  foldGiven,
  mapWide,
  mapWideGradient,
  type Slot,
  type Sums,
  sumLine,
  type WideFold,
} from './wide.js'
import { slotAt } from './wide-moments.js'

/** The arrays that all passes have, except moments. */
type Known = Pick<ApplyBuffers, 'x' | 'weight' | 'mean' | 'variance'>

// The slots of planes and columns that take the wide route. The map of the ordinary route maps all slots, and may
// overwrite the operands. So the results of these slots are computed into separate arrays before the map, and copied
// into the result after it.

/** The results of one slot, in a separate array, line after line. */
interface Aside {
  readonly slot: Slot
  readonly values: FloatArray
}

/** Computes y of the slots that are not ordinary. */
export function forwardAside(plan: Plan, io: ApplyBuffers, table: ForwardTable): Aside[] {
  return aside(plan, (index, slot) => {
    if (isOrdinary(plan, io, table, index, slot)) return null
    const fold = foldOf(plan, io, index, slot)
    if (fold === null) return null
    const values = newArray(plan.dtype, plan.count)
    mapWide(io.x, slot, values, alone(slot), io.weight, io.bias, fold)
    return values
  })
}

/**
 * Computes the sums again, in float64, for each slot that is not ordinary or whose sums are not ordinary. These are
 * the sums of dy and of dy * xhat of each line, and the sums of the slot.
 */
export function replaceSums(
  plan: Plan,
  io: GradientSumsBuffers,
  table: BackwardTable,
  sums: GradientSums,
): void {
  for (let index = 0; index < plan.slots; index++) {
    const slot = slotAt(plan, index)
    // If k2 and k1 are ordinary, the sums that they are computed from are finite.
    const gradient = plan.given
      ? areFinite(plan, sums, index, slot)
      : hasOrdinaryGradient(plan, table, index, slot)
    if (gradient && isOrdinary(plan, io, table, index, slot)) continue
    const fold = foldOf(plan, io, index, slot)
    if (fold === null) continue
    const { s1, s2 } = sumSlot(plan, io, index, slot, fold, sums)
    if (plan.given) continue
    io.sum1[index] = s1
    io.sum2[index] = s2
  }
}

/** Computes dx of the slots that are not ordinary or whose sums are not ordinary. */
export function gradientAside(plan: Plan, io: ApplyGradientBuffers, table: BackwardTable): Aside[] {
  const { dtype, given, count, centred } = plan
  return aside(plan, (index, slot) => {
    const s1 = io.sum1[index]
    const s2 = io.sum2[index]
    if (isOrdinary(plan, io, table, index, slot)) {
      if (given || hasOrdinaryGradient(plan, table, index, slot)) return null
      // Only the sums are not ordinary, and float64 cannot hold them either. Then the ordinary route gives the same
      // Infinity or NaN.
      if (!(Number.isFinite(s1) && Number.isFinite(s2))) return null
    }
    const fold = foldOf(plan, io, index, slot)
    if (fold === null) return null
    const values = newArray(dtype, count)
    const numbers = { fold, given, g1: centred ? s1 / count : 0, g2: s2 / count }
    mapWideGradient(io.dy, io.x, slot, values, alone(slot), io.weight, numbers)
    return values
  })
}

/** Copies the results of the slots into y or dx. */
export function putAside(list: readonly Aside[], into: FloatArray): void {
  for (const { slot, values } of list) {
    for (let i = 0; i < slot.lines; i++) {
      for (let j = 0; j < slot.length; j++) {
        into[slot.start + i * slot.apart + j * slot.stride] = values[i * slot.length + j]
      }
    }
  }
}

function aside(plan: Plan, results: (index: number, slot: Slot) => FloatArray | null): Aside[] {
  const list: Aside[] = []
  for (let index = 0; index < plan.slots; index++) {
    const slot = slotAt(plan, index)
    const values = results(index, slot)
    if (values !== null) list.push({ slot, values })
  }
  return list
}

/** The same slot in an array of its own, in which its lines lie one after another. */
function alone(slot: Slot): Slot {
  return { ...slot, start: 0, apart: slot.length, stride: 1 }
}

/** The index of a line's entry in the tables. */
function tableEntry({ scope, channels, groups }: Plan, index: number, slot: Slot, line: number): number {
  if (scope === 'batch') return index
  return Math.floor(index / groups) * channels + slot.parameter + line
}

function isOrdinary(
  plan: Plan,
  { mean, variance, weight }: Known,
  { a }: ForwardTable | BackwardTable,
  index: number,
  slot: Slot,
): boolean {
  if (!areOrdinaryStatistics(plan.dtype, mean[index], variance[index], plan.eps)) return false
  for (let line = 0; line < slot.lines; line++) {
    const gamma = weight === null ? 1 : weight[slot.parameter + line * slot.perLine]
    if (!isOrdinaryScale(plan.dtype, a[tableEntry(plan, index, slot, line)], gamma)) return false
  }
  return true
}

function hasOrdinaryGradient(plan: Plan, { k2, k1 }: BackwardTable, index: number, slot: Slot): boolean {
  const entry = tableEntry(plan, index, slot, 0)
  return isOrdinaryGradient(plan.dtype, k2[entry], k1[entry])
}

function areFinite(plan: Plan, { sum1, sum2 }: GradientSums, index: number, slot: Slot): boolean {
  for (let line = 0; line < slot.lines; line++) {
    const entry = tableEntry(plan, index, slot, line)
    if (!Number.isFinite(sum1[entry]) || !Number.isFinite(sum2[entry])) return false
  }
  return true
}

/**
 * The fold of a slot. Null if an element or a given statistic of the slot is not finite. Then the slot takes the
 * ordinary route.
 */
function foldOf(plan: Plan, { x, mean, variance }: Known, index: number, slot: Slot): WideFold | null {
  if (plan.given) return foldGiven(mean[index], variance[index], plan.eps)
  return foldElements(plan, x, slot)
}

/**
 * Writes the sums of each entry of the slot. Returns the sums of weight * dy and of weight * dy * xhat over the slot.
 */
function sumSlot(
  plan: Plan,
  { dy, x, weight }: GradientSumsBuffers,
  index: number,
  slot: Slot,
  fold: WideFold,
  sums: GradientSums,
): Sums {
  const total = { s1: 0, s2: 0 }
  for (let line = 0; line < slot.lines; line++) {
    const entry = tableEntry(plan, index, slot, line)
    sums.sum1[entry] = 0
    sums.sum2[entry] = 0
  }
  for (let line = 0; line < slot.lines; line++) {
    const { s1, s2 } = sumLine(dy, x, slot, line, null, fold)
    const entry = tableEntry(plan, index, slot, line)
    sums.sum1[entry] += s1
    sums.sum2[entry] += s2
    const gamma = weight === null ? 1 : weight[slot.parameter + line * slot.perLine]
    total.s1 += gamma * s1
    total.s2 += gamma * s2
  }
  return total
}
