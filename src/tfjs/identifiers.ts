import * as tf from '@tensorflow/tfjs'
import { fail } from '../errors.js'
import { camelCase } from './options.js'

export type Initializer = ReturnType<typeof tf.initializers.zeros>
export type Regularizer = ReturnType<typeof tf.regularizers.l2>
export type Constraint = ReturnType<typeof tf.constraints.nonNeg>

/** How Keras names one of its objects: the object, its name ('zeros'), or `{ className, config }`. */
export type Identifier<T> = T | string | tf.serialization.ConfigDict

/** What an option such as gammaInitializer, gammaRegularizer or gammaConstraint can hold, by the end of its name. */
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

/** The class that tfjs's objects of one kind extend; tfjs does not export it. */
function baseOf(object: tf.serialization.Serializable): { prototype: object } {
  return Object.getPrototypeOf(object.constructor)
}

/**
 * The initializer, regularizer or constraint that an identifier stands for; null for none.
 * tfjs does the same in functions that it does not export; its registry of classes is public.
 * @throws EvenkeelError where no such class is registered with tf.serialization, or it is of another kind.
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

/** The initializer that an option holds, or the usual one. */
export function initializerOf(
  who: string,
  name: string,
  identifier: Identifier<Initializer> | undefined,
  usual: string,
): Initializer {
  return resolve<Initializer>(who, name, identifier ?? usual)!
}

/** An object of the class that an identifier names; null where none is registered. */
function construct(identifier: string | tf.serialization.ConfigDict): tf.serialization.Serializable | null {
  const { className, config } =
    typeof identifier === 'string' ? { className: classNameOf(identifier), config: null } : identifier
  const known = tfjsClass(String(className), (config ?? {}) as tf.serialization.ConfigDict)
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[known.className]
  if (registered === undefined) return null
  const [found, fromConfig] = registered
  return fromConfig(found, known.config)
}

/** Keras's own weight of a penalty. */
const PENALTY = 0.01

/** Keras has classes for l1 and l2 alone, where tfjs has one for both. */
function tfjsClass(className: string, config: tf.serialization.ConfigDict) {
  if (className === 'L1') return { className: 'L1L2', config: { l1: config.l1 ?? PENALTY, l2: 0 } }
  if (className === 'L2') return { className: 'L1L2', config: { l1: 0, l2: config.l2 ?? PENALTY } }
  return { className, config }
}

/** What `resolve` reads back: `{ className, config }`, or null for none. */
export function serialize(object: tf.serialization.Serializable | null): tf.serialization.ConfigDict | null {
  return object === null ? null : { className: object.getClassName(), config: object.getConfig() }
}

/** 'zeros' -> 'Zeros', 'min_max_norm' -> 'MinMaxNorm': names and classes differ in the first letter only. */
function classNameOf(name: string): string {
  const camel = camelCase(name)
  return camel.toLowerCase() === 'l1l2' ? 'L1L2' : camel.charAt(0).toUpperCase() + camel.slice(1)
}

function describe(identifier: unknown): string {
  if (identifier instanceof tf.serialization.Serializable) return `the object ${identifier.getClassName()}`
  return typeof identifier === 'string' ? `'${identifier}'` : JSON.stringify(identifier)
}
