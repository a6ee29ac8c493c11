import { checkChannels, checkLayout, type Layout, planBatch } from '../engine/plan.js'
import { DEFAULT_EPS } from '../functional.js'
import { checkChoice, checkOptions } from '../options.js'
import { NormLayer } from './layer.js'
import type { Layer } from './layer-interface.js'
import { LAYER_OPTIONS, type LayerOptions, type PlanFor } from './layer-options.js'
import type { ChannelProperties, Known, LayerOf, NoOptions } from './layer-types.js'
import { affineOf } from './parameter.js'
import { readOnly } from './read-only.js'
import { checkRunning, type RunningAverage, type RunningVariance } from './running-statistics.js'

export interface BatchNormOptions extends LayerOptions {
  /** Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
  /**
   * Default { newWeight: 0.1 }; false: none, and the batch's statistics in eval mode too. 'cumulative' weighs all batches
   * alike, but is no fit of a data set: it averages the variances within batches (see RunningAverage).
   */
  readonly runningAverage?: RunningAverage | false | undefined
  /** Default 'unbiased'. */
  readonly runningVariance?: RunningVariance | undefined
  /** Whose defaults eps, runningAverage and runningVariance have; given ones win. Default 'pytorch'. */
  readonly convention?: 'pytorch' | 'keras' | undefined
}

/** The same words mean opposite things in the two libraries, so that each has its numbers here by name. */
const CONVENTIONS = {
  pytorch: { eps: DEFAULT_EPS, runningAverage: { newWeight: 0.1 }, runningVariance: 'unbiased' },
  keras: { eps: 1e-3, runningAverage: { decay: 0.99 }, runningVariance: 'population' },
} as const

export type BatchNorm = Layer & ChannelProperties

export interface BatchNormConstructor {
  readonly prototype: BatchNorm
  new <const Options extends BatchNormOptions = NoOptions>(
    channels: number,
    options?: Known<Options, BatchNormOptions>,
  ): LayerOf<Options, ChannelProperties>
}

/**
 * Batch normalization (Ioffe and Szegedy 2015, arXiv:1502.03167): y = (x - mean) / sqrt(variance + eps) * weight + bias.
 *
 * Training: mean and biased variance of each channel over batch and space; running averages take them up. Eval mode:
 * the running averages instead, forward and backward, as constants.
 *
 * Leave out the bias of the layer before: this norm subtracts it with the mean, and has its own.
 *
 * forward: [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more. In training it throws on one value per channel
 * (EVENKEEL_STATISTICS), and on a batch with NaN or Infinity, which would spoil the running averages for good.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
 */
export const BatchNorm = class BatchNorm extends NormLayer {
  declare readonly channels: number
  declare readonly layout: Layout

  constructor(channels: number, options: BatchNormOptions = {}) {
    const who = 'BatchNorm'
    const known = [...LAYER_OPTIONS, 'layout', 'runningAverage', 'runningVariance', 'convention']
    checkOptions(who, options, known)
    const { layout = 'channels-first', convention = 'pytorch', dtype = 'float32' } = options
    checkChannels(who, channels)
    checkLayout(who, layout)
    checkChoice(who, 'convention', convention, ['pytorch', 'keras'])
    const usual = CONVENTIONS[convention]
    const { eps = usual.eps, runningAverage = usual.runningAverage } = options
    const plan: PlanFor = (shape, given) =>
      planBatch('BatchNorm', shape, dtype, { channels, layout, eps, given })
    super(who, {
      plan,
      eps,
      dtype,
      affine: affineOf(who, options, { affine: true, bias: true }),
      affineShape: [channels],
      workspace: options.workspace,
      running: checkRunning(who, runningAverage, options.runningVariance ?? usual.runningVariance),
      runningShape: [channels],
      fixed: { channels, layout },
    })
  }
} as BatchNormConstructor

readOnly(BatchNorm.prototype, ['channels', 'layout'])
