import type * as tf from '@tensorflow/tfjs'
import { type Plan, planRows } from '../engine/plan.js'
import { checkAxes, orderWith, resolveAxes } from './axes.js'
import { NormalizationLayer, oneShape } from './normalization.js'
import type { OptionTable } from './options.js'
import { CENTRED_OPTIONS, type CentredArgs, type NormalizationArgs, SCALE_OPTIONS } from './parameter.js'

interface AxisArgs {
  /** The dimensions to normalize over, in any order. The batch's dimension is not allowed. Default -1, the last one. */
  axis?: number | readonly number[] | undefined
}
export interface LayerNormalizationArgs extends CentredArgs, AxisArgs {}
export interface RMSNormalizationArgs extends NormalizationArgs, AxisArgs {}

/** A norm of each sample alone, over some of its dimensions. They are moved to the end for the computation. */
abstract class AxesNormalization extends NormalizationLayer {
  declare readonly axis: number | readonly number[]

  constructor(args: LayerNormalizationArgs, defaults: { epsilon?: number; center?: boolean } = {}) {
    super(args, defaults)
    const axis = args.axis ?? -1
    checkAxes(this.who, axis)
    this.defineFixed('axis', typeof axis === 'number' ? axis : Object.freeze([...axis]))
  }

  protected buildAxes(inputShape: tf.Shape | tf.Shape[], gammaName?: string): void {
    const shape = oneShape(inputShape)
    this.buildAffine(shape, resolveAxes(this.who, this.axis, shape.length), gammaName)
  }

  protected override order(rank: number): number[] {
    return orderWith(resolveAxes(this.who, this.axis, rank), rank)
  }

  /** @param shape has the normalized dimensions at its end. */
  protected planAxes(shape: readonly number[], centred: boolean): Plan {
    const count = typeof this.axis === 'number' ? 1 : this.axis.length
    const normalizedShape = shape.slice(-count)
    return planRows(this.who, shape, 'float32', { normalizedShape, eps: this.epsilon, centred })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: typeof this.axis === 'number' ? this.axis : [...this.axis] }
  }
}

/**
 * Keras's LayerNormalization: `gamma * (x - mean) / sqrt(variance + epsilon) + beta`. Mean and variance are per sample
 * over the dimensions `axis`. gamma and beta have these dimensions. Training and inference are the same. Weights:
 * gamma, beta.
 *
 * If the dimensions are not the last ones, as `axis: 1` of [N, C, H, W], they cost two transpositions.
 *
 * @throws EvenkeelError if an option does not fit, or, when the layer is built, if the input has no such dimensions.
 */
export class LayerNormalization extends AxesNormalization {
  static className = 'EvenkeelLayerNormalization'
  protected static override readonly options: OptionTable = {
    own: ['axis', ...CENTRED_OPTIONS],
    foreign: {
      rmsScaling: {
        neutral: [false],
        remedy:
          'leave it out; rmsNormalization, to which Keras points instead, divides by the root mean square',
      },
    },
  }

  constructor(args: LayerNormalizationArgs = {}) {
    super(args)
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.buildAxes(inputShape)
  }

  protected override plan(shape: readonly number[]): Plan {
    return this.planAxes(shape, true)
  }
}

/** Keras's default for RMSNormalization. */
const RMS_EPSILON = 1e-6

/**
 * Keras's RMSNormalization: `scale * x / sqrt(mean(x^2) + epsilon)` per sample over the dimensions `axis`. Its weight
 * is called `scale`, as in Keras. `scale: false` leaves it out (Keras does not have this option).
 *
 * @throws EvenkeelError in the same cases as LayerNormalization.
 */
export class RMSNormalization extends AxesNormalization {
  static className = 'EvenkeelRMSNormalization'
  protected static override readonly options: OptionTable = { own: ['axis', ...SCALE_OPTIONS] }

  constructor(args: RMSNormalizationArgs = {}) {
    super(args, { epsilon: RMS_EPSILON, center: false })
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.buildAxes(inputShape, 'scale')
  }

  protected override plan(shape: readonly number[]): Plan {
    return this.planAxes(shape, false)
  }

  protected override centreConfig(): tf.serialization.ConfigDict {
    return {}
  }
}
