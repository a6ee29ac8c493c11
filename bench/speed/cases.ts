import { sizeOf } from '../../src/tensor.js'

// A case: one operation of one layer on one shape in one layout. suites.ts lists those that are timed.

export type LayerName = 'LayerNorm' | 'RMSNorm' | 'BatchNorm' | 'GroupNorm' | 'InstanceNorm'
/** forward: in training; inference: with given statistics, where that differs (BatchNorm). */
export type Op = 'forward' | 'inference' | 'backward'
/** plain: the shape has one layout only. */
export type Layout = 'plain' | 'channels-first' | 'channels-last'

/** One operation on one shape, float32 with weight and (but for RMSNorm) bias. */
export interface BenchCase {
  /** 'BatchNorm channels-last [32, 56, 56, 64] backward' */
  readonly name: string
  readonly layer: LayerName
  readonly layout: Layout
  /** As it lies in memory. */
  readonly shape: readonly number[]
  readonly op: Op
  /** Of GroupNorm; else 1. */
  readonly groups: number
  /** Part of --quick. */
  readonly quick: boolean
}

/** The same for all, given to each. */
export const EPS = 1e-5

/** GroupNorm's usual 32 groups; fewer where there are few channels, so that a group has at least 8. */
const MOST_GROUPS = 32
const LEAST_GROUP_CHANNELS = 8

export function benchCase(
  layer: LayerName,
  layout: Layout,
  shape: readonly number[],
  op: Op,
  quick = false,
): BenchCase {
  const channels = layout === 'channels-first' ? shape[1] : shape[shape.length - 1]
  const words = [layer, ...(layout === 'plain' ? [] : [layout]), `[${shape.join(', ')}]`, op]
  return {
    name: words.join(' '),
    layer,
    layout,
    shape,
    op,
    groups: layer === 'GroupNorm' ? Math.min(MOST_GROUPS, channels / LEAST_GROUP_CHANNELS) : 1,
    quick,
  }
}

export function elementsOf({ shape }: Pick<BenchCase, 'shape'>): number {
  return sizeOf(shape)
}

/** Weight's length (and bias's): the normalized row's, or the channels'. */
export function parametersOf({ layer, layout, shape }: BenchCase): number {
  const isRows = layer === 'LayerNorm' || layer === 'RMSNorm'
  return isRows || layout !== 'channels-first' ? shape[shape.length - 1] : shape[1]
}

/** PyTorch's RMSNorm has no bias, and no other contender's. */
export function hasBias({ layer }: Pick<BenchCase, 'layer'>): boolean {
  return layer !== 'RMSNorm'
}
