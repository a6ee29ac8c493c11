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

/** What all of these layers take, with Keras's names. */
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

/** The arguments of the layers that have a shift too. */
export interface CentredArgs extends NormalizationArgs {
  /** Add beta. Default true. */
  center?: boolean | undefined
  /** Default 'zeros'. */
  betaInitializer?: Identifier<Initializer> | undefined
  betaRegularizer?: Identifier<Regularizer> | null | undefined
  betaConstraint?: Identifier<Constraint> | null | undefined
}

/** The names of NormalizationArgs and of CentredArgs, beside LayerArgs. */
export const SCALE_OPTIONS = ['epsilon', 'scale', 'gammaInitializer', 'gammaRegularizer', 'gammaConstraint']
export const CENTRED_OPTIONS = [
  ...SCALE_OPTIONS,
  'center',
  'betaInitializer',
  'betaRegularizer',
  'betaConstraint',
]

/** How gamma or beta begins, and what holds it while it is trained. */
export interface Parameter {
  readonly initializer: Initializer
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
}

type Name = 'gamma' | 'beta'

/** @throws EvenkeelError where one of the three options of this parameter does not fit. */
export function parameterOf(who: string, name: Name, args: CentredArgs, usual: string): Parameter {
  return {
    initializer: initializerOf(who, `${name}Initializer`, args[`${name}Initializer`], usual),
    regularizer: resolve<Regularizer>(who, `${name}Regularizer`, args[`${name}Regularizer`]),
    constraint: resolve<Constraint>(who, `${name}Constraint`, args[`${name}Constraint`]),
  }
}

/** What `parameterOf` reads back. */
export function parameterConfig(name: Name, parameter: Parameter): tf.serialization.ConfigDict {
  return {
    [`${name}Initializer`]: serialize(parameter.initializer),
    [`${name}Regularizer`]: serialize(parameter.regularizer),
    [`${name}Constraint`]: serialize(parameter.constraint),
  }
}
