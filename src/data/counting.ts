import { describe, fail } from '../errors.js'

/** The weights of the rows as float64. Null if there are none. */
export function weightsOf(who: string, weights: unknown, rows: number): Float64Array | null {
  if (weights === undefined) return null
  const list = listOf(who, 'weights', weights, [rows], `[${rows}], one number per row`)
  const numbers = Float64Array.from(list, Number)
  const wrong = numbers.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)))
  if (wrong < 0) return numbers
  return fail(
    'EVENKEEL_OPTION',
    who,
    `weights must be finite and 0 or more, got ${describe(list[wrong])} for row ${wrong}`,
    'give 0 for a row that does not count',
  )
}

/** A weight for each sample, from one for each row, which has one or more samples. */
export function weightsOfSamples(weights: Float64Array, samples: number): Float64Array {
  const each = samples / weights.length
  return each === 1
    ? weights
    : Float64Array.from({ length: samples }, (_, n) => weights[Math.floor(n / each)])
}

/** The mask of all elements: 0 where an element is missing. Null if there is none. */
export function maskOf(who: string, mask: unknown, rows: number, rowSize: number): Uint8Array | null {
  if (mask === undefined) return null
  const size = rows * rowSize
  const list = listOf(
    who,
    'mask',
    mask,
    [rows, size],
    `[${rows}], one value per row, or one for each of the ${size} elements`,
  )
  const flags = Uint8Array.from(list, (value) => (value ? 1 : 0))
  if (flags.length === size) return flags
  const spread = new Uint8Array(size)
  for (let row = 0; row < rows; row++) spread.fill(flags[row], row * rowSize, (row + 1) * rowSize)
  return spread
}

function listOf(
  who: string,
  name: string,
  value: unknown,
  lengths: readonly number[],
  expected: string,
): ArrayLike<unknown> {
  const list = value as ArrayLike<unknown>
  if (typeof value === 'object' && value !== null && lengths.includes(list.length)) return list
  return fail(
    'EVENKEEL_SHAPE',
    who,
    `${name} must be ${expected}, got ${describe(value)}`,
    `give ${name} for all rows`,
  )
}
