import type { BenchCase } from './cases.js'

// Where a case's elements lie, written without src/engine/plan.ts: the check of the contenders must not share its mistakes.

/** Element (n, c, s) lies at n * sampleStride + c * channelStride + s * spatialStride. Parameter c belongs to it. */
export interface Geometry {
  readonly samples: number
  readonly channels: number
  readonly spatial: number
  readonly sampleStride: number
  readonly channelStride: number
  readonly spatialStride: number
  /** What shares statistics: all of a sample (a row), a channel of the batch, or a group of channels of a sample. */
  readonly sharing: 'row' | 'batch' | 'group'
  readonly groups: number
}

/** Rows, and channels without space, are samples whose elements each have a parameter. */
export function geometryOf({ layer, layout, shape, groups }: BenchCase): Geometry {
  const [samples] = shape
  if (layer === 'LayerNorm' || layer === 'RMSNorm' || layout === 'plain') {
    const sharing = layer === 'BatchNorm' ? 'batch' : layer === 'GroupNorm' ? 'group' : 'row'
    const [, channels] = shape
    const strides = { sampleStride: channels, channelStride: 1, spatialStride: channels }
    return { samples, channels, spatial: 1, ...strides, sharing, groups }
  }
  const last = layout === 'channels-last'
  const channels = last ? shape[shape.length - 1] : shape[1]
  const spatial = shape.reduce((product, extent) => product * extent, 1) / (samples * channels)
  return {
    samples,
    channels,
    spatial,
    sampleStride: channels * spatial,
    channelStride: last ? 1 : spatial,
    spatialStride: last ? channels : 1,
    sharing: layer === 'BatchNorm' ? 'batch' : 'group',
    groups: layer === 'InstanceNorm' ? channels : groups,
  }
}

/** How many pairs of statistics there are. */
export function slotsOf({ sharing, samples, channels, groups }: Geometry): number {
  if (sharing === 'row') return samples
  return sharing === 'batch' ? channels : samples * groups
}

/** Which pair sample n and channel c share. */
export function slotAt({ sharing, channels, groups }: Geometry, n: number, c: number): number {
  if (sharing === 'row') return n
  return sharing === 'batch' ? c : n * groups + Math.floor((c * groups) / channels)
}
