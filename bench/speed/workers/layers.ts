import type { Layer } from '../../../src/index.js'
import type { BenchCase } from '../cases.js'

/** evenkeel as its users get it: built, in dist/. The loader that runs these workers would slow its sources down. */
export const evenkeel = (await import(
  new URL('../../../dist/esm/index.js', import.meta.url).href
)) as typeof import('../../../src/index.js')

/** A case's layer, with weight and bias, but for RMSNorm's bias. */
export function newLayer({ layer, layout, shape, groups }: BenchCase, eps: number): Layer {
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
