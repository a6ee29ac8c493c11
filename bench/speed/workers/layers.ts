import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Layer } from '../../../src/index.js'
import type { BenchCase } from '../cases.js'
import { ENTRY } from '../checkout.js'

export type Evenkeel = typeof import('../../../src/index.js')

/**
 * evenkeel as its users get it: built, in a checkout's dist/. The loader that runs these workers would slow its sources
 * down.
 */
export function loadEvenkeel(checkout: string): Promise<Evenkeel> {
  return import(pathToFileURL(join(checkout, ENTRY)).href)
}

/** A case's layer, with weight and bias, but for RMSNorm's bias. */
export function newLayer(evenkeel: Evenkeel, bench: BenchCase, eps: number): Layer {
  const { layer, layout, shape, groups } = bench
  const channels = layout === 'channels-first' ? shape[1] : shape[shape.length - 1]
  const channelLayout = layout === 'channels-last' ? layout : 'channels-first'
  switch (layer) {
    case 'LayerNorm':
      return new evenkeel.LayerNorm([channels], { eps })
    case 'RMSNorm':
      return new evenkeel.RMSNorm([channels], { eps })
    case 'BatchNorm':
      return new evenkeel.BatchNorm(channels, { eps, layout: channelLayout })
    case 'GroupNorm':
      return new evenkeel.GroupNorm(groups, channels, { eps, layout: channelLayout })
    case 'InstanceNorm':
      return new evenkeel.InstanceNorm(channels, { eps, layout: channelLayout, affine: true })
  }
}
