import * as tf from '@tensorflow/tfjs'
import { fail } from '../errors.js'

export type Initializer = ReturnType<typeof tf.initializers.zeros>
export type Regularizer = ReturnType<typeof tf.regularizers.l2>
export type Constraint = ReturnType<typeof tf.constraints.nonNeg>

/** How Keras names one of its objects: the object, its name ('zeros'), or `{ className, config }`. */
export type Identifier<T> = T | string | tf.serialization.ConfigDict

/**
 * The initializer, regularizer or constraint that an identifier stands for; null for none.
 * tfjs does the same in functions that it does not export; its registry of classes is public.
 * @throws EvenkeelError where no such class is registered with tf.serialization.
 */
export function resolve<T extends tf.serialization.Serializable>(
  who: string,
  name: string,
  identifier: Identifier<T> | null | undefined,
): T | null {
  if (identifier === null || identifier === undefined) return null
  if (identifier instanceof tf.serialization.Serializable) return identifier as T
  const { className, config } =
    typeof identifier === 'string' ? { className: classNameOf(identifier), config: {} } : identifier
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[String(className)]
  if (registered === undefined) {
    fail(
      'EVENKEEL_OPTION',
      who,
      `${name} must be an object of tfjs or the name of one, got ${describe(identifier)}`,
      `try 'zeros', tf.initializers.constant({ value }), 'l1l2' or 'nonNeg'`,
    )
  }
  const [found, fromConfig] = registered
  return fromConfig(found, (config ?? {}) as tf.serialization.ConfigDict) as T
}

/** What `resolve` reads back: `{ className, config }`, or null for none. */
export function serialize(object: tf.serialization.Serializable | null): tf.serialization.ConfigDict | null {
  return object === null ? null : { className: object.getClassName(), config: object.getConfig() }
}

/** 'zeros' -> 'Zeros', 'minMaxNorm' -> 'MinMaxNorm': tfjs's names and its classes differ in the first letter only. */
function classNameOf(name: string): string {
  return name === 'l1l2' ? 'L1L2' : name.charAt(0).toUpperCase() + name.slice(1)
}

function describe(identifier: unknown): string {
  return typeof identifier === 'string' ? `'${identifier}'` : JSON.stringify(identifier)
}
