import type { FloatArray } from '../../tensor.js'
import { type Arithmetic, round, SHIFT_STEPS, SMALLEST_TRUSTED_SQUARES, treeSum } from './arithmetic.js'
import { clear, emptyMoments, type Moments, merge } from './merge.js'

// A span is n elements that lie side by side: a row of `rows`, a plane of `planes`, or the planes of a group. A block
// is a part of a span, or n elements of each of several planes. `apart` is the distance from one plane to the next,
// in elements.

const ofBlock = emptyMoments()
const ofPartition = emptyMoments()

/** The moments of the span x[start, start + n). Blocks are merged into partitions, and partitions into the span. */
export function spanMoments(
  k: Arithmetic,
  x: FloatArray,
  start: number,
  n: number,
  centred: boolean,
  out: Moments,
): void {
  clear(out)
  for (let partition = 0; partition < n; partition += k.partition) {
    const end = Math.min(partition + k.partition, n)
    clear(ofPartition)
    for (let block = partition; block < end; block += k.block) {
      const length = Math.min(k.block, end - block)
      blockMoments(k, x, start + block, length, 1, 0, centred, ofBlock)
      merge(ofPartition, length, ofBlock.mean, ofBlock.m2)
    }
    merge(out, ofPartition.count, ofPartition.mean, ofPartition.m2)
  }
}

/** The moments of a block. If the mean is taken as 0, m2 is the sum of x * x. */
export function blockMoments(
  k: Arithmetic,
  x: FloatArray,
  start: number,
  n: number,
  planes: number,
  apart: number,
  centred: boolean,
  out: Moments,
): void {
  const shift = centred ? blockShift(k, x, start, n, planes, apart) : 0
  shiftedSums(k, x, start, n, planes, apart, shift)
  const s1 = treeSum(k.sum1)
  const s2 = treeSum(k.sum2)
  out.count = n * planes
  if (k.single && !squaresTrusted(centred || s2 !== 0 ? s1 : 1, s2)) {
    wideMoments(x, start, n, 1, centred, out, planes, apart)
  } else if (centred) {
    finishMoments(shift, s1, s2, out.count, out)
  } else {
    out.mean = 0
    out.m2 = s2
  }
}

/** The sums of d = x - shift and of d * d over a block. Element i of a plane is added to lane i mod lanes. */
function shiftedSums(
  k: Arithmetic,
  x: FloatArray,
  start: number,
  n: number,
  planes: number,
  apart: number,
  shift: number,
): void {
  const { single, sum1, sum2 } = k
  const mask = k.lanes - 1
  sum1.fill(0)
  sum2.fill(0)
  for (let plane = 0; plane < planes; plane++) {
    const first = start + plane * apart
    for (let i = 0; i < n; i++) {
      const d = round(x[first + i] - shift, single)
      sum1[i & mask] += d
      sum2[i & mask] += round(d * d, single)
    }
  }
}

/** The mean of a block's head. It is exact if all elements are equal, because each lane adds at most two elements. */
function blockShift(
  k: Arithmetic,
  x: FloatArray,
  start: number,
  n: number,
  planes: number,
  apart: number,
): number {
  const { sum1 } = k
  const mask = k.lanes - 1
  const heads = n > k.lanes ? 1 : Math.min(planes, SHIFT_STEPS)
  const head = Math.min(n, SHIFT_STEPS * k.lanes)
  sum1.fill(0)
  for (let plane = 0; plane < heads; plane++) {
    const first = start + plane * apart
    for (let i = 0; i < head; i++) sum1[i & mask] += x[first + i]
  }
  return round(treeSum(sum1) / (head * heads), k.single)
}

/**
 * Whether neither overflow nor underflow has changed the float32 squares of a block. If both sums are 0, the block is
 * constant.
 */
export function squaresTrusted(s1: number, s2: number): boolean {
  return (s2 >= SMALLEST_TRUSTED_SQUARES && s2 < Number.POSITIVE_INFINITY) || (s1 === 0 && s2 === 0)
}

export function finishMoments(shift: number, s1: number, s2: number, n: number, out: Moments): void {
  const m2 = s2 - (s1 * s1) / n
  out.mean = shift + s1 / n
  // A small negative m2 is a rounding error. Minus infinity is not: s1 * s1 has overflowed float64. Then the slot
  // takes the wide route.
  out.m2 = m2 < 0 && m2 > Number.NEGATIVE_INFINITY ? 0 : m2
}

/**
 * The moments of a block whose squares are out of the range of float32, which is rare. Two loops in float64, one
 * element after another.
 */
export function wideMoments(
  x: FloatArray,
  start: number,
  n: number,
  stride: number,
  centred: boolean,
  out: Moments,
  planes = 1,
  apart = 0,
): void {
  const count = n * planes
  const at = (i: number) => start + Math.floor(i / n) * apart + (i % n) * stride
  let mean = 0
  if (centred) {
    for (let i = 0; i < count; i++) mean += x[at(i)]
    mean /= count
  }
  let s1 = 0
  let s2 = 0
  for (let i = 0; i < count; i++) {
    const d = x[at(i)] - mean
    s1 += d
    s2 += d * d
  }
  if (centred) {
    finishMoments(mean, s1, s2, count, out)
  } else {
    out.mean = 0
    out.m2 = s2
  }
}
