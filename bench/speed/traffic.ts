import { type BenchCase, elementsOf, type Op } from './cases.js'
import { geometryOf } from './geometry.js'
import type { Caches } from './machine.js'

// How many bytes an operation must move, and in which memory its data lie: what "the limit" and the targets rest on.

const FLOAT32_BYTES = 4

/** Bytes of x, and of each other array of its shape. */
export function arrayBytes(bench: Pick<BenchCase, 'shape'>): number {
  return elementsOf(bench) * FLOAT32_BYTES
}

/** Forward reads x and writes y; backward reads dy and x and writes dx. Parameters and statistics are left out: they are small. */
export function arraysMoved(op: Op): number {
  return op === 'backward' ? 3 : 2
}

/** The least that the operation must move if nothing is read twice. */
export function leastBytes(bench: Pick<BenchCase, 'shape' | 'op'>): number {
  return arraysMoved(bench.op) * arrayBytes(bench)
}

/** The same where statistics need a pass of their own: x (and dy) are read twice. */
function twoPassBytes(bench: Pick<BenchCase, 'shape' | 'op'>): number {
  const reads = arraysMoved(bench.op) - 1
  return leastBytes(bench) + reads * arrayBytes(bench)
}

/** A cache also holds what else the kernel touches: so much of it can be counted on. */
const USABLE_CACHE = 0.7
const CACHE_LINE = 64

/**
 * The bytes of the passes that the shape requires: one pass where what shares a statistic stays in a core's L2 until it
 * is mapped, two otherwise. Given statistics need one.
 */
export function requiredBytes(bench: BenchCase, caches: Caches): number {
  if (bench.op === 'inference') return leastBytes(bench)
  const reads = arraysMoved(bench.op) - 1
  const held = reads * slotBytes(bench)
  return held <= USABLE_CACHE * caches.l2 ? leastBytes(bench) : twoPassBytes(bench)
}

/** The cache lines that one statistic's elements lie in: where channels are last, a line holds several. */
function slotBytes(bench: BenchCase): number {
  const { samples, channels, spatial, channelStride, sharing, groups } = geometryOf(bench)
  if (sharing === 'row') return channels * FLOAT32_BYTES
  const together = sharing === 'group' ? channels / groups : 1
  const positions = sharing === 'batch' ? samples * spatial : spatial
  if (channelStride > 1) return positions * together * FLOAT32_BYTES
  return positions * Math.min(Math.max(together * FLOAT32_BYTES, CACHE_LINE), channels * FLOAT32_BYTES)
}

/** Where x lies: within a core's L2, below 32 MB, or beyond. The classes of the targets. */
export type SizeClass = 'within L2' | 'L2 to 32 MB' | '32 MB and more'
export const SIZE_CLASSES: readonly SizeClass[] = ['within L2', 'L2 to 32 MB', '32 MB and more']
const LARGE_BYTES = 32e6

export function sizeClass(bench: Pick<BenchCase, 'shape'>, caches: Caches): SizeClass {
  const bytes = arrayBytes(bench)
  if (bytes <= caches.l2) return 'within L2'
  return bytes < LARGE_BYTES ? 'L2 to 32 MB' : '32 MB and more'
}
