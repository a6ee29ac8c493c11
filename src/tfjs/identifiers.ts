import * as tf from '@tensorflow/tfjs'
import { fail } from '../errors.js'
import { camelCase } from './options.js'

export type Initializer = ReturnType<typeof tf.initializers.zeros>
export type Regularizer = ReturnType<typeof tf.regularizers.l2>
export type Constraint = ReturnType<typeof tf.constraints.nonNeg>

/** The ways in which Keras identifies an object: the object itself, its name ('zeros'), or `{ className, config }`. */
export type Identifier<T> = T | string | tf.serialization.ConfigDict

/** The kinds of objects for options such as gammaInitializer. The end of the option's name selects the kind. */
const KINDS = {
  Initializer: {
    base: baseOf(tf.initializers.zeros()),
    remedy: "'zeros' or tf.initializers.constant({ value: 2 })",
  },
  Regularizer: { base: baseOf(tf.regularizers.l1l2()), remedy: "'l1l2' or tf.regularizers.l2({ l2: 0.01 })" },
  Constraint: {
    base: baseOf(tf.constraints.nonNeg()),
    remedy: "'nonNeg' or tf.constraints.maxNorm({ maxValue: 2 })",
  },
}

/** The base class of tfjs's objects of one kind. tfjs does not export it. */
function baseOf(object: tf.serialization.Serializable): { prototype: object } {
  return Object.getPrototypeOf(object.constructor)
}

/**
 * The initializer, regularizer or constraint of an identifier. Null for none. tfjs has functions for this that it does
 * not export, but its registry of classes is public.
 * @throws EvenkeelError if no such class is registered with tf.serialization, or if it is of another kind.
 */
export function resolve<T extends tf.serialization.Serializable>(
  who: string,
  name: string,
  identifier: Identifier<T> | null | undefined,
): T | null {
  if (identifier === null || identifier === undefined) return null
  const object = identifier instanceof tf.serialization.Serializable ? identifier : construct(identifier)
  const kind = Object.keys(KINDS).find((suffix) => name.endsWith(suffix)) as keyof typeof KINDS
  const isOther = Object.entries(KINDS).some(
    ([other, { base }]) =>
      other !== kind && Object.prototype.isPrototypeOf.call(base.prototype, object ?? {}),
  )
  if (object !== null && !isOther) return object as T
  return fail(
    'EVENKEEL_OPTION',
    who,
    `${name} must be one of tfjs's ${kind.toLowerCase()}s or the name of one, got ${describe(identifier)}`,
    `try ${KINDS[kind].remedy}`,
  )
}

/** The initializer of an option, or the default one. */
export function initializerOf(
  who: string,
  name: string,
  identifier: Identifier<Initializer> | undefined,
  usual: string,
): Initializer {
  return resolve<Initializer>(who, name, identifier ?? usual)!
}

/** Makes an object of the class that an identifier names. Null if no such class is registered. */
function construct(identifier: string | tf.serialization.ConfigDict): tf.serialization.Serializable | null {
  const { className, config } =
    typeof identifier === 'string' ? { className: classNameOf(identifier), config: null } : identifier
  const known = tfjsClass(String(className), (config ?? {}) as tf.serialization.ConfigDict)
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[known.className]
  if (registered === undefined) return null
  const [found, fromConfig] = registered
  return fromConfig(found, known.config)
}

/** Keras's default weight of a penalty. */
const PENALTY = 0.01

/** Translates Keras's classes L1 and L2, because tfjs has one class for both. */
function tfjsClass(className: string, config: tf.serialization.ConfigDict) {
  if (className === 'L1') return { className: 'L1L2', config: { l1: config.l1 ?? PENALTY, l2: 0 } }
  if (className === 'L2') return { className: 'L1L2', config: { l1: 0, l2: config.l2 ?? PENALTY } }
  return { className, config }
}

/** The form that `resolve` reads back: `{ className, config }`, or null for none. */
export function serialize(object: tf.serialization.Serializable | null): tf.serialization.ConfigDict | null {
  return object === null ? null : { className: object.getClassName(), config: object.getConfig() }
}

/**
 * 'zeros' -> 'Zeros', 'min_max_norm' -> 'MinMaxNorm'. In camel case, name and class differ in the first letter only.
 */
function classNameOf(name: string): string {
  const camel = camelCase(name)
  return camel.toLowerCase() === 'l1l2' ? 'L1L2' : camel.charAt(0).toUpperCase() + camel.slice(1)
}

function describe(identifier: unknown): string {
  if (identifier instanceof tf.serialization.Serializable) return `the object ${identifier.getClassName()}`
  return typeof identifier === 'string' ? `'${identifier}'` : JSON.stringify(identifier)
}
