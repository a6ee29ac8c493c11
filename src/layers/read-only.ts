import { fail } from '../errors.js'

/**
 * Sets properties of a layer that cannot be set again: an assignment throws, in sloppy code too, where one to a
 * read-only property would be ignored without a word. Arrays among them are frozen.
 */
export function fix(layer: object, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) {
    if (Array.isArray(value)) Object.freeze(value)
    Object.defineProperty(layer, name, {
      enumerable: true,
      get: () => value,
      set: () => refuse((layer as { readonly name: string }).name, name),
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
