import type { FloatArray } from '../../tensor.js'
import { type Arithmetic, round, SHIFT_STEPS, SMALLEST_TRUSTED_SQUARES, treeSum } from './arithmetic.js'
import { clear, emptyMoments, type Moments, merge } from './merge.js'

// A span is n elements that lie side by side: a row of `rows`, a plane of `planes`, a group of neighbouring planes.
// A block is a part of a span, or n elements of each of several planes, `apart` elements from one to the next.

const ofBlock = emptyMoments()
const ofPartition = emptyMoments()

/** Statistics of the span x[start, start + n): blocks merge into partitions, partitions into the span. */
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

/** Statistics of a block; where the mean is taken as 0, m2 is the sum of x * x. */
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

/** One pass over a block: the sums of d = x - shift and of d * d. Element i of a plane belongs to lane i mod lanes. */
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

/** The mean of a block's head; exact on a constant, because a lane adds at most two of its elements. */
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

/** Neither overflow nor underflow has touched the float32 squares of a block; two zeros are a constant block. */
export function squaresTrusted(s1: number, s2: number): boolean {
  return (s2 >= SMALLEST_TRUSTED_SQUARES && s2 < Number.POSITIVE_INFINITY) || (s1 === 0 && s2 === 0)
}

export function finishMoments(shift: number, s1: number, s2: number, n: number, out: Moments): void {
  const m2 = s2 - (s1 * s1) / n
  out.mean = shift + s1 / n
  // Minus infinity is no rounding error: s1 * s1 has left float64, and the slot takes the wide route.
  out.m2 = m2 < 0 && m2 > Number.NEGATIVE_INFINITY ? 0 : m2
}

/** The rare way, for float32 values whose squares leave float32: two passes in float64, one element after another. */
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
