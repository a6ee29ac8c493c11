import * as tf from '@tensorflow/tfjs'
import { newStatistics, type Statistics } from '../engine/buffers.js'
import type { Plan } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { checkBoolean } from '../options.js'
import { definedExtent } from './axes.js'
import { differentiable } from './differentiable.js'
import { camelCasedNames, layerArgs, type OptionTable } from './options.js'
import { type CentredArgs, type Parameter, parameterConfig, parameterOf } from './parameter.js'
import { defineFixed, defineSetting } from './properties.js'

/** Stands for an extent that is not known yet: large enough for statistics to exist. */
const ASSUMED_EXTENT = 2

/** Keras's default, for all but RMSNormalization. */
const EPSILON = 1e-3

/** What to do instead of writing to an option that gamma, beta or the input's form follow from. */
const CONSTRUCT_ANEW = 'construct a new layer with it, and write its weights by setWeights([...])'
/** What to do instead of replacing a variable. */
const SET_WEIGHTS = 'write values with setWeights([...]), in the order of getWeights()'

/**
 * What the normalization layers share: gamma and beta, their configuration, and the way through tfjs.
 * float32 throughout, as tfjs is; integer and boolean input is converted. A mask passes through, and does not
 * change the statistics (as in tfjs).
 */
export abstract class NormalizationLayer extends tf.layers.Layer {
  /** What the constructor takes. */
  protected static readonly options: OptionTable
  /** May be changed at any time. */
  declare epsilon: number
  declare readonly scale: boolean
  declare readonly center: boolean
  declare protected readonly gamma: tf.LayerVariable | null
  declare protected readonly beta: tf.LayerVariable | null
  private readonly affine: { gamma: tf.LayerVariable | null; beta: tf.LayerVariable | null }
  private readonly gammaParameter: Parameter
  private readonly betaParameter: Parameter

  constructor(args: CentredArgs, defaults: { epsilon?: number; center?: boolean } = {}) {
    super(layerArgs(kindOf(new.target), args, new.target.options))
    this.supportsMasking = true
    const { epsilon = EPSILON, center = true } = defaults
    defineSetting(this, 'epsilon', args.epsilon ?? epsilon, (value) => this.checkEpsilon(value))
    this.defineFixed('scale', args.scale ?? true)
    this.defineFixed('center', args.center ?? center)
    checkBoolean(this.who, 'scale', this.scale)
    checkBoolean(this.who, 'center', this.center)
    this.gammaParameter = parameterOf(this.who, 'gamma', args, 'ones')
    this.betaParameter = parameterOf(this.who, 'beta', args, 'zeros')
    this.affine = { gamma: null, beta: null }
    this.defineVariables(this.affine)
  }

  /** Takes a configuration of Keras's own too, with its names in snake_case. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(camelCasedNames(config) as tf.serialization.ConfigDict)
  }

  /** The layer in an error: `GroupNormalization 'my_name'`. */
  protected get who(): string {
    return `${kindOf(this.constructor)} '${this.name}'`
  }

  /** A property that says when it is written to: what follows from it is done. */
  protected defineFixed(name: string, value: unknown): void {
    defineFixed(
      this,
      () => this.who,
      name,
      () => value,
      CONSTRUCT_ANEW,
    )
  }

  /** Properties for the layer's variables, which `build` puts into `held`. */
  protected defineVariables(held: Record<string, tf.LayerVariable | null>): void {
    for (const name of Object.keys(held)) {
      defineFixed(
        this,
        () => this.who,
        name,
        () => held[name],
        SET_WEIGHTS,
      )
    }
  }

  private checkEpsilon(epsilon: unknown): void {
    if (typeof epsilon === 'number' && epsilon > 0 && Number.isFinite(epsilon)) return
    const problem = `epsilon must be positive and finite, got ${describe(epsilon)}`
    fail('EVENKEEL_OPTION', this.who, problem, 'try 1e-3')
  }

  /**
   * What evenkeel computes for an input of this shape. `given`: from given statistics; without it, as `build` checks
   * the shapes that it knows. Throws where the shape does not fit.
   */
  protected abstract plan(shape: readonly number[], given?: boolean): Plan

  /** The order of the input's dimensions that `plan` takes; undefined where they are in it. */
  protected order(_rank: number): number[] | undefined {
    return undefined
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown> = {}): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs)
      const x = this.floatInput(inputs)
      if (!this.built) {
        const remedy = 'call layer.apply(x), which builds it'
        fail('EVENKEEL_STATE', this.who, 'was called before it was built', remedy)
      }
      const order = this.order(x.rank)
      const training = Boolean(kwargs.training)
      if (order === undefined || order.every((from, to) => from === to)) return this.normalize(x, training)
      const back = order.map((_, dimension) => order.indexOf(dimension))
      return tf.transpose(this.normalize(tf.transpose(x, order), training), back)
    })
  }

  /** From input to output. `training` matters to BatchNormalization alone. */
  protected normalize(x: tf.Tensor, _training: boolean): tf.Tensor {
    return this.run(this.plan(x.shape), x)
  }

  protected run(plan: Plan, x: tf.Tensor, statistics?: Statistics): tf.Tensor {
    return differentiable(plan, { x, gamma: read(this.gamma), beta: read(this.beta) }, statistics)
  }

  /**
   * Where a statistic is of one value, that value is its own mean: the differences, the variance and the gradient of x
   * are 0, and the result is beta. The core refuses such a batch; Keras, and so a layer of its kind, goes on.
   * Where there are no values, the result is as empty.
   */
  protected runAlone(given: Plan, x: tf.Tensor): tf.Tensor {
    return this.run(given, tf.sub(x, x), newStatistics(given.slots))
  }

  /**
   * Adds gamma and beta, over the dimensions `axes`, and fixes what inputs the layer takes from here on. What
   * will not fit at the first call fails here already, as far as the shape is known.
   */
  protected buildAffine(inputShape: tf.Shape, axes: number[], gammaName = 'gamma'): void {
    const extents = axes.map((axis) => definedExtent(this.who, inputShape, axis))
    const assumed = inputShape.map((extent) => extent ?? ASSUMED_EXTENT)
    const order = this.order(assumed.length) ?? assumed.map((_, i) => i)
    this.plan(order.map((i) => assumed[i]))
    this.inputSpec = [
      new tf.InputSpec({
        ndim: inputShape.length,
        axes: Object.fromEntries(axes.map((axis, i) => [axis, extents[i]])),
      }),
    ]
    if (this.scale) this.affine.gamma = this.addParameter(gammaName, extents, this.gammaParameter)
    if (this.center) this.affine.beta = this.addParameter('beta', extents, this.betaParameter)
    this.built = true
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      epsilon: this.epsilon,
      scale: this.scale,
      ...parameterConfig('gamma', this.gammaParameter),
      ...this.centreConfig(),
    }
  }

  /** What getConfig says of beta; a layer that never has one says nothing. */
  protected centreConfig(): tf.serialization.ConfigDict {
    return { center: this.center, ...parameterConfig('beta', this.betaParameter) }
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

/** The class's name, as Keras has it. */
function kindOf(layer: object): string {
  return String((layer as { className?: string }).className).replace(/^Evenkeel/, '')
}

function read(variable: tf.LayerVariable | null): tf.Tensor | null {
  return variable?.read() ?? null
}

/** The shape of a layer's single input, as tfjs passes it to build. */
export function oneShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
  return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tf.Shape
}
