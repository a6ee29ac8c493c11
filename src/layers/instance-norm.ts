import { checkChannels, checkLayout, type Layout, planGroup } from '../engine/plan.js'
import { DEFAULT_EPS } from '../functional.js'
import { checkOptions } from '../options.js'
import { NormLayer } from './layer.js'
import type { Layer } from './layer-interface.js'
import { LAYER_OPTIONS, type LayerOptions, type PlanFor } from './layer-options.js'
import type { ChannelProperties, Known, LayerOf, NoOptions } from './layer-types.js'
import { affineOf } from './parameter.js'
import { readOnly } from './read-only.js'
import { checkRunning, type RunningAverage, type RunningVariance } from './running-statistics.js'

export interface InstanceNormOptions extends LayerOptions {
  /** Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
  /** As PyTorch's track_running_stats: if it is set, eval mode uses the running averages. Default false. */
  readonly runningAverage?: RunningAverage | false | undefined
  /** Default 'unbiased', as PyTorch has it. */
  readonly runningVariance?: RunningVariance | undefined
}

/** @hidden */
export type InstanceNorm = Layer & ChannelProperties

export interface InstanceNormConstructor {
  readonly prototype: InstanceNorm
  new <const Options extends InstanceNormOptions = NoOptions>(
    channels: number,
    options?: Known<Options, InstanceNormOptions>,
  ): LayerOf<Options, ChannelProperties, false>
}

/**
 * Instance normalization (Ulyanov, Vedaldi and Lempitsky 2016, arXiv:1607.08022): y = (x - mean) / sqrt(variance +
 * eps), with the mean and the biased variance of each channel of each sample over space. As in PyTorch, there is no
 * weight and no bias by default. Set `affine: true` (or `weight` or `bias`) to have them. eps is 1e-5 by default.
 *
 * With `runningAverage`, the layer has running averages per channel. Training mode averages the statistics over the
 * samples and updates the running averages with them. Eval mode uses the running averages. batchesTracked
 * (num_batches_tracked) counts here too, unlike in PyTorch.
 *
 * forward: [N, C, ...space] or [N, ...space, C], of rank 3 or more, with more than one value of space. An input of
 * rank 2 is one sample, [C, L] or [L, C], as in PyTorch's InstanceNorm1d. [N, C] is not possible: it has no space to
 * compute statistics over.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
 *
 * @class
 */
export const InstanceNorm = class InstanceNorm extends NormLayer {
  declare readonly channels: number
  declare readonly layout: Layout

  constructor(channels: number, options: InstanceNormOptions = {}) {
    const who = 'InstanceNorm'
    checkOptions(who, options, [...LAYER_OPTIONS, 'layout', 'runningAverage', 'runningVariance'])
    const { eps = DEFAULT_EPS, dtype = 'float32', layout = 'channels-first' } = options
    const { runningAverage = false, runningVariance = 'unbiased' } = options
    checkChannels(who, channels)
    checkLayout(who, layout)
    const spec = { groups: 'channels', channels, layout, eps } as const
    const plan: PlanFor = (shape, given) =>
      planGroup('InstanceNorm', shape, dtype, { ...spec, unbatched: shape.length === 2, given })
    super(who, {
      plan,
      eps,
      dtype,
      affine: affineOf(who, options, { affine: false, bias: true }),
      affineShape: [channels],
      workspace: options.workspace,
      running: checkRunning(who, runningAverage, runningVariance),
      runningShape: [channels],
      fixed: { channels, layout },
    })
  }
} as InstanceNormConstructor

readOnly(InstanceNorm.prototype, ['channels', 'layout'])
