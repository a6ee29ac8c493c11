import * as tf from '@tensorflow/tfjs'
import type { Statistics } from '../buffers.js'
import { fail } from '../errors.js'
import type { Plan } from '../plan.js'
import { definedExtent } from './axes.js'
import { differentiable } from './differentiable.js'
import {
  type Constraint,
  type Identifier,
  type Initializer,
  type Regularizer,
  resolve,
  serialize,
} from './identifiers.js'

/** name, trainable, inputShape, batchInputShape, dtype, weights, ...: what every layer of tfjs takes. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>

/** What all of these layers take, with Keras's names. */
export interface NormalizationArgs extends LayerArgs {
  /** Added to the variance inside the root. Default 1e-3; RMSNormalization: 1e-6. */
  epsilon?: number
  /** Multiply by gamma. Default true. */
  scale?: boolean
  /** Default 'ones'. */
  gammaInitializer?: Identifier<Initializer>
  gammaRegularizer?: Identifier<Regularizer>
  gammaConstraint?: Identifier<Constraint>
}

/** The arguments of the layers that have a shift too. */
export interface CentredArgs extends NormalizationArgs {
  /** Add beta. Default true. */
  center?: boolean
  /** Default 'zeros'. */
  betaInitializer?: Identifier<Initializer>
  betaRegularizer?: Identifier<Regularizer>
  betaConstraint?: Identifier<Constraint>
}

interface Parameter {
  readonly initializer: Initializer
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
}

/** Stands for an extent that is not known yet: large enough for statistics to exist. */
const ASSUMED_EXTENT = 2

/** Keras's default, for all but RMSNormalization. */
export const EPSILON = 1e-3

/**
 * What the normalization layers share: gamma and beta, their configuration, and the way through tfjs.
 * float32 throughout, as tfjs is; integer and boolean input is converted. A mask passes through, and does not
 * change the statistics (as in tfjs).
 */
export abstract class NormalizationLayer extends tf.layers.Layer {
  readonly epsilon: number
  readonly scale: boolean
  readonly center: boolean
  protected gamma: tf.LayerVariable | null = null
  protected beta: tf.LayerVariable | null = null
  private readonly gammaParameter: Parameter
  private readonly betaParameter: Parameter

  constructor(args: CentredArgs, epsilon = EPSILON) {
    super(args)
    this.supportsMasking = true
    this.epsilon = args.epsilon ?? epsilon
    if (!(this.epsilon > 0 && Number.isFinite(this.epsilon))) {
      fail(
        'EVENKEEL_OPTION',
        this.who,
        `epsilon must be positive and finite, got ${this.epsilon}`,
        'try 1e-3',
      )
    }
    this.scale = args.scale ?? true
    this.center = args.center ?? true
    this.gammaParameter = {
      initializer: this.initializer('gammaInitializer', args.gammaInitializer, 'ones'),
      regularizer: resolve<Regularizer>(this.who, 'gammaRegularizer', args.gammaRegularizer),
      constraint: resolve<Constraint>(this.who, 'gammaConstraint', args.gammaConstraint),
    }
    this.betaParameter = {
      initializer: this.initializer('betaInitializer', args.betaInitializer, 'zeros'),
      regularizer: resolve<Regularizer>(this.who, 'betaRegularizer', args.betaRegularizer),
      constraint: resolve<Constraint>(this.who, 'betaConstraint', args.betaConstraint),
    }
  }

  /** The layer in an error: `GroupNormalization 'my_name'`. */
  protected get who(): string {
    return `${this.getClassName().replace(/^Evenkeel/, '')} '${this.name}'`
  }

  /** What evenkeel computes for an input of this shape; throws where the shape does not fit. */
  protected abstract plan(shape: readonly number[], given?: boolean): Plan

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs)
      return this.normalize(this.floatInput(inputs), kwargs.training === true)
    })
  }

  /** From input to output. `training` matters to BatchNormalization alone, which overrides this. */
  protected normalize(x: tf.Tensor, _training: boolean): tf.Tensor {
    return this.run(this.plan(x.shape), x)
  }

  protected run(plan: Plan, x: tf.Tensor, statistics?: Statistics): tf.Tensor {
    const operands = { x, gamma: this.gamma?.read() ?? null, beta: this.beta?.read() ?? null }
    return differentiable(plan, operands, statistics)
  }

  /**
   * Adds gamma and beta, over the dimensions `axes`, and fixes what inputs the layer takes from here on. What
   * will not fit at the first call fails here already, as far as the shape is known.
   */
  protected buildAffine(inputShape: tf.Shape, axes: number[], gammaName = 'gamma'): void {
    const extents = axes.map((axis) => definedExtent(this.who, inputShape, axis))
    this.plan(
      inputShape.map((extent) => extent ?? ASSUMED_EXTENT),
      true,
    )
    this.inputSpec = [
      new tf.InputSpec({
        ndim: inputShape.length,
        axes: Object.fromEntries(axes.map((axis, i) => [axis, extents[i]])),
      }),
    ]
    if (this.scale) this.gamma = this.addParameter(gammaName, extents, this.gammaParameter)
    if (this.center) this.beta = this.addParameter('beta', extents, this.betaParameter)
    this.built = true
  }

  protected initializer(
    name: string,
    identifier: Identifier<Initializer> | undefined,
    byDefault: string,
  ): Initializer {
    return resolve<Initializer>(this.who, name, identifier ?? byDefault)!
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      epsilon: this.epsilon,
      scale: this.scale,
      gammaInitializer: serialize(this.gammaParameter.initializer),
      gammaRegularizer: serialize(this.gammaParameter.regularizer),
      gammaConstraint: serialize(this.gammaParameter.constraint),
      ...this.centreConfig(),
    }
  }

  /** What getConfig says of beta; a layer that never has one says nothing. */
  protected centreConfig(): tf.serialization.ConfigDict {
    return {
      center: this.center,
      betaInitializer: serialize(this.betaParameter.initializer),
      betaRegularizer: serialize(this.betaParameter.regularizer),
      betaConstraint: serialize(this.betaParameter.constraint),
    }
  }

  private addParameter(name: string, shape: number[], parameter: Parameter): tf.LayerVariable {
    const { initializer, regularizer, constraint } = parameter
    // tfjs's types know no null here; its code reads null and undefined alike.
    return this.addWeight(
      name,
      shape,
      'float32',
      initializer,
      regularizer ?? undefined,
      true,
      constraint ?? undefined,
    )
  }

  private floatInput(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const list = Array.isArray(inputs) ? inputs : [inputs]
    if (list.length !== 1) {
      fail('EVENKEEL_SHAPE', this.who, `takes one input, got ${list.length}`, 'concatenate or add them first')
    }
    const [x] = list
    if (x.dtype === 'float32') return x
    if (x.dtype === 'int32' || x.dtype === 'bool') return x.toFloat()
    return fail(
      'EVENKEEL_DTYPE',
      this.who,
      `input must be float32, int32 or bool, got ${x.dtype}`,
      'cast the input to float32',
    )
  }
}

/** The shape of a layer's single input, as tfjs passes it to build. */
export function oneShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
  return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tf.Shape
}
