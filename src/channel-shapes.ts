import { fail } from './errors.js'
import { formatShape, sizeOf } from './tensor.js'

// Where the channels lie in a shape, and whether there is enough to take statistics of.

/** What of a plan's options tells where its channels lie. */
interface ChannelsSpec {
  readonly channels?: number
  readonly layout?: 'channels-first' | 'channels-last'
}

/** [N, C, ...space] or [N, ...space, C] as samples, channels and space. */
export function splitChannels(layer: string, shape: readonly number[], spec: ChannelsSpec, minRank: number) {
  const last = spec.layout === 'channels-last'
  const form = last ? '[N, ...space, C]' : '[N, C, ...space]'
  if (shape.length < minRank) {
    fail(
      'EVENKEEL_SHAPE',
      layer,
      `input must be ${form} of rank ${minRank} or more, got rank ${shape.length}, ${formatShape(shape)}`,
      minRank > 2
        ? `give one sample as ${last ? '[1, L, C]' : '[1, C, L]'}; for [N, C], without space, use BatchNorm or LayerNorm`
        : 'give the batch and the channels, as in [32, 64] for 32 samples of 64 channels',
    )
  }
  const axis = last ? shape.length - 1 : 1
  const channels = shape[axis]
  if (spec.channels !== undefined && channels !== spec.channels) {
    const elsewhere = shape[last ? 1 : shape.length - 1] === spec.channels && shape.length > 2
    fail(
      'EVENKEEL_SHAPE',
      layer,
      `expected ${spec.channels} channels in dimension ${axis} of ${form}, got ${channels} in ${formatShape(shape)}`,
      elsewhere
        ? `if the channels are ${last ? 'in dimension 1' : 'last'}, set layout: '${last ? 'channels-first' : 'channels-last'}'`
        : `construct the layer with ${channels} channels, or correct the input's shape`,
    )
  }
  checkSome(layer, shape, channels)
  const spatial = sizeOf(shape.filter((_, i) => i !== 0 && i !== axis))
  return { samples: shape[0], channels, spatial }
}

/** Splits the shape of one sample, [C, L] or [L, C]. */
export function splitUnbatched(layer: string, shape: readonly number[], spec: ChannelsSpec) {
  const axis = spec.layout === 'channels-last' ? 1 : 0
  const channels = shape[axis]
  if (spec.channels !== undefined && channels !== spec.channels) {
    fail(
      'EVENKEEL_SHAPE',
      layer,
      `an input of rank 2 is one sample, ${axis === 0 ? '[C, L]' : '[L, C]'}: expected ${spec.channels} channels in dimension ${axis}, got ${channels} in ${formatShape(shape)}`,
      `for [N, C], without space, use BatchNorm or LayerNorm; for ${axis === 0 ? '[L, C]' : '[C, L]'} set layout: '${axis === 0 ? 'channels-last' : 'channels-first'}'`,
    )
  }
  checkSome(layer, shape, channels)
  return { samples: 1, channels, spatial: shape[1 - axis] }
}

function checkSome(layer: string, shape: readonly number[], channels: number): void {
  if (channels > 0) return
  fail(
    'EVENKEEL_SHAPE',
    layer,
    `input must have at least one channel, got ${formatShape(shape)}`,
    "correct the input's shape",
  )
}

/**
 * Refuses a batch of one value per channel: its mean would be that value, and its variance 0. An empty batch is legal.
 */
export function checkBatchCount(layer: string, shape: readonly number[], count: number): void {
  if (count !== 1) return
  fail(
    'EVENKEEL_STATISTICS',
    layer,
    `training needs more than one value per channel (batch x space), got 1 from shape ${formatShape(shape)}`,
    'use a larger batch (merge or drop a short last one), use LayerNorm or GroupNorm, which need no batch, or use running averages: eval() of a layer, the option statistics of batchNorm()',
  )
}

/** Refuses groups of one value: its mean would be that value, and its variance 0. */
export function refuseGroupCount(
  layer: string,
  shape: readonly number[],
  spec: { readonly groups: number | 'channels' },
  groups: number,
): never {
  const instance = spec.groups === 'channels'
  const fewer = groups > 1 ? 'use fewer groups' : 'use BatchNorm, which averages over the batch'
  fail(
    'EVENKEEL_STATISTICS',
    layer,
    `needs more than one value per ${instance ? 'channel of a sample (space)' : 'group (channels x space)'}, got 1 from shape ${formatShape(shape)}`,
    instance ? 'use BatchNorm or LayerNorm where there is no space to average over' : fewer,
  )
}
