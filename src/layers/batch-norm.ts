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
   * Default { newWeight: 0.1 }. If false, the layer has no running averages, and eval mode uses the batch's
   * statistics too. 'cumulative' gives all batches the same weight. But it does not give the variance of a whole data
   * set: it averages the variances within the batches (see RunningAverage).
   */
  readonly runningAverage?: RunningAverage | false | undefined
  /** Default 'unbiased'. */
  readonly runningVariance?: RunningVariance | undefined
  /**
   * The library whose defaults are used for eps, runningAverage and runningVariance. Options that are given override
   * them. Default 'pytorch'.
   */
  readonly convention?: 'pytorch' | 'keras' | undefined
}

/** The defaults of the two libraries. They are written out, because `momentum` means opposite things in the two. */
const CONVENTIONS = {
  pytorch: { eps: DEFAULT_EPS, runningAverage: { newWeight: 0.1 }, runningVariance: 'unbiased' },
  keras: { eps: 1e-3, runningAverage: { decay: 0.99 }, runningVariance: 'population' },
} as const

/** @hidden */
export type BatchNorm = Layer & ChannelProperties

export interface BatchNormConstructor {
  readonly prototype: BatchNorm
  new <const Options extends BatchNormOptions = NoOptions>(
    channels: number,
    options?: Known<Options, BatchNormOptions>,
  ): LayerOf<Options, ChannelProperties>
}

/**
 * Batch normalization (Ioffe and Szegedy 2015, arXiv:1502.03167): y = (x - mean) / sqrt(variance + eps) * weight +
 * bias.
 *
 * Training mode uses the mean and the biased variance of each channel over batch and space, and updates the running
 * averages with them. Eval mode uses the running averages instead. In both forward and backward they are constants.
 *
 * The layer before this one needs no bias. This norm subtracts that bias together with the mean, and has its own bias.
 *
 * forward: [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more. In training mode it throws
 * EVENKEEL_STATISTICS if a channel has only one value, and if a batch contains NaN or Infinity. Such a batch would
 * make the running averages useless for ever.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
 *
 * @class
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
