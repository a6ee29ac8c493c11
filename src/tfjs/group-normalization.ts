import type * as tf from '@tensorflow/tfjs'
import { type Plan, planGroup } from '../plan.js'
import { channelLayout, checkAxis, resolveAxis } from './axes.js'
import { type CentredArgs, NormalizationLayer, oneShape } from './normalization.js'

export interface InstanceNormalizationArgs extends CentredArgs {
  /** The channels' dimension: -1 (channels last, the default) or 1 (channels first). */
  axis?: number
}

export interface GroupNormalizationArgs extends InstanceNormalizationArgs {
  /** How many groups the channels fall into; -1: each channel is one (InstanceNormalization). Default 32. */
  groups?: number
}

/** Keras's name for a group per channel. */
const EACH_CHANNEL = -1

/**
 * Keras's GroupNormalization: `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance per
 * sample and group of channels; gamma and beta per channel. The same in training and inference. Weights: gamma, beta.
 */
export class GroupNormalization extends NormalizationLayer {
  static className = 'EvenkeelGroupNormalization'
  readonly groups: number
  readonly axis: number

  constructor(args: GroupNormalizationArgs = {}) {
    super(args)
    this.groups = args.groups ?? 32
    this.axis = args.axis ?? -1
    checkAxis(this.who, this.axis, false)
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape)
    this.buildAffine(shape, [resolveAxis(this.who, this.axis, shape.length)])
  }

  protected override plan(shape: readonly number[]): Plan {
    const layout = channelLayout(this.who, this.axis, shape.length)
    const groups = this.groups === EACH_CHANNEL ? 'channels' : this.groups
    return planGroup(this.who, shape, 'float32', { groups, layout, eps: this.epsilon })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups, axis: this.axis }
  }
}

/** InstanceNormalization: mean and variance per sample and channel. Keras spells it GroupNormalization(groups=-1). */
export class InstanceNormalization extends GroupNormalization {
  static override className = 'EvenkeelInstanceNormalization'

  constructor(args: InstanceNormalizationArgs = {}) {
    super({ ...args, groups: EACH_CHANNEL })
  }
}
