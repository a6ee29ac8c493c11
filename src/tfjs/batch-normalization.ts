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
  /** The channels' dimension: any but the batch's. Default -1 (channels last); 1 for channels first. */
  axis?: number | readonly number[] | undefined
  /** How much of the moving statistics stays at each step, from 0 to 1. Default 0.99. */
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
 * In training (`training: true`, as in model.fit) mean and variance are the batch's, and the moving ones follow
 * with `moving = momentum * moving + (1 - momentum) * batch` (population variance, as in Keras). Otherwise,
 * and always where the layer is frozen (`trainable: false`, of the layer or of its model), they are the moving
 * ones, and those stay as they are.
 *
 * A training batch of one value per channel gives beta, and variance 0 to the moving ones, as in Keras. An empty one
 * gives an empty result and leaves them as they are (Keras's become NaN).
 *
 * `model.trainable = false` reaches the layers of that model. tfjs does not pass it on to what is inside a model or a
 * wrapper (timeDistributed) within it, and `compile` of a tf.sequential around it takes it back: set it there too, after
 * `compile`, or set `trainable = false` of the layer itself, which always holds. A layer that was saved frozen loads
 * frozen, as in Keras; `trainable = true` of the layer thaws it.
 *
 * Weights in Keras's order: gamma, beta, moving_mean, moving_variance: they exchange with
 * tf.layers.batchNormalization by getWeights and setWeights. So do PyTorch's, in its order too: weight, bias,
 * running_mean, running_var (without num_batches_tracked).
 *
 * @throws EvenkeelError where an option does not fit; where the statistics of a training batch are not finite: the
 * moving ones are then unchanged.
 */
export class BatchNormalization extends NormalizationLayer {
  static className = 'EvenkeelBatchNormalization'
  protected static override readonly options: OptionTable = {
    own: ['axis', 'momentum', ...CENTRED_OPTIONS, MEAN_OPTION, VARIANCE_OPTION],
    foreign: {
      renorm: { neutral: [false], ...PLAIN },
      renormClipping: { neutral: [], ...PLAIN },
      // Without renorm, which is refused, this one does nothing.
      renormMomentum: { neutral: 'any', ...PLAIN },
      virtualBatchSize: { neutral: [], ...PLAIN },
      adjustment: { neutral: [], ...PLAIN },
      // How it is computed; and over which devices, of which tfjs has one.
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
  /** What `trainable` was last set to, on the layer or its model. */
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

  /** Neither of the two is written unless both are finite. */
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

  /** Keras: a layer with `trainable: false` runs in inference mode. */
  private get frozen(): boolean {
    const weightsAre = this._trainableWeights.length > 0 && this.trainableWeights.length === 0
    return !this.trainable || !this.last.trainable || weightsAre
  }

  /**
   * To freeze a model tfjs writes `trainable` to each weight that its layers would train, and not to the layers. A layer
   * without gamma and beta has none, and hears of it by this: one more object to write it to, which is no weight.
   */
  private hearOfFreezing(): void {
    const weights = this._trainableWeights
    weights.forEach = (write, self) => [...weights, this.last as tf.LayerVariable].forEach(write, self)
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      // Keras: freezing a model freezes its layers, and a saved one comes back frozen.
      trainable: !this.frozen,
      axis: this.axis,
      momentum: this.momentum,
      [MEAN_OPTION]: serialize(this.meanInitializer),
      [VARIANCE_OPTION]: serialize(this.varianceInitializer),
    }
  }
}
