import { nearestDivisor } from './divisors.js'
import { checkLayout, type Layout } from './engine/plan.js'
import { fail } from './errors.js'
import { BatchNorm, type BatchNormOptions } from './layers/batch-norm.js'
import { GroupNorm, type GroupNormOptions } from './layers/group-norm.js'
import { InstanceNorm, type InstanceNormOptions } from './layers/instance-norm.js'
import { LayerNorm, type LayerNormOptions } from './layers/layer-norm.js'
import { RMSNorm, type RMSNormOptions } from './layers/rms-norm.js'
import { checkChoice, checkCount, checkOptions } from './options.js'

const WHO = 'recommend'

/** The limits at which the advice changes from one norm to another. `npm run study` measures the reasons. */
export const THRESHOLDS = {
  /** Fully connected layers: from this batch size on, BatchNorm's statistics are steady enough. */
  denseBatch: 32,
  /** The same for convolutions, where each channel averages over space too (docs/decisions/0007). */
  convBatch: 8,
  /** The default of the GroupNorm paper, whose results vary little between 8 and 64. */
  groups: 32,
  /** A group of one channel would be InstanceNorm, which removes the level of each channel. */
  channelsPerGroup: 2,
  /** The variance of a group with fewer values is mostly noise. */
  valuesPerGroup: 16,
} as const

export interface RecommendOptions {
  /** The number of samples that one training step normalizes together (on one machine, in one micro-batch). */
  readonly batchSize: number
  /** The layer before the norm: fully connected, convolutional, or tokens of a sequence. */
  readonly kind: 'dense' | 'conv' | 'sequence'
  readonly channels: number
  /** conv: the number of values per sample and channel, height x width. */
  readonly spatial?: number | undefined
  /** conv: the layout of the input. Default 'channels-first'. */
  readonly layout?: Layout | undefined
  /** conv: 'style' removes the contrast of each image, as for style transfer. Default 'general'. */
  readonly task?: 'general' | 'style' | undefined
  /** sequence: 'speed' selects RMSNorm. Default 'accuracy'. */
  readonly prefer?: 'accuracy' | 'speed' | undefined
}

/** `args` are the arguments of the constructor, as in `new GroupNorm(...args)`. `options` is the last of them. */
type Advice<Norm extends string, Args extends readonly unknown[], Options, Made> = {
  readonly norm: Norm
  readonly args: readonly [...Args, Options]
  readonly options: Options
  /** The reason, in one sentence. */
  readonly reason: string
  /** Makes a new layer with these arguments. */
  readonly create: () => Made
}

export type Recommendation =
  | Advice<'BatchNorm', [channels: number], BatchNormOptions, BatchNorm>
  | Advice<'LayerNorm', [normalizedShape: number], LayerNormOptions, LayerNorm>
  | Advice<'GroupNorm', [groups: number, channels: number], GroupNormOptions, GroupNorm>
  | Advice<'InstanceNorm', [channels: number], InstanceNormOptions, InstanceNorm>
  | Advice<'RMSNorm', [normalizedShape: number], RMSNormOptions, RMSNorm>

/**
 * Recommends a norm for a batch size and a kind of layer, with the reason.
 *
 * - sequence: LayerNorm; RMSNorm if speed is preferred.
 * - dense: BatchNorm from batches of 32 on, else LayerNorm.
 * - conv: BatchNorm from batches of 8 on, else GroupNorm with about 32 groups; InstanceNorm for style transfer.
 *
 * `recommend(...).create()` makes the layer.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) if options are unknown, out of range or contradict each other.
 */
export function recommend(options: RecommendOptions): Recommendation {
  checkRecommend(options)
  if (options.kind === 'sequence') return forSequence(options)
  return options.kind === 'dense' ? forDense(options) : forConv(options)
}

function forSequence({ channels, prefer }: RecommendOptions): Recommendation {
  const options = {}
  if (prefer === 'speed') {
    const reason = 'RMSNorm needs no mean, is cheaper than LayerNorm, and does as well in most transformers'
    const args = [channels, options] as const
    return { norm: 'RMSNorm', args, options, reason, create: () => new RMSNorm(...args) }
  }
  const reason =
    'lengths and padding vary between the samples of a batch; LayerNorm looks at each token alone'
  const args = [channels, options] as const
  return { norm: 'LayerNorm', args, options, reason, create: () => new LayerNorm(...args) }
}

function forDense({ batchSize, channels }: RecommendOptions): Recommendation {
  const { denseBatch } = THRESHOLDS
  const options = {}
  if (batchSize >= denseBatch) {
    const reason = `${batchSize} samples (${denseBatch} or more) give steady statistics per feature, and inference costs nothing once folded`
    const args = [channels, options] as const
    return { norm: 'BatchNorm', args, options, reason, create: () => new BatchNorm(...args) }
  }
  const reason = `${batchSize} samples (fewer than ${denseBatch}) give noisy statistics per feature; LayerNorm does not depend on the batch`
  const args = [channels, options] as const
  return { norm: 'LayerNorm', args, options, reason, create: () => new LayerNorm(...args) }
}

function forConv({ batchSize, channels, spatial, layout, task }: RecommendOptions): Recommendation {
  const options: { readonly layout?: Layout } = layout === undefined ? {} : { layout }
  if (task === 'style') {
    const reason =
      "InstanceNorm removes each image's own contrast from every channel, as style transfer wants it"
    const affine = { ...options, affine: true }
    const args = [channels, affine] as const
    return { norm: 'InstanceNorm', args, options: affine, reason, create: () => new InstanceNorm(...args) }
  }
  const { convBatch } = THRESHOLDS
  if (batchSize >= convBatch) {
    const reason = `${batchSize} images (${convBatch} or more) give steady statistics per channel, and inference costs nothing once folded`
    const args = [channels, options] as const
    return { norm: 'BatchNorm', args, options, reason, create: () => new BatchNorm(...args) }
  }
  const groups = groupsFor(channels, spatial)
  const reason = `${batchSize} images (fewer than ${convBatch}) give noisy statistics per channel; GroupNorm does not depend on the batch`
  const args = [groups, channels, options] as const
  return { norm: 'GroupNorm', args, options, reason, create: () => new GroupNorm(...args) }
}

/**
 * The divisor of the channels that is nearest to 32 and gives groups with enough channels and values. 1 if there is
 * none.
 */
function groupsFor(channels: number, spatial?: number): number {
  const { groups: usual, channelsPerGroup, valuesPerGroup } = THRESHOLDS
  const byChannels = channels / channelsPerGroup
  const byValues = spatial === undefined ? byChannels : (channels * spatial) / valuesPerGroup
  return nearestDivisor(channels, usual, Math.floor(Math.min(byChannels, byValues))) ?? 1
}

function checkRecommend(options: RecommendOptions): void {
  checkOptions(WHO, options, ['batchSize', 'kind', 'channels', 'spatial', 'layout', 'task', 'prefer'])
  const { batchSize, kind, channels, spatial, layout, task = 'general', prefer = 'accuracy' } = options
  checkChoice(WHO, 'kind', kind, ['dense', 'conv', 'sequence'])
  checkCount(WHO, 'batchSize', batchSize)
  checkCount(WHO, 'channels', channels)
  if (spatial !== undefined) checkCount(WHO, 'spatial', spatial)
  if (layout !== undefined) checkLayout(WHO, layout)
  checkChoice(WHO, 'task', task, ['general', 'style'])
  checkChoice(WHO, 'prefer', prefer, ['accuracy', 'speed'])
  if (task === 'style' && spatial === 1) {
    fail(
      'EVENKEEL_OPTION',
      WHO,
      "task: 'style' needs space to take each channel's statistics over, got spatial: 1",
      'leave task out',
    )
  }
  for (const [name, given] of [
    ['spatial', spatial !== undefined],
    ['layout', layout !== undefined],
    ["task: 'style'", task === 'style'],
  ] as const) {
    if (!given || kind === 'conv') continue
    fail(
      'EVENKEEL_OPTION',
      WHO,
      `${name} means nothing for kind '${kind}'`,
      "leave it out, or set kind: 'conv'",
    )
  }
}
