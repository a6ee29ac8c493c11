import type * as tf from '@tensorflow/tfjs'
import { type Plan, planGroup } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { orderWith, resolveAxis, singleAxis } from './axes.js'
import { NormalizationLayer, oneShape } from './normalization.js'
import type { OptionTable } from './options.js'
import { CENTRED_OPTIONS, type CentredArgs } from './parameter.js'

export interface InstanceNormalizationArgs extends CentredArgs {
  /** The dimension of the channels: any except the batch's. Default -1 (channels last); 1 is channels first. */
  axis?: number | readonly number[] | undefined
}

export interface GroupNormalizationArgs extends InstanceNormalizationArgs {
  /** The number of groups of channels. With -1, each channel is a group (InstanceNormalization). Default 32. */
  groups?: number | undefined
}

/** Keras's value of `groups` for one group per channel. */
const EACH_CHANNEL = -1

/** The rank of [N, space, C]. An input of [N, C] has one value per channel, and no mean of several. */
const RANK_WITH_SPACE = 3

/**
 * Keras's GroupNormalization: `gamma * (x - mean) / sqrt(variance + epsilon) + beta`. Mean and variance are per sample
 * and group of channels, gamma and beta per channel. Training and inference are the same. Weights: gamma, beta.
 *
 * @throws EvenkeelError if an option does not fit. When the layer is built, it also throws if the channels are not divisible
 * by the groups, or if a group has one value only: the result would be beta for every input.
 */
export class GroupNormalization extends NormalizationLayer {
  static className = 'EvenkeelGroupNormalization'
  protected static override readonly options: OptionTable = { own: ['groups', 'axis', ...CENTRED_OPTIONS] }
  protected static readonly usualGroups: number = 32
  declare readonly groups: number
  declare readonly axis: number

  constructor(args: GroupNormalizationArgs = {}) {
    super(args)
    this.defineFixed('groups', args.groups ?? new.target.usualGroups)
    this.defineFixed('axis', singleAxis(this.who, args.axis ?? -1))
    if (this.groups === EACH_CHANNEL || (Number.isSafeInteger(this.groups) && this.groups > 0)) return
    const problem = `groups must be a whole number from 1 up, or -1 for one per channel, got ${describe(this.groups)}`
    fail('EVENKEEL_OPTION', this.who, problem, 'try groups: 32, or another divisor of the number of channels')
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape)
    this.buildAffine(shape, [resolveAxis(this.who, this.axis, shape.length)])
  }

  /** Moves a channel dimension in the middle to position 1, because the kernels accept channels first or last only. */
  protected override order(rank: number): number[] | undefined {
    const axis = resolveAxis(this.who, this.axis, rank)
    return axis === rank - 1 ? undefined : orderWith([axis], rank, 1)
  }

  protected override plan(shape: readonly number[], given = false): Plan {
    const instance = this.groups === EACH_CHANNEL
    if (instance && shape.length < RANK_WITH_SPACE) {
      const problem = `input must have dimensions of space beside batch and channels, got rank ${shape.length}`
      const remedy =
        'use layerNormalization or batchNormalization, or groupNormalization with fewer groups than channels'
      fail('EVENKEEL_SHAPE', this.who, problem, remedy)
    }
    const last = resolveAxis(this.who, this.axis, shape.length) === shape.length - 1
    const layout = last ? 'channels-last' : 'channels-first'
    const groups = instance ? 'channels' : this.groups
    return planGroup(this.who, shape, 'float32', { groups, layout, eps: this.epsilon, given })
  }

  /** `build` refuses groups of one value. An input of extents that were unknown then can still have them. */
  protected override normalize(x: tf.Tensor): tf.Tensor {
    const given = this.plan(x.shape, true)
    return given.count === 1 ? this.runAlone(given, x) : this.run(this.plan(x.shape), x)
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups, axis: this.axis }
  }
}

/**
 * InstanceNormalization: mean and variance are per sample and channel. In Keras it is GroupNormalization(groups=-1).
 */
export class InstanceNormalization extends GroupNormalization {
  static override className = 'EvenkeelInstanceNormalization'
  protected static override readonly options: OptionTable = {
    own: ['axis', ...CENTRED_OPTIONS],
    foreign: { groups: { neutral: [EACH_CHANNEL], remedy: 'use groupNormalization, which has groups' } },
  }

  protected static override readonly usualGroups = EACH_CHANNEL

  constructor(args: InstanceNormalizationArgs = {}) {
    super(args)
  }
}
