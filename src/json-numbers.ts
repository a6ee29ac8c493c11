import { describe, fail } from './errors.js'

// Lists of numbers in JSON. Each number is exact. NaN, Infinity and -0 are strings, because JSON does not have them.

/** The list for JSON.stringify(). */
export function textsOf(list: Float64Array): (number | string)[] {
  return Array.from(list, textOrNumber)
}

function textOrNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : String(value)
}

const TEXTS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])

/** Reads the list `name` of a value from JSON. Throws if it is not a list of numbers. */
export function numbersOf(who: string, name: string, list: unknown): Float64Array {
  // Not find(): undefined, and a hole, are wrong, too.
  const index = Array.isArray(list)
    ? list.findIndex((value) => typeof value !== 'number' && !TEXTS.has(value))
    : 0
  if (!Array.isArray(list) || index >= 0) {
    const wrong = Array.isArray(list) ? list[index] : list
    fail(
      'EVENKEEL_OPTION',
      who,
      `${name} must be a list of numbers, got ${describe(wrong)}`,
      'pass what toJSON() returned',
    )
  }
  return Float64Array.from(list, (value) => TEXTS.get(value) ?? value)
}
