import { fail } from '../errors.js'

/** The property of a layer that holds the values which cannot be changed. */
const VALUES = Symbol('evenkeel.layer')

interface Fixed {
  readonly [VALUES]: Readonly<Record<string, unknown>>
}

/** Sets the values of the properties that readOnly() has declared. Arrays among the values are frozen. */
export function fix(layer: object, values: Readonly<Record<string, unknown>>): void {
  for (const value of Object.values(values)) if (Array.isArray(value)) Object.freeze(value)
  Object.defineProperty(layer, VALUES, { enumerable: true, value: Object.freeze(values) })
}

/**
 * Declares read-only properties of a class of layers. An assignment to one throws, also in sloppy mode, where
 * JavaScript silently ignores an assignment to an ordinary read-only property. The accessors are on the prototype, so
 * that all layers of a class have the same hidden class in the JavaScript engine. Accessors on each layer made every
 * access slow. If the class already has a getter of this name, the getter stays.
 */
export function readOnly(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(prototype, name)?.get
    Object.defineProperty(prototype, name, {
      get:
        own ??
        function (this: Fixed) {
          return this[VALUES]?.[name]
        },
      set(this: Fixed) {
        refuse(String(this[VALUES]?.name), name)
      },
    })
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  weight: 'copy the values: layer.weight.data.set(values), or loadStateDict()',
  bias: 'copy the values: layer.bias.data.set(values), or loadStateDict()',
  runningMean: 'loadStateDict() a state with the averages that you want',
  runningVariance: 'loadStateDict() a state with the averages that you want',
  batchesTracked: 'loadStateDict() a state with the num_batches_tracked that you want',
  hasStatistics: 'it follows from training and loadStateDict()',
  context: 'pass a context to backward(dy, { context })',
}

function refuse(layer: string, name: string): never {
  const anew = `construct a new layer with that ${name}, and loadStateDict() the old one's state`
  fail('EVENKEEL_OPTION', layer, `${name} cannot be set`, REMEDIES[name] ?? anew)
}
