import * as tf from '@tensorflow/tfjs'
import { newStatistics, type Statistics } from '../engine/buffers.js'
import { type Plan, planBatch } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { channelView, resolveAxis, singleAxis } from './axes.js'
import { valuesOf } from './differentiable.js'
import { type Identifier, type Initializer, initializerOf, serialize } from './identifiers.js'
import { checkMovingVariance, updateAverage } from './moving-average.js'
import { NormalizationLayer, oneShape } from './normalization.js'
import type { OptionTable } from './options.js'
import { CENTRED_OPTIONS, type CentredArgs } from './parameter.js'
import { defineSetting } from './properties.js'

export interface BatchNormalizationArgs extends CentredArgs {
  /** The dimension of the channels: any except the batch's. Default -1 (channels last); 1 is channels first. */
  axis?: number | readonly number[] | undefined
  /** The weight of the old moving statistics at each step, from 0 to 1. Default 0.99. */
  momentum?: number | undefined
  /** Default 'zeros'. */
  movingMeanInitializer?: Identifier<Initializer> | undefined
  /** Default 'ones'. */
  movingVarianceInitializer?: Identifier<Initializer> | undefined
}

const MEAN_OPTION = 'movingMeanInitializer'
const VARIANCE_OPTION = 'movingVarianceInitializer'
const PLAIN = { remedy: 'leave it out, which trains by plain batch normalization' }

/**
 * Keras's BatchNormalization: `gamma * (x - mean) / sqrt(variance + epsilon) + beta` per channel.
 *
 * In training (`training: true`, as in model.fit), mean and variance are those of the batch. The moving statistics are
 * updated: `moving = momentum * moving + (1 - momentum) * batch` (population variance, as in Keras). Otherwise mean and
 * variance are the moving ones, which do not change. A frozen layer (`trainable: false` of the layer or of its model)
 * always uses the moving ones.
 *
 * If a training batch has one value per channel, the result is beta and the batch's variance is 0, as in Keras. If a
 * batch is empty, the result is empty and the moving statistics do not change (in Keras they become NaN).
 *
 * `model.trainable = false` reaches the layers of that model. tfjs does not pass it on to layers inside a nested model or
 * wrapper (timeDistributed), and `compile` of a tf.sequential around it resets it. There, set it on the nested model
 * too, after `compile`, or set `trainable = false` on the layer itself, which always works. A layer that was saved
 * frozen loads frozen, as in Keras. `trainable = true` on the layer ends that.
 *
 * The weights are in Keras's order: gamma, beta, moving_mean, moving_variance. getWeights and setWeights exchange them
 * with tf.layers.batchNormalization, and with PyTorch, whose order is the same: weight, bias, running_mean, running_var
 * (without num_batches_tracked).
 *
 * @throws EvenkeelError if an option does not fit, or if the statistics of a training batch are not finite. The moving
 * statistics do not change then.
 */
export class BatchNormalization extends NormalizationLayer {
  static className = 'EvenkeelBatchNormalization'
  protected static override readonly options: OptionTable = {
    own: ['axis', 'momentum', ...CENTRED_OPTIONS, MEAN_OPTION, VARIANCE_OPTION],
    foreign: {
      renorm: { neutral: [false], ...PLAIN },
      renormClipping: { neutral: [], ...PLAIN },
      // Only renorm uses it, and renorm is refused.
      renormMomentum: { neutral: 'any', ...PLAIN },
      virtualBatchSize: { neutral: [], ...PLAIN },
      adjustment: { neutral: [], ...PLAIN },
      // Neither changes a result: `fused` selects an implementation, and tfjs has one device only.
      fused: { neutral: 'any', ...PLAIN },
      synchronized: { neutral: 'any', ...PLAIN },
    },
  }
  declare readonly axis: number
  /** May be changed at any time. */
  declare momentum: number
  private readonly meanInitializer: Initializer
  private readonly varianceInitializer: Initializer
  private readonly moving: { movingMean: tf.LayerVariable | null; movingVariance: tf.LayerVariable | null }
  /** The last value that was written to `trainable` of the layer or of its model. */
  private readonly last = { trainable: true }

  constructor(args: BatchNormalizationArgs = {}) {
    super(args)
    this.defineFixed('axis', singleAxis(this.who, args.axis ?? -1))
    defineSetting(this, 'momentum', args.momentum ?? 0.99, (value) => this.checkMomentum(value))
    this.meanInitializer = initializerOf(this.who, MEAN_OPTION, args[MEAN_OPTION], 'zeros')
    this.varianceInitializer = initializerOf(this.who, VARIANCE_OPTION, args[VARIANCE_OPTION], 'ones')
    this.moving = { movingMean: null, movingVariance: null }
    this.defineVariables(this.moving)
    this.hearOfFreezing()
  }

  private checkMomentum(momentum: unknown): void {
    if (typeof momentum === 'number' && momentum >= 0 && momentum <= 1) return
    const problem = `momentum must be from 0 to 1, got ${describe(momentum)}`
    fail('EVENKEEL_OPTION', this.who, problem, 'try 0.99')
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = oneShape(inputShape)
    const axis = resolveAxis(this.who, this.axis, shape.length)
    this.buildAffine(shape, [axis])
    const variable = (name: string, initializer: Initializer) =>
      this.addWeight(name, [shape[axis]], 'float32', initializer, undefined, false)
    this.moving.movingMean = variable('moving_mean', this.meanInitializer)
    this.moving.movingVariance = variable('moving_variance', this.varianceInitializer)
  }

  protected override plan(shape: readonly number[], given = true): Plan {
    const axis = resolveAxis(this.who, this.axis, shape.length)
    const view = channelView(shape, axis)
    return planBatch(this.who, view.shape, 'float32', { layout: view.layout, eps: this.epsilon, given })
  }

  protected override normalize(x: tf.Tensor, training: boolean): tf.Tensor {
    const plan = this.plan(x.shape)
    if (!training || this.frozen) return this.normalizeByMoving(plan, x)
    if (plan.size === 0) return this.runAlone(plan, x)
    const batch = newStatistics(plan.slots)
    if (plan.count > 1) {
      const y = this.run(this.plan(x.shape, false), x, batch)
      this.follow(batch)
      return y
    }
    batch.mean.set(valuesOf(x))
    this.follow(batch)
    return this.runAlone(plan, x)
  }

  private normalizeByMoving(plan: Plan, x: tf.Tensor): tf.Tensor {
    const [mean, variance] = this.movingValues()
    checkMovingVariance(this.who, variance)
    return this.run(plan, x, { mean: Float64Array.from(mean), variance: Float64Array.from(variance) })
  }

  /** Updates both moving statistics, or neither if one would not be finite. */
  private follow(batch: Statistics): void {
    const { who, momentum } = this
    const [mean, variance] = this.movingValues()
    const nextMean = updateAverage(who, 'moving_mean', mean, batch.mean, momentum)
    const nextVariance = updateAverage(who, 'moving_variance', variance, batch.variance, momentum)
    this.moving.movingMean!.write(tf.tensor1d(nextMean))
    this.moving.movingVariance!.write(tf.tensor1d(nextVariance))
  }

  private movingValues(): [mean: Float32Array, variance: Float32Array] {
    const { movingMean, movingVariance } = this.moving
    return [valuesOf(movingMean!.read()), valuesOf(movingVariance!.read())]
  }

  /** As in Keras, a layer with `trainable: false` runs in inference mode. */
  private get frozen(): boolean {
    const weightsAre = this._trainableWeights.length > 0 && this.trainableWeights.length === 0
    return !this.trainable || !this.last.trainable || weightsAre
  }

  /**
   * If a model is frozen, tfjs writes `trainable` to each trainable weight of its layers, and not to the layers. A
   * layer without gamma and beta has no such weight. Therefore `forEach` of its list of weights also passes `last`, an
   * object that is no weight but receives the value.
   */
  private hearOfFreezing(): void {
    const weights = this._trainableWeights
    weights.forEach = (write, self) => [...weights, this.last as tf.LayerVariable].forEach(write, self)
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      // As in Keras, freezing a model freezes its layers, and a frozen layer that was saved loads frozen.
      trainable: !this.frozen,
      axis: this.axis,
      momentum: this.momentum,
      [MEAN_OPTION]: serialize(this.meanInitializer),
      [VARIANCE_OPTION]: serialize(this.varianceInitializer),
    }
  }
}
