/**
 * Conversions between numbers and float16 (IEEE 754 binary16), which is held in a Uint16Array. Node has Float16Array
 * from version 24 on only.
 */

const BIAS = 15
const FRACTION_BITS = 10
const LARGEST_EXPONENT = 31
/** From here on, a number rounds to Infinity: the largest float16, 65504, and half a step. */
const OVERFLOW = 65520
/** The smallest normal float16. Below it, float16 has steps of 2^-24. */
const SMALLEST_NORMAL = 2 ** (1 - BIAS)
const SUBNORMAL_STEP = 2 ** (1 - BIAS - FRACTION_BITS)
const NAN = 0x7e00
const INFINITY = LARGEST_EXPONENT << FRACTION_BITS

/** All 65,536 values. Made at the first use, because most programs have no float16. */
let values: Float32Array | undefined

function numberOf(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1
  const exponent = (bits >>> FRACTION_BITS) & LARGEST_EXPONENT
  const fraction = bits & (2 ** FRACTION_BITS - 1)
  if (exponent === LARGEST_EXPONENT) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * SUBNORMAL_STEP
  return sign * (1 + fraction / 2 ** FRACTION_BITS) * 2 ** (exponent - BIAS)
}

/** Writes the values of `bits` into `out`, of the same length. It is exact. */
export function fromFloat16(bits: Uint16Array, out: Float32Array | Float64Array): void {
  values ??= Float32Array.from({ length: 2 ** 16 }, (_, i) => numberOf(i))
  for (let i = 0; i < bits.length; i++) out[i] = values[bits[i]]
}

/** Writes the numbers as float16 into `out`, of the same length. They are rounded to nearest, ties to even. */
export function toFloat16(numbers: Float32Array | Float64Array, out: Uint16Array): void {
  for (let i = 0; i < numbers.length; i++) out[i] = bitsOf(numbers[i])
}

/** The number 2^52. To add it and to take it away again rounds a smaller number to a whole one, ties to even. */
const ROUNDER = 2 ** 52
/** What makes a number of each exponent, from that of SMALLEST_NORMAL on, a number from 1024 to 2048. */
const SCALES = Float64Array.from({ length: 2 * BIAS }, (_, i) => 2 ** (FRACTION_BITS - (i + 1 - BIAS)))
const FLOAT64_BIAS = 1023
const FLOAT64_LARGEST_EXPONENT = 0x7ff
/** The place of the exponent in the upper word of a float64. */
const EXPONENT_BIT = 20
const float64 = new Float64Array(1)
const words = new Uint32Array(float64.buffer)
/** The word with sign and exponent. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0

function bitsOf(number: number): number {
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0
  const size = Math.abs(number)
  if (!(size < OVERFLOW)) return Number.isNaN(number) ? NAN : sign | INFINITY
  if (size < SMALLEST_NORMAL) return sign | (size / SUBNORMAL_STEP + ROUNDER - ROUNDER)
  float64[0] = size
  const exponent = ((words[HIGH] >>> EXPONENT_BIT) & FLOAT64_LARGEST_EXPONENT) - FLOAT64_BIAS + BIAS - 1
  // From 1024 to 2048. If it rounds up to 2048, the sum below carries into the exponent, which is right.
  const steps = size * SCALES[exponent] + ROUNDER - ROUNDER
  return sign | ((exponent << FRACTION_BITS) + steps)
}
