import { describe, expect, it } from 'vitest'
import { Moments } from '../src/index.js'
import { expectSame } from './support/moments.js'

// Moments as bytes, as JSON, and as an object that does not change.

describe('a value', () => {
  const strange = new Moments({
    shape: { scope: 'channel', channels: 5 },
    count: [2, 0, 3, 2 ** 52, 1],
    mean: [Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e-320, 0.1],
    m2: [Number.NaN, 0, Number.POSITIVE_INFINITY, 5e-324, 0.1 + 0.2],
  })

  it('keeps NaN, Infinity, -0 and subnormal numbers on every way', () => {
    expectSame(Moments.fromBytes(strange.toBytes()), strange)
    expectSame(Moments.fromJSON(JSON.parse(JSON.stringify(strange))), strange)
    const [, negativeZero] = Moments.fromJSON(JSON.parse(JSON.stringify(strange))).mean
    expect(Object.is(negativeZero, -0)).toBe(true)
  })

  it('has bytes that are the same on every machine', () => {
    const one = new Moments({ shape: { scope: 'channel', channels: 1 }, count: [2], mean: [1], m2: [0.5] })
    const hex = Buffer.from(one.toBytes()).toString('hex')
    expect(hex).toBe(
      '454b4d4f' + // EKMO
        '01000000000000000000000001000000' + // version 1, per channel, about the mean, one extent
        '01000000' + // one slot
        '000000000000f03f' + // one channel
        '0000000000000040000000000000f03f000000000000e03f',
    )
  })

  it('reads bytes at an odd place of a larger buffer', () => {
    const bytes = strange.toBytes()
    const larger = new Uint8Array(bytes.length + 3)
    larger.set(bytes, 3)
    expectSame(Moments.fromBytes(larger.subarray(3)), strange)
  })

  it('does not change with the arrays that it was made of, nor can its fields be set', () => {
    const mean = Float64Array.of(1)
    const one = new Moments({ shape: { scope: 'channel', channels: 1 }, count: [2], mean, m2: [0] })
    mean[0] = 7
    expect(one.mean[0]).toBe(1)
    expect(() => Object.assign(one, { mean })).toThrow(TypeError)
    expect(() => Object.assign(one.shape, { channels: 2 })).toThrow(TypeError)
  })
})
