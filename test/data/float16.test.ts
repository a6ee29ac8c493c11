import { describe, expect, it } from 'vitest'
import { fromFloat16, toFloat16 } from '../../src/data/float16.js'

const ALL = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i)

function valuesOf(bits: Uint16Array): Float64Array {
  const values = new Float64Array(bits.length)
  fromFloat16(bits, values)
  return values
}

function bitsOf(...numbers: number[]): number[] {
  const bits = new Uint16Array(numbers.length)
  toFloat16(Float64Array.from(numbers), bits)
  return Array.from(bits)
}

describe('float16', () => {
  it('gives back each of the 65,536 values', () => {
    const values = valuesOf(ALL)
    const back = new Uint16Array(ALL.length)
    toFloat16(values, back)
    const wrong = ALL.filter((bits, i) => !Number.isNaN(values[i]) && back[i] !== bits)
    expect(wrong).toEqual(new Uint16Array(0))
    expect(valuesOf(back).filter(Number.isNaN).length).toBe(2 * 1023)
  })

  it.each([
    ['1', 1, 0x3c00],
    ['-2', -2, 0xc000],
    ['the largest', 65504, 0x7bff],
    ['the smallest normal', 2 ** -14, 0x0400],
    ['the smallest', 2 ** -24, 0x0001],
    ['half of the smallest, to even', 2 ** -25, 0],
    ['more than half of the smallest', 2 ** -25 * 1.0001, 1],
    ['the largest subnormal, rounded up to a normal', 2 ** -14 - 2 ** -26, 0x0400],
    ['a tie, to even, downwards', 1 + 2 ** -11, 0x3c00],
    ['a tie, to even, upwards', 1 + 3 * 2 ** -11, 0x3c02],
    ['just above a tie, which float32 would hide', 1 + 2 ** -11 + 2 ** -40, 0x3c01],
    ['rounded up to the next power of 2', 2 - 2 ** -12, 0x4000],
    ['below the overflow', 65519.99, 0x7bff],
    ['the overflow', 65520, 0x7c00],
    ['Infinity', Number.POSITIVE_INFINITY, 0x7c00],
    ['-Infinity', Number.NEGATIVE_INFINITY, 0xfc00],
    ['NaN', Number.NaN, 0x7e00],
    ['-0', -0, 0x8000],
  ])('rounds %s', (_, number, bits) => {
    expect(bitsOf(number)).toEqual([bits])
  })

  it('rounds every midpoint of two neighbours to the even one', () => {
    const finite = ALL.filter((bits) => bits < 0x7c00)
    const values = valuesOf(finite)
    for (let i = 1; i < finite.length; i++) {
      const even = finite[i] % 2 === 0 ? finite[i] : finite[i - 1]
      const middle = (values[i] + values[i - 1]) / 2
      expect(bitsOf(middle)[0]).toBe(even)
    }
  })
})
