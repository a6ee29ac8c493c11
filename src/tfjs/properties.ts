import { fail } from '../errors.js'

/**
 * Defines a property that may be written to at any time.
 * @param check throws if a value does not fit. The property then keeps its old value.
 */
export function defineSetting<T>(target: object, name: string, value: T, check: (value: T) => void): void {
  let current = value
  const set = (next: T) => {
    check(next)
    current = next
  }
  set(value)
  Object.defineProperty(target, name, { get: () => current, set, enumerable: true })
}

/** Defines a property with the value `read()`. It throws when it is written to, in sloppy mode too. */
export function defineFixed(
  target: object,
  who: () => string,
  name: string,
  read: () => unknown,
  remedy: string,
): void {
  const set = () => fail('EVENKEEL_OPTION', who(), `${name} cannot be replaced`, remedy)
  Object.defineProperty(target, name, { get: read, set, enumerable: true })
}
