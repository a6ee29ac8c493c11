import { fail } from '../errors.js'

/** Where a layer keeps what cannot be set again. */
const VALUES = Symbol('evenkeel.layer')

interface Fixed {
  readonly [VALUES]: Readonly<Record<string, unknown>>
}

/** Gives a layer its values for the properties that readOnly() has declared. Arrays among them are frozen. */
export function fix(layer: object, values: Readonly<Record<string, unknown>>): void {
  for (const value of Object.values(values)) if (Array.isArray(value)) Object.freeze(value)
  Object.defineProperty(layer, VALUES, { enumerable: true, value: Object.freeze(values) })
}

/**
 * Declares properties of a class of layers that cannot be set: an assignment throws, in sloppy code too, where one to a
 * read-only property is ignored without a word. They lie on the prototype, so that all layers of a class stay alike to
 * the engine: an accessor of each layer's own made every access to it slow.
 */
export function readOnly(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      get(this: Fixed) {
        return this[VALUES]?.[name]
      },
      set(this: Fixed) {
        refuse(String(this[VALUES]?.name), name)
      },
    })
  }
}

function refuse(layer: string, name: string): never {
  const parameter = name === 'weight' || name === 'bias'
  fail(
    'EVENKEEL_OPTION',
    layer,
    `${name} cannot be set after construction`,
    parameter
      ? `copy the values: layer.${name}.data.set(values), or loadStateDict()`
      : `construct a new layer with that ${name}, and loadStateDict() the old one's state`,
  )
}
