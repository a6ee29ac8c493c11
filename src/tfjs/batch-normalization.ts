import * as tf from '@tensorflow/tfjs'
import { copyStatistics, newStatistics, type Statistics } from '../buffers.js'
import { fail } from '../errors.js'
import { RunningStatistics } from '../layers/running-statistics.js'
import { type Plan, planBatch } from '../plan.js'
import { channelView, checkAxis, resolveAxis } from './axes.js'
import { valuesOf } from './differentiable.js'
import { type Identifier, type Initializer, serialize } from './identifiers.js'
import { type CentredArgs, NormalizationLayer, oneShape } from './normalization.js'

export interface BatchNormalizationArgs extends CentredArgs {
  /** The channels' dimension: any but the batch's. Default -1 (channels last); 1 for channels first. */
  axis?: number
  /** How much of the moving statistics stays at each step, from 0 to 1. Default 0.99. */
  momentum?: number
  /** Default 'zeros'. */
  movingMeanInitializer?: Identifier<Initializer>
  /** Default 'ones'. */
  movingVarianceInitializer?: Identifier<Initializer>
}

/**
 * Keras's BatchNormalization: `gamma * (x - mean) / sqrt(variance + epsilon) + beta` per channel.
 *
 * In training (`training: true`, as in model.fit) mean and variance are the batch's, and the moving ones follow
 * with `moving = momentum * moving + (1 - momentum) * batch` (population variance, as in Keras). Otherwise,
 * and always where the layer is frozen (`trainable: false`, of the layer or of its model), they are the moving
 * ones, and those stay as they are.
 *
 * Weights in Keras's order: gamma, beta, moving_mean, moving_variance: they exchange with
 * tf.layers.batchNormalization by getWeights and setWeights.
 *
 * @throws EvenkeelError where a training batch holds one value per channel, or where its statistics are not
 * finite; the moving statistics are then unchanged.
 */
export class BatchNormalization extends NormalizationLayer {
  static className = 'EvenkeelBatchNormalization'
  readonly axis: number
  readonly momentum: number
  private readonly movingMeanInitializer: Initializer
  private readonly movingVarianceInitializer: Initializer
  private movingMean!: tf.LayerVariable
  private movingVariance!: tf.LayerVariable

  constructor(args: BatchNormalizationArgs = {}) {
    super(args)
    this.axis = args.axis ?? -1
    checkAxis(this.who, this.axis, false)
    this.momentum = args.momentum ?? 0.99
    if (!(this.momentum >= 0 && this.momentum <= 1)) {
      fail('EVENKEEL_OPTION', this.who, `momentum must be from 0 to 1, got ${this.momentum}`, 'try 0.99')
    }
    this.movingMeanInitializer = this.initializer(
      'movingMeanInitializer',
      args.movingMeanInitializer,
      'zeros',
    )
    this.movingVarianceInitializer = this.initializer(
      'movingVarianceInitializer',
      args.movingVarianceInitializer,
      'ones',
    )
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape)
    const axis = resolveAxis(this.who, this.axis, shape.length)
    this.buildAffine(shape, [axis])
    const extent = [shape[axis]]
    const { movingMeanInitializer: mean, movingVarianceInitializer: variance } = this
    this.movingMean = this.addWeight('moving_mean', extent, 'float32', mean, undefined, false)
    this.movingVariance = this.addWeight('moving_variance', extent, 'float32', variance, undefined, false)
  }

  protected override plan(shape: readonly number[], given = false): Plan {
    const axis = resolveAxis(this.who, this.axis, shape.length)
    const view = channelView(shape, axis)
    return planBatch(this.who, view.shape, 'float32', { layout: view.layout, eps: this.epsilon, given })
  }

  protected override normalize(x: tf.Tensor, training: boolean): tf.Tensor {
    const given = !training || this.frozen
    const plan = this.plan(x.shape, given)
    if (given) {
      const [mean, variance] = [this.movingMean, this.movingVariance].map((moving) => valuesOf(moving.read()))
      return this.run(plan, x, copyStatistics(plan, { mean, variance }))
    }
    const statistics = newStatistics(plan.slots)
    const y = this.run(plan, x, statistics)
    this.updateMovingStatistics(plan, statistics)
    return y
  }

  /**
   * Keras: a layer with `trainable: false` runs in inference mode. Freezing a whole model of tfjs reaches the
   * layer's weights only, so that they are asked too.
   */
  private get frozen(): boolean {
    return !this.trainable || ((this.scale || this.center) && this.trainableWeights.length === 0)
  }

  /** Neither of the two is written unless both are finite. */
  private updateMovingStatistics(plan: Plan, statistics: Statistics): void {
    const options = { average: { decay: this.momentum }, variance: 'population' } as const
    const moving = new RunningStatistics('float32', [plan.slots], options)
    moving.mean.data.set(valuesOf(this.movingMean.read()))
    moving.variance.data.set(valuesOf(this.movingVariance.read()))
    moving.update(plan, statistics)
    this.movingMean.write(tf.tensor1d(moving.mean.data as Float32Array))
    this.movingVariance.write(tf.tensor1d(moving.variance.data as Float32Array))
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      movingMeanInitializer: serialize(this.movingMeanInitializer),
      movingVarianceInitializer: serialize(this.movingVarianceInitializer),
    }
  }
}
