import type { Plan } from '../../engine/plan.js'
import type { FloatArray } from '../../tensor.js'
import { rstdOf } from './fold.js'

// The wide route, for a slot whose numbers are out of the range of the arithmetic in the element type (ranges.ts). It
// computes in float64, one element after another. If float64 needs it, the elements are scaled by a power of two.
// native/base/wide.cc has the same lines.

/**
 * Where the elements of a slot lie. Element j of line i lies at start + i * apart + j * stride. The index of its
 * weight and bias is parameter + i * perLine + j * perElement.
 */
export interface Slot {
  readonly start: number
  readonly parameter: number
  readonly lines: number
  readonly length: number
  readonly apart: number
  readonly stride: number
  readonly perLine: number
  readonly perElement: number
}

/** xhat = ((x * unit - mean) - rest) * scale. scale * unit is 1 / sqrt(variance + eps). unit is a power of two. */
export interface WideFold {
  readonly unit: number
  readonly mean: number
  readonly rest: number
  readonly scale: number
  /** m2 of x * unit. 0 if the statistics are given, because it is not needed then. */
  readonly m2: number
}

/**
 * dx = ((g - g1) - xhat * g2) * (scale * unit) with g = dy * weight. If the statistics are given, dx = g * (scale *
 * unit).
 */
export interface WideGradient {
  readonly fold: WideFold
  readonly given: boolean
  readonly g1: number
  readonly g2: number
}

/** Values of this size or larger are scaled down, so that no sum of their squares overflows. */
const LARGE = 2 ** 480
const LARGE_UNIT = 2 ** -540
/**
 * Smaller values are scaled up, so that no square underflows. This is not done if eps is so large that the squares do
 * not matter.
 */
const SMALL = 2 ** -400
const SMALL_UNIT = 2 ** 500
/**
 * If a given mean has this size or is larger, x and the mean are multiplied by 1/4, because their difference could
 * overflow.
 */
const LARGE_MEAN = 2 ** 970
const QUARTER = 0.25

/** A sum that also adds up its rounding errors (Knuth's TwoSum). Its total is exact except for one or two roundings. */
class Sum {
  private high = 0
  private low = 0

  add(value: number): void {
    const sum = this.high + value
    const part = sum - this.high
    this.low += this.high - (sum - part) + (value - part)
    this.high = sum
  }

  total(): number {
    return this.high + this.low
  }
}

function eachElement({ start, lines, length, apart, stride }: Slot, body: (at: number) => void): void {
  for (let i = 0; i < lines; i++) {
    for (let j = 0; j < length; j++) body(start + i * apart + j * stride)
  }
}

/** Computes the fold of a slot from its elements. Null if an element is not finite. */
export function foldElements({ centred, eps }: Plan, x: FloatArray, slot: Slot): WideFold | null {
  const count = slot.lines * slot.length
  let largest = 0
  let finite = true
  eachElement(slot, (at) => {
    const size = Math.abs(x[at])
    if (!(size < Number.POSITIVE_INFINITY)) finite = false
    if (size > largest) largest = size
  })
  if (!finite) return null
  const small = largest < SMALL && Math.sqrt(eps) < SMALL
  const unit = largest >= LARGE ? LARGE_UNIT : small ? SMALL_UNIT : 1
  const first = x[slot.start]
  let mean = 0
  if (centred) {
    // The elements are shifted by the first one. So if all elements are equal, the mean is exact.
    const shift = first * unit
    const sum = new Sum()
    eachElement(slot, (at) => sum.add(x[at] * unit - shift))
    mean = shift + sum.total() / count
  }
  const sum1 = new Sum()
  const sum2 = new Sum()
  eachElement(slot, (at) => {
    const d = x[at] * unit - mean
    sum1.add(d)
    sum2.add(d * d)
  })
  const s1 = sum1.total()
  const s2 = sum2.total()
  const m2 = centred ? Math.max(s2 - (s1 * s1) / count, 0) : s2
  // If all elements are equal, the scale depends only on eps. With this unit, eps could underflow to 0.
  if (m2 === 0 && unit === LARGE_UNIT) return { unit: 1, mean: first, rest: 0, scale: rstdOf(0, eps), m2 }
  const scale = rstdOf(m2 / count, eps * unit * unit)
  return { unit, mean, rest: centred ? s1 / count : 0, scale, m2 }
}

/** Computes the fold of given statistics. Null if they are not finite. */
export function foldGiven(mean: number, variance: number, eps: number): WideFold | null {
  const finite = Math.abs(mean) < Number.POSITIVE_INFINITY && variance + eps < Number.POSITIVE_INFINITY
  if (!finite) return null
  const unit = Math.abs(mean) < LARGE_MEAN ? 1 : QUARTER
  return { unit, mean: mean * unit, rest: 0, scale: rstdOf(variance, eps) / unit, m2: 0 }
}

/** The mean of the slot, as the pass moments returns it. */
export function meanOf({ mean, rest, unit }: WideFold): number {
  return (mean + rest) / unit
}

/** The m2 of the slot, as the pass moments returns it. Infinity if it overflows float64. */
export function m2Of({ m2, unit }: WideFold): number {
  return m2 / unit / unit
}

function normalized({ unit, mean, rest, scale }: WideFold, x: number): number {
  return (x * unit - mean - rest) * scale
}

/** y = xhat * weight + bias, rounded to the element type once. `to`: where the slot lies in y. */
export function mapWide(
  x: FloatArray,
  slot: Slot,
  y: FloatArray,
  to: Slot,
  weight: FloatArray | null,
  bias: FloatArray | null,
  fold: WideFold,
): void {
  for (let i = 0; i < slot.lines; i++) {
    for (let j = 0; j < slot.length; j++) {
      const p = slot.parameter + i * slot.perLine + j * slot.perElement
      const xhat = normalized(fold, x[slot.start + i * slot.apart + j * slot.stride])
      const scaled = xhat * (weight === null ? 1 : weight[p])
      y[to.start + i * to.apart + j * to.stride] = scaled + (bias === null ? 0 : bias[p])
    }
  }
}

export interface Sums {
  s1: number
  s2: number
}

/** The sums of g and of g * xhat over one line. g is dy * weight, or dy if `weight` is null. */
export function sumLine(
  dy: FloatArray,
  x: FloatArray,
  slot: Slot,
  line: number,
  weight: FloatArray | null,
  fold: WideFold,
): Sums {
  const sum1 = new Sum()
  const sum2 = new Sum()
  for (let j = 0; j < slot.length; j++) {
    const at = slot.start + line * slot.apart + j * slot.stride
    const g = dy[at] * (weight === null ? 1 : weight[slot.parameter + j * slot.perElement])
    sum1.add(g)
    sum2.add(g * normalized(fold, x[at]))
  }
  return { s1: sum1.total(), s2: sum2.total() }
}

/** Computes dx, rounded to the element type once. `to`: where the slot lies in dx. */
export function mapWideGradient(
  dy: FloatArray,
  x: FloatArray,
  slot: Slot,
  dx: FloatArray,
  to: Slot,
  weight: FloatArray | null,
  { fold, given, g1, g2 }: WideGradient,
): void {
  const rstd = fold.scale * fold.unit
  for (let i = 0; i < slot.lines; i++) {
    for (let j = 0; j < slot.length; j++) {
      const at = slot.start + i * slot.apart + j * slot.stride
      const p = slot.parameter + i * slot.perLine + j * slot.perElement
      const g = dy[at] * (weight === null ? 1 : weight[p])
      const flow = given ? g : g - g1 - normalized(fold, x[at]) * g2
      dx[to.start + i * to.apart + j * to.stride] = flow * rstd
    }
  }
}

/** Adds dy * xhat and dy of a row to dweight and dbias, the sums of the columns. */
export function addWideRow(
  dy: FloatArray,
  x: FloatArray,
  row: Slot,
  fold: WideFold,
  dweight: FloatArray,
  dbias: FloatArray,
): void {
  for (let j = 0; j < row.length; j++) {
    const at = row.start + j
    dweight[j] += dy[at] * normalized(fold, x[at])
    dbias[j] += dy[at]
  }
}
