import { fail } from '../errors.js'

/**
 * A property that may be written to at any time.
 * @param check Throws where a value does not fit; the property then keeps the one it has.
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

/** A property that throws when it is written to, in sloppy mode too; `read` gives its value. */
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
