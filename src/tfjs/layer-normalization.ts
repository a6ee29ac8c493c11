import type * as tf from '@tensorflow/tfjs'
import { type Plan, planRows } from '../plan.js'
import { checkAxis, trailingAxes } from './axes.js'
import {
  type CentredArgs,
  EPSILON,
  type NormalizationArgs,
  NormalizationLayer,
  oneShape,
} from './normalization.js'

interface AxisArgs {
  /** The dimensions to normalize over: the last one (-1, the default), or an array of the last ones. */
  axis?: number | number[]
}
export interface LayerNormalizationArgs extends CentredArgs, AxisArgs {}
export interface RMSNormalizationArgs extends NormalizationArgs, AxisArgs {}

/** The norms of each sample by itself, over its trailing dimensions. */
abstract class TrailingNormalization extends NormalizationLayer {
  readonly axis: number | number[]

  constructor(args: LayerNormalizationArgs, epsilon: number) {
    super(args, epsilon)
    this.axis = args.axis ?? -1
    checkAxis(this.who, this.axis, true)
  }

  protected buildTrailing(inputShape: tf.Shape | tf.Shape[], gammaName?: string): void {
    const shape = oneShape(inputShape)
    this.buildAffine(shape, trailingAxes(this.who, this.axis, shape.length), gammaName)
  }

  protected planTrailing(shape: readonly number[], centred: boolean): Plan {
    const normalizedShape = trailingAxes(this.who, this.axis, shape.length).map((axis) => shape[axis])
    return planRows(this.who, shape, 'float32', { normalizedShape, eps: this.epsilon, centred })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: this.axis }
  }
}

/**
 * Keras's LayerNormalization: `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance per
 * sample over the last dimensions; gamma and beta have those dimensions. The same in training and inference.
 * Weights: gamma, beta.
 */
export class LayerNormalization extends TrailingNormalization {
  static className = 'EvenkeelLayerNormalization'

  constructor(args: LayerNormalizationArgs = {}) {
    super(args, EPSILON)
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.buildTrailing(inputShape)
  }

  protected override plan(shape: readonly number[]): Plan {
    return this.planTrailing(shape, true)
  }
}

/** Keras's, for this layer. */
const RMS_EPSILON = 1e-6

/**
 * Keras's RMSNormalization: `scale * x / sqrt(mean(x^2) + epsilon)` per sample over the last dimensions. Its
 * weight is called `scale`, as in Keras; `scale: false` (which Keras has not) leaves it out.
 */
export class RMSNormalization extends TrailingNormalization {
  static className = 'EvenkeelRMSNormalization'

  constructor(args: RMSNormalizationArgs = {}) {
    super({ ...args, center: false }, RMS_EPSILON)
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.buildTrailing(inputShape, 'scale')
  }

  protected override plan(shape: readonly number[]): Plan {
    return this.planTrailing(shape, false)
  }

  protected override centreConfig(): tf.serialization.ConfigDict {
    return {}
  }
}
