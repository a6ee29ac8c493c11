import type { FloatArray } from '../../tensor.js'
import { type Arithmetic, round, SHIFT_STEPS, SMALLEST_TRUSTED_SQUARES, treeSum } from './arithmetic.js'
import { clear, emptyMoments, type Moments, merge } from './merge.js'

// A span is n elements that lie side by side: a row of `rows`, a plane of `planes`, a group of neighbouring planes.

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
      if (centred) blockMoments(k, x, start + block, length)
      else blockSquares(k, x, start + block, length)
      merge(ofPartition, length, ofBlock.mean, ofBlock.m2)
    }
    merge(out, ofPartition.count, ofPartition.mean, ofPartition.m2)
  }
}

/** One pass over a block, shifted by the mean K of its head: the sums of d = x - K and of d * d. */
function blockMoments(k: Arithmetic, x: FloatArray, start: number, n: number): void {
  const { single, sum1, sum2 } = k
  const mask = k.lanes - 1
  const shift = blockShift(k, x, start, Math.min(n, SHIFT_STEPS * k.lanes))
  sum1.fill(0)
  sum2.fill(0)
  for (let i = 0; i < n; i++) {
    const d = round(x[start + i] - shift, single)
    sum1[i & mask] += d
    sum2[i & mask] += round(d * d, single)
  }
  const s1 = treeSum(sum1)
  const s2 = treeSum(sum2)
  if (single && !squaresTrusted(s1, s2)) {
    wideMoments(x, start, n, 1, true, ofBlock)
    return
  }
  finishMoments(shift, s1, s2, n, ofBlock)
}

/** The same for norms that take the mean as 0: the sum of x * x. */
function blockSquares(k: Arithmetic, x: FloatArray, start: number, n: number): void {
  const { single, sum2 } = k
  const mask = k.lanes - 1
  sum2.fill(0)
  for (let i = 0; i < n; i++) {
    const value = x[start + i]
    sum2[i & mask] += round(value * value, single)
  }
  const s2 = treeSum(sum2)
  if (single && !squaresTrusted(s2 === 0 ? 1 : 0, s2)) {
    wideMoments(x, start, n, 1, false, ofBlock)
    return
  }
  ofBlock.mean = 0
  ofBlock.m2 = s2
}

/** The mean of a block's head; exact on a constant, because a lane adds at most two of its elements. */
function blockShift(k: Arithmetic, x: FloatArray, start: number, n: number): number {
  const { sum1 } = k
  const mask = k.lanes - 1
  sum1.fill(0)
  for (let i = 0; i < n; i++) sum1[i & mask] += x[start + i]
  return round(treeSum(sum1) / n, k.single)
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
): void {
  let mean = 0
  if (centred) {
    for (let i = 0; i < n; i++) mean += x[start + i * stride]
    mean /= n
  }
  let s1 = 0
  let s2 = 0
  for (let i = 0; i < n; i++) {
    const d = x[start + i * stride] - mean
    s1 += d
    s2 += d * d
  }
  if (centred) {
    finishMoments(mean, s1, s2, n, out)
  } else {
    out.mean = 0
    out.m2 = s2
  }
}
