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

/** Is used for an extent that is not known yet. It is large enough for statistics to exist. */
const ASSUMED_EXTENT = 2

/** Keras's default for all layers except RMSNormalization. */
const EPSILON = 1e-3

/** The remedy for writing to an option on which gamma, beta or the form of the input depend. */
const CONSTRUCT_ANEW = 'construct a new layer with it, and write its weights by setWeights([...])'
/** The remedy for replacing a variable. */
const SET_WEIGHTS = 'write values with setWeights([...]), in the order of getWeights()'

/**
 * The base class of the normalization layers: gamma and beta, their configuration, and the connection to tfjs. The
 * layers compute in float32, as tfjs does, and convert integer and boolean input. A mask is passed on and does not
 * change the statistics (as in tfjs).
 */
export abstract class NormalizationLayer extends tf.layers.Layer {
  /** The options that the constructor accepts. */
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

  /** Also accepts a configuration that Keras wrote, with names in snake_case. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(camelCasedNames(config) as tf.serialization.ConfigDict)
  }

  /** The name of the layer in an error: `GroupNormalization 'my_name'`. */
  protected get who(): string {
    return `${kindOf(this.constructor)} '${this.name}'`
  }

  /** Defines an option that throws when it is written to, because the layer is already constructed from it. */
  protected defineFixed(name: string, value: unknown): void {
    defineFixed(
      this,
      () => this.who,
      name,
      () => value,
      CONSTRUCT_ANEW,
    )
  }

  /** Defines read-only properties for the layer's variables. `build` puts the variables into `held`. */
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
   * The plan for an input of this shape, with given statistics if `given` is true. `build` calls it with the extents
   * that it knows, to check them. Throws if the shape does not fit.
   */
  protected abstract plan(shape: readonly number[], given?: boolean): Plan

  /** The order of the input's dimensions that `plan` needs. Undefined if the input already has it. */
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

  /** Normalizes an input. Only BatchNormalization uses `training`. */
  protected normalize(x: tf.Tensor, _training: boolean): tf.Tensor {
    return this.run(this.plan(x.shape), x)
  }

  protected run(plan: Plan, x: tf.Tensor, statistics?: Statistics): tf.Tensor {
    return differentiable(plan, { x, gamma: read(this.gamma), beta: read(this.beta) }, statistics)
  }

  /**
   * Normalizes an input with one value per statistic. The value is its own mean, so differences, variance and the
   * gradient of x are 0, and the result is beta. The core refuses such a batch, but Keras accepts it, and so these
   * layers do. If the input is empty, so is the result.
   */
  protected runAlone(given: Plan, x: tf.Tensor): tf.Tensor {
    return this.run(given, tf.sub(x, x), newStatistics(given.slots))
  }

  /**
   * Adds gamma and beta over the dimensions `axes`, and sets which inputs the layer accepts from now on. If the known
   * part of the shape cannot fit, it throws here and not only at the first call.
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

  /** The part of getConfig about beta. It is empty for a layer that never has beta. */
  protected centreConfig(): tf.serialization.ConfigDict {
    return { center: this.center, ...parameterConfig('beta', this.betaParameter) }
  }

  private addParameter(name: string, shape: number[], parameter: Parameter): tf.LayerVariable {
    const { initializer, regularizer, constraint } = parameter
    // The types of tfjs do not allow null here. Its code treats null and undefined as the same.
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

/** The name of the class in Keras. */
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
