import { emptyMoments, merge, varianceOf } from '../backend/portable/merge.js'
import { describe, fail } from '../errors.js'
import { checkChoice } from '../options.js'
import { isFloatArray, newArray } from '../tensor.js'
import { decodeBytes, decodeJSON, encodeBytes, encodeJSON, type MomentsJSON } from './format.js'
import {
  ABOUTS,
  type About,
  checkedShape,
  formatMomentsShape,
  isSameShape,
  type MomentsShape,
} from './shape.js'

/** The parts of Moments. count, mean and m2 can be any lists of numbers, with one number for each slot. */
export interface MomentsInit {
  readonly shape: MomentsShape
  /** Default 'mean'. */
  readonly about?: About | undefined
  readonly count: ArrayLike<number>
  readonly mean: ArrayLike<number>
  readonly m2: ArrayLike<number>
}

/**
 * Statistics as a value. You can merge, save, send and compare them. For each slot, they have the number of elements,
 * their mean, and the sum of squared differences from the mean (Chan, Golub and LeVeque 1979, Updating formulae and a
 * pairwise algorithm for computing sample variances). Do not change the arrays.
 */
export class Moments {
  /** What the slots are. */
  readonly shape: MomentsShape
  /**
   * 'mean': m2 is the sum of squared differences from the mean. 'zero': the mean is taken as 0, and m2 is the sum of
   * squares.
   */
  readonly about: About
  /** [slots]. The number of elements of each slot: whole numbers, 0 or more. */
  readonly count: Float64Array
  /** [slots], in the unit of the input. 0 if the slot has no elements. */
  readonly mean: Float64Array
  /**
   * [slots], in the square of the input's unit. 0 if the slot has no elements. Infinity if the sum overflows float64.
   */
  readonly m2: Float64Array

  /**
   * Makes Moments from numbers that were computed elsewhere. The arrays are copied.
   * @throws EvenkeelError if the lengths do not fit the shape, if a count is not a whole number, or if an m2 is
   * negative.
   */
  constructor(init: MomentsInit) {
    const who = 'Moments'
    const { about = 'mean' } = init ?? {}
    checkChoice(who, 'about', about, ABOUTS)
    this.about = about
    this.count = numbers(who, 'count', init?.count)
    this.mean = numbers(who, 'mean', init.mean, this.count.length)
    this.m2 = numbers(who, 'm2', init.m2, this.count.length)
    this.shape = checkedShape(who, init.shape, this.count.length)
    checkValues(who, this.count, this.m2)
    if (about === 'zero') checkZeros(who, this.mean)
    Object.freeze(this)
  }

  /** The number of slots. */
  get slots(): number {
    return this.count.length
  }

  /**
   * The biased variance m2 / count, as a new array, [slots]. About zero, it is the mean square. 0 if the slot has no
   * elements.
   */
  variance(): Float64Array {
    return this.m2.map((m2, slot) => varianceOf(this.count[slot], m2))
  }

  /** The Moments as bytes. The numbers are exact. The format is the same on all machines (little-endian). */
  toBytes(): Uint8Array {
    return encodeBytes(this)
  }

  /**
   * Reads the Moments that toBytes() wrote.
   * @throws EvenkeelError (EVENKEEL_BUFFER) if the bytes are not Moments, are of another version, or are not complete; as the
   * constructor if the numbers are not those of Moments.
   */
  static fromBytes(bytes: Uint8Array): Moments {
    return new Moments(decodeBytes(bytes))
  }

  /**
   * The Moments as a value for JSON.stringify(). The numbers are exact. NaN, Infinity and -0 are strings, because
   * JSON does not have them.
   */
  toJSON(): MomentsJSON {
    return encodeJSON(this)
  }

  /**
   * Reads the Moments that toJSON() wrote, after JSON.parse().
   * @throws EvenkeelError (EVENKEEL_OPTION) if the value is not Moments, or is of another version.
   */
  static fromJSON(json: unknown): Moments {
    return new Moments(decodeJSON(json))
  }
}

/**
 * Merges several Moments of one shape into the moments of all their elements. The parts are merged pairwise in the
 * given order (Chan, Golub and LeVeque 1979). The same order gives the same bits. Parts without elements change
 * nothing. In float64: if means are further apart than 1.3e154, m2 is Infinity, and normalize() refuses it.
 *
 * @throws EvenkeelError if there are no parts, or if the parts differ in scope, extents, number of slots or `about`.
 */
export function mergeMoments(...parts: readonly MomentsInit[]): Moments {
  const who = 'mergeMoments'
  const all = parts.map((part, i) => asMoments(who, part, `part ${i + 1}`))
  if (all.length === 0)
    fail(
      'EVENKEEL_OPTION',
      who,
      'needs Moments to merge, got none',
      'pass one or more, as in mergeMoments(a, b)',
    )
  const [{ shape, about, slots }] = all
  for (const [i, part] of all.entries()) checkAlike(who, all[0], part, i)
  const [count, mean, m2] = [0, 1, 2].map(() => new Float64Array(slots))
  for (let slot = 0; slot < slots; slot++) {
    const merged = emptyMoments()
    for (const part of all) merge(merged, part.count[slot], part.mean[slot], part.m2[slot])
    count[slot] = merged.count
    mean[slot] = merged.mean
    m2[slot] = merged.m2
  }
  return new Moments({ shape, about, count, mean, m2 })
}

/** Throws if part i does not have the shape of the first part. */
function checkAlike(who: string, first: Moments, part: Moments, i: number): void {
  if (isSameShape(part.shape, first.shape) && part.slots === first.slots && part.about === first.about) return
  const formOf = ({ shape, slots, about }: Moments) =>
    `${slots} slots of ${formatMomentsShape(shape)}, about ${about === 'mean' ? 'the mean' : 'zero'}`
  fail(
    'EVENKEEL_SHAPE',
    who,
    `all parts must be of one shape, got ${formOf(first)}, and as part ${i + 1} ${formOf(part)}`,
    'take them with the same options, of inputs with as many slots',
  )
}

function checkZeros(who: string, mean: Float64Array): void {
  const slot = mean.findIndex((value) => value !== 0)
  if (slot < 0) return
  fail(
    'EVENKEEL_STATISTICS',
    who,
    `about zero the mean is taken as 0, got ${mean[slot]} in slot ${slot}`,
    "give a mean of 0, or about: 'mean'",
  )
}

/**
 * Returns the value if it is an instance of Moments. If it only has the fields (Moments lose their class when they
 * are sent to a worker), returns new Moments.
 */
export function asMoments(who: string, value: MomentsInit, name: string): Moments {
  if (value instanceof Moments) return value
  const { count, mean, m2 } = (value ?? {}) as Partial<MomentsInit>
  if (![count, mean, m2].includes(undefined)) return new Moments(value)
  fail(
    'EVENKEEL_OPTION',
    who,
    `${name} must be Moments, got ${describe(value)}`,
    'pass what moments() returned, or Moments.fromBytes() or fromJSON() of what was sent',
  )
}

/**
 * A copy of the numbers. Throws if the value is not a list of numbers, or if `length` is given and is not the number
 * of values.
 */
function numbers(who: string, name: string, values: unknown, length?: number): Float64Array {
  const list = values as ArrayLike<number>
  const isList = typeof values === 'object' && values !== null && Number.isSafeInteger(list.length)
  if (!isList || (length !== undefined && list.length !== length)) {
    fail(
      'EVENKEEL_SHAPE',
      who,
      `${name} must have one number per slot${length === undefined ? '' : ` (${length})`}, got ${describe(values)}`,
      'give count, mean and m2 of the same length',
    )
  }
  const copy = newArray('float64', list.length) as Float64Array
  if (isFloatArray(list)) copy.set(list)
  else for (let i = 0; i < copy.length; i++) copy[i] = checkedNumber(who, name, list[i])
  return copy
}

function checkedNumber(who: string, name: string, value: unknown): number {
  if (typeof value === 'number') return value
  fail(
    'EVENKEEL_OPTION',
    who,
    `${name} must hold numbers, got ${describe(value)}`,
    'give count, mean and m2 as lists of numbers, such as Float64Arrays',
  )
}

function checkValues(who: string, count: Float64Array, m2: Float64Array): void {
  for (let slot = 0; slot < count.length; slot++) {
    if (Number.isInteger(count[slot]) && count[slot] >= 0 && !(m2[slot] < 0)) continue
    fail(
      'EVENKEEL_STATISTICS',
      who,
      `count must be a whole number from 0 up, and m2 0 or more, got ${count[slot]} and ${m2[slot]} in slot ${slot}`,
      'give the number of elements, and the sum of their squared differences from the mean',
    )
  }
}
