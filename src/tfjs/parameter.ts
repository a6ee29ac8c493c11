import type * as tf from '@tensorflow/tfjs'
import {
  type Constraint,
  type Identifier,
  type Initializer,
  initializerOf,
  type Regularizer,
  resolve,
  serialize,
} from './identifiers.js'
import type { LayerArgs } from './options.js'

/** The options of all of these layers, with Keras's names. */
export interface NormalizationArgs extends LayerArgs {
  /** Added to the variance inside the root. Default 1e-3; RMSNormalization: 1e-6. */
  epsilon?: number | undefined
  /** Multiply by gamma. Default true. */
  scale?: boolean | undefined
  /** Default 'ones'. */
  gammaInitializer?: Identifier<Initializer> | undefined
  gammaRegularizer?: Identifier<Regularizer> | null | undefined
  gammaConstraint?: Identifier<Constraint> | null | undefined
}

/** The options of the layers that also have beta. */
export interface CentredArgs extends NormalizationArgs {
  /** Add beta. Default true. */
  center?: boolean | undefined
  /** Default 'zeros'. */
  betaInitializer?: Identifier<Initializer> | undefined
  betaRegularizer?: Identifier<Regularizer> | null | undefined
  betaConstraint?: Identifier<Constraint> | null | undefined
}

/** The names of NormalizationArgs and of CentredArgs, without those of LayerArgs. */
export const SCALE_OPTIONS = ['epsilon', 'scale', 'gammaInitializer', 'gammaRegularizer', 'gammaConstraint']
export const CENTRED_OPTIONS = [
  ...SCALE_OPTIONS,
  'center',
  'betaInitializer',
  'betaRegularizer',
  'betaConstraint',
]

/** How gamma or beta is initialized, and how its training is regularized and constrained. */
export interface Parameter {
  readonly initializer: Initializer
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
}

type Name = 'gamma' | 'beta'

/** @throws EvenkeelError if one of the three options of this parameter does not fit. */
export function parameterOf(who: string, name: Name, args: CentredArgs, usual: string): Parameter {
  return {
    initializer: initializerOf(who, `${name}Initializer`, args[`${name}Initializer`], usual),
    regularizer: resolve<Regularizer>(who, `${name}Regularizer`, args[`${name}Regularizer`]),
    constraint: resolve<Constraint>(who, `${name}Constraint`, args[`${name}Constraint`]),
  }
}

/** The part of a configuration that `parameterOf` reads back. */
export function parameterConfig(name: Name, parameter: Parameter): tf.serialization.ConfigDict {
  return {
    [`${name}Initializer`]: serialize(parameter.initializer),
    [`${name}Regularizer`]: serialize(parameter.regularizer),
    [`${name}Constraint`]: serialize(parameter.constraint),
  }
}
