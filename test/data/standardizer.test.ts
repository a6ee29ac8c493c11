import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type FeatureStatistics, Standardizer, type StandardizerOptions } from '../../src/data/index.js'
import { EvenkeelError, info, setThreads, type Tensor } from '../../src/index.js'
import { Random } from '../../src/selftest/random.js'
import { draw } from '../support/tensors.js'

function image(x: Tensor, from: number, to: number): Tensor {
  const size = x.shape.slice(1).reduce((a, b) => a * b, 1)
  return { data: x.data.subarray(from * size, to * size), shape: [to - from, ...x.shape.slice(1)] }
}

/** Statistics by their definition, in two passes of float64, of the elements that `counts` takes with a weight. */
function naive(x: Tensor, axis: number | null, weigh: (i: number, row: number) => number = () => 1) {
  const dimension = axis === null || x.shape.length === 1 ? null : axis < 0 ? x.shape.length + axis : axis
  const features = dimension === null ? 1 : x.shape[dimension]
  const inner = dimension === null ? 1 : x.shape.slice(dimension + 1).reduce((a, b) => a * b, 1)
  const rowSize = x.shape.slice(1).reduce((a, b) => a * b, 1)
  const of = (f: number) =>
    Array.from(x.data, (value, i) => ({
      value,
      weight: weigh(i, Math.floor(i / rowSize)),
      f: Math.floor(i / inner) % features,
    }))
      .filter((each) => dimension === null || each.f === f)
      .filter(({ weight }) => weight > 0)
  return Array.from({ length: features }, (_, f) => {
    const list = of(f)
    const count = list.reduce((sum, { weight }) => sum + weight, 0)
    const mean = count === 0 ? 0 : list.reduce((sum, { value, weight }) => sum + value * weight, 0) / count
    const m2 = list.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0)
    const values = list.map(({ value }) => value)
    return { count, mean, m2, min: Math.min(...values), max: Math.max(...values) }
  })
}

function expectClose(found: FeatureStatistics, expected: ReturnType<typeof naive>): void {
  for (const [f, { count, mean, m2, min, max }] of expected.entries()) {
    expect(found.count[f]).toBeCloseTo(count, 9)
    expect(found.mean[f]).toBeCloseTo(mean, 6)
    expect(Math.abs(found.m2[f] - m2)).toBeLessThan(1e-6 * Math.max(1, m2))
    expect(found.min[f]).toBe(min)
    expect(found.max[f]).toBe(max)
  }
}

const shapes: readonly [string, number[], number | null][] = [
  ['[rows, features]', [37, 5], -1],
  ['[rows]', [50], -1],
  ['one feature', [9, 4], null],
  ['images, channels first', [6, 3, 4, 5], 1],
  ['images, channels last', [6, 4, 5, 3], -1],
  ['an axis in the middle', [4, 3, 5, 2], 2],
  ['one row', [1, 4], -1],
]

describe('statistics', () => {
  it.each(shapes)('of %s are those of the definition', (_, shape, axis) => {
    const x = draw(new Random(1), 'float32', shape)
    expectClose(new Standardizer({ axis }).partialFit(x).statistics, naive(x, axis))
  })

  it.each(shapes)('of %s with weights', (_, shape, axis) => {
    const x = draw(new Random(2), 'float64', shape)
    const weights = Array.from({ length: shape[0] }, (_, row) => (row % 3) + (row === 0 ? 0.25 : 0))
    const found = new Standardizer({ axis }).partialFit(x, { weights }).statistics
    expectClose(
      found,
      naive(x, axis, (_, row) => weights[row]),
    )
  })

  it.each(shapes)('of %s with a mask of elements, and one of rows', (_, shape, axis) => {
    const x = draw(new Random(3), 'float32', shape)
    const mask = Array.from(x.data, (_, i) => i % 4 !== 1)
    expectClose(
      new Standardizer({ axis }).partialFit(x, { mask }).statistics,
      naive(x, axis, (i) => Number(mask[i])),
    )
    const rows = Array.from({ length: shape[0] }, (_, row) => row % 2 === 0)
    const found = new Standardizer({ axis }).partialFit(x, { mask: rows }).statistics
    expectClose(
      found,
      naive(x, axis, (_, row) => Number(rows[row])),
    )
  })

  it('counts NaN and Infinity as missing where they may be, per feature', () => {
    const x = { data: Float32Array.of(1, Number.NaN, 3, 5, Number.POSITIVE_INFINITY, 7), shape: [3, 2] }
    const { count, mean, missing, min, max } = new Standardizer({ nonFinite: 'missing' }).partialFit(
      x,
    ).statistics
    expect([...count, ...mean, ...missing, ...min, ...max]).toEqual([2, 2, 2, 6, 1, 1, 1, 5, 3, 7])
  })

  it('have no numbers of features that are missing everywhere', () => {
    const scaler = new Standardizer({ nonFinite: 'missing' }).partialFit({
      data: Float32Array.of(1, Number.NaN, 3, Number.NaN),
      shape: [2, 2],
    })
    const { count, mean, m2, min, max } = scaler.statistics
    expect([count[1], mean[1], m2[1], min[1], max[1]]).toEqual([
      0,
      0,
      0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ])
    const { data } = scaler.transform({ data: Float32Array.of(1, 5), shape: [1, 2] })
    expect(Array.from(data)).toEqual([-1, 5])
  })

  it('of a large offset keep the digits of the differences', () => {
    const x = { data: Float64Array.from({ length: 1000 }, (_, i) => 1e9 + (i % 10)), shape: [1000, 1] }
    const { mean, m2 } = new Standardizer().partialFit(x).statistics
    expect(mean[0]).toBe(1e9 + 4.5)
    expect(m2[0]).toBeCloseTo(8250, 4)
  })
})

describe('the bits', () => {
  const threads = info().threads
  afterAll(() => setThreads(threads))

  const axis = 1
  /** Chunks of 4 rows. */
  const shape = [26, 2, 2 ** 17]
  const x = draw(new Random(4), 'float32', shape)
  const textOf = (scaler: Standardizer) => JSON.stringify(scaler)
  const whole = textOf(new Standardizer({ axis }).partialFit(x))

  it('do not depend on calls that end where a chunk ends', () => {
    const scaler = new Standardizer({ axis }).partialFit(image(x, 0, 4))
    expect(scaler.chunkRows).toBe(4)
    for (const [from, to] of [
      [4, 12],
      [12, 16],
      [16, 26],
    ])
      scaler.partialFit(image(x, from, to))
    expect(textOf(scaler)).toBe(whole)
  })

  it('do not depend on the threads', () => {
    for (const count of [1, 2, 3]) {
      setThreads(count)
      expect(textOf(new Standardizer({ axis }).partialFit(x))).toBe(whole)
    }
  })

  it.each([[[0, 26]], [[0, 8, 26]], [[0, 4, 12, 16, 26]]])(
    'do not depend on the shards, cut at %j',
    (cuts) => {
      const parts = cuts
        .slice(1)
        .map((to, i) => new Standardizer({ axis, firstChunk: cuts[i] / 4 }).partialFit(image(x, cuts[i], to)))
      const merged = new Standardizer({ axis })
      for (const part of parts.reverse())
        merged.merge(Standardizer.fromJSON(JSON.parse(JSON.stringify(part))))
      expect(textOf(merged)).toBe(whole)
    },
  )

  it('are kept by JSON and bytes, and what comes after them too', () => {
    const half = new Standardizer({ axis }).partialFit(image(x, 0, 12))
    const bytes = half.toBytes()
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    for (const saved of [
      Standardizer.fromJSON(JSON.parse(JSON.stringify(half))),
      Standardizer.fromBytes(bytes),
      Standardizer.fromBytes(shifted.subarray(3)),
      // As readFileSync() gives them. A Buffer's slice() is no copy.
      Standardizer.fromBytes(Buffer.from(bytes)),
    ]) {
      expect(textOf(saved)).toBe(textOf(half))
      expect(textOf(saved.partialFit(image(x, 12, 26)))).toBe(whole)
    }
  })
})

describe('merge', () => {
  it('of parts that were not numbered is the fit of all rows, to rounding', () => {
    const x = draw(new Random(5), 'float32', [40, 3])
    const merged = new Standardizer()
      .partialFit(image(x, 0, 25))
      .merge(new Standardizer().partialFit(image(x, 25, 40)))
    expectClose(merged.statistics, naive(x, -1))
  })

  it('of nothing changes nothing', () => {
    const scaler = new Standardizer().partialFit({ data: Float32Array.of(1, 2), shape: [2, 1] })
    const before = JSON.stringify(scaler)
    expect(JSON.stringify(scaler.merge(new Standardizer()))).toBe(before)
    expect(JSON.stringify(new Standardizer().merge(scaler))).toBe(before)
  })

  it.each([
    ['preset', { preset: 'keras' }],
    ['axis', { axis: 1 }],
    ['withMean', { withMean: false }],
    ['withStd', { withStd: false }],
  ] satisfies [string, StandardizerOptions][])('refuses another %s', (name, options) => {
    const other = new Standardizer(options).partialFit({ data: Float32Array.of(1, 2), shape: [1, 2] })
    expect(() => new Standardizer().merge(other)).toThrow(new RegExp(`same ${name}`))
  })
})

describe('transform', () => {
  it('centres and scales, and inverseTransform gives the input back', () => {
    const shapes = fc.constantFrom<number[]>([12, 4], [5, 3, 2], [7], [6, 4, 3, 2])
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom('float32' as const, 'float64' as const),
        fc.nat(),
        (shape, dtype, seed) => {
          const x = draw(new Random(seed), dtype, shape)
          const scaler = new Standardizer().partialFit(x)
          const y = scaler.transform(x)
          expect(y.shape).toEqual(shape)
          const again = new Standardizer().partialFit(y)
          const bound = dtype === 'float64' ? 1e-9 : 1e-5
          for (const mean of again.mean) expect(Math.abs(mean)).toBeLessThan(bound)
          for (const [f, scale] of again.scale.entries())
            if (!scaler.constant[f]) expect(Math.abs(scale - 1)).toBeLessThan(bound * 10)
          const back = scaler.inverseTransform(y)
          for (const [i, value] of back.data.entries())
            expect(Math.abs(value - x.data[i])).toBeLessThan(bound * 10 * Math.max(1, Math.abs(x.data[i])))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('writes into out, which can be the input, and into a narrower type', () => {
    const x = { data: Float64Array.of(1, 2, 3, 4), shape: [4, 1] }
    const scaler = new Standardizer().partialFit(x)
    const expected = Array.from(scaler.transform(x).data)
    const narrow = { data: new Float32Array(4), shape: [4, 1] }
    expect(scaler.transform(x, { out: narrow })).toBe(narrow)
    expect(Array.from(narrow.data)).toEqual(expected.map(Math.fround))
    expect(Array.from(scaler.transform(x, { dtype: 'float32' }).data)).toEqual(expected.map(Math.fround))
    expect(scaler.transform(x, { out: x })).toBe(x)
    expect(Array.from(x.data)).toEqual(expected)
  })

  it('of float32 into float64 computes in float64', () => {
    const x = { data: Float32Array.of(1, 2, 4), shape: [3, 1] }
    const scaler = new Standardizer().partialFit(x)
    const wide = scaler.transform({ data: Float64Array.from(x.data), shape: x.shape })
    expect(scaler.transform(x, { dtype: 'float64' }).data).toEqual(wide.data)
  })

  it('with float64 input does not lose a large offset when the result is float32', () => {
    const x = { data: Float64Array.from({ length: 8 }, (_, i) => 1e9 + i), shape: [8, 1] }
    const scaler = new Standardizer().partialFit(x)
    const { data } = scaler.transform(x, { dtype: 'float32' })
    expect(data[0]).toBeCloseTo(-3.5 / Math.sqrt(5.25), 6)
  })
})

describe('bad input throws, and adds nothing', () => {
  const rows = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }
  const fitted = () => new Standardizer().partialFit(rows)
  it.each<[string, () => unknown, RegExp]>([
    [
      'an unknown option',
      () => new Standardizer({ presets: 'spark' } as never),
      /no option presets; try preset/,
    ],
    ['an unknown preset', () => new Standardizer({ preset: 'scikit' as never }), /preset must be 'sklearn'/],
    ['axis 0', () => new Standardizer({ axis: 0 }), /dimension 0 has the rows/],
    ['an axis that is not there', () => new Standardizer({ axis: 2 }).partialFit(rows), /no dimension 2/],
    [
      'a negative axis that is the rows',
      () => new Standardizer({ axis: -2 }).partialFit(rows),
      /no dimension -2/,
    ],
    [
      'a scalar',
      () => new Standardizer().partialFit({ data: Float32Array.of(1), shape: [] }),
      /must have rows/,
    ],
    ['firstChunk', () => new Standardizer({ firstChunk: 1.5 }), /firstChunk must be a whole number/],
    ['transform before fit', () => new Standardizer().transform(rows), /has seen no rows yet/],
    ['statistics before fit', () => new Standardizer().statistics, /has seen no rows yet/],
    ['JSON before fit', () => JSON.stringify(new Standardizer()), /has seen no rows yet/],
    [
      'other features',
      () => fitted().partialFit({ data: new Float32Array(3), shape: [1, 3] }),
      /expected 2 features, got 3/,
    ],
    [
      'transform of other features',
      () => fitted().transform({ data: new Float32Array(3), shape: [1, 3] }),
      /expected 2 features/,
    ],
    ['few weights', () => fitted().partialFit(rows, { weights: [1] }), /weights must be \[2\]/],
    [
      'a negative weight',
      () => fitted().partialFit(rows, { weights: [1, -1] }),
      /0 or more, got -1 for row 1/,
    ],
    [
      'a long mask',
      () => fitted().partialFit(rows, { mask: [1, 1, 1] }),
      /one value per row, or one for each of the 4/,
    ],
    [
      'an out of another shape',
      () => fitted().transform(rows, { out: { data: new Float32Array(2), shape: [1, 2] } }),
      /out must have/,
    ],
    [
      'an out and another dtype',
      () => fitted().transform(rows, { out: rows, dtype: 'float64' }),
      /out is float32/,
    ],
    ['no Standardizer to merge', () => fitted().merge({} as never), /needs a Standardizer/],
    ['JSON of something else', () => Standardizer.fromJSON({ format: 'x' }), /needs what toJSON/],
    ['no bytes', () => Standardizer.fromBytes([1] as never), /needs a Uint8Array, got \[1\]; pass what/],
    ['bytes of something else', () => Standardizer.fromBytes(new Uint8Array(20)), /safetensors/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })

  it.each<[string, (scaler: Standardizer, x: Tensor, value: <T>(result: T) => T) => unknown]>([
    [
      'weights',
      (scaler, x, value) =>
        scaler.partialFit(x, {
          get weights() {
            return value([1, 1])
          },
        }),
    ],
    [
      'firstRow',
      (scaler, x, value) =>
        scaler.partialFit(x, {
          get firstRow() {
            return value(0)
          },
        }),
    ],
    [
      'a value of weights',
      (scaler, x, value) => {
        const weights = [1, 1]
        Object.defineProperty(weights, 1, { get: () => value(1) })
        return scaler.partialFit(x, { weights })
      },
    ],
    [
      'a value of mask',
      (scaler, x, value) => {
        const mask = [1, 1]
        Object.defineProperty(mask, 1, { get: () => value(1) })
        return scaler.partialFit(x, { mask })
      },
    ],
    [
      'out',
      (scaler, x, value) =>
        scaler.transform(x, {
          get out() {
            return value(undefined)
          },
        }),
    ],
    [
      'dtype',
      (scaler, x, value) =>
        scaler.transform(x, {
          get dtype() {
            return value('float64' as const)
          },
        }),
    ],
  ])('a buffer that %s transfers', (_, call) => {
    const scaler = fitted()
    const before = JSON.stringify(scaler)
    const x = { data: rows.data.slice(), shape: rows.shape }
    const value = <T>(result: T): T => {
      structuredClone(x.data.buffer, { transfer: [x.data.buffer] })
      return result
    }
    expect(() => call(scaler, x, value)).toThrow(EvenkeelError)
    expect(JSON.stringify(scaler)).toBe(before)
  })

  it('NaN, with its row and feature, in the second chunk', () => {
    const x = { data: new Float32Array(5 * 2 ** 19), shape: [5, 2 ** 19] }
    x.data[4 * 2 ** 19 + 7] = Number.NaN
    const scaler = new Standardizer()
    expect(() => scaler.partialFit(x)).toThrow('got NaN in row 4, feature 7')
    expect(scaler.features).toBeUndefined()
  })

  it('squares that leave float64', () => {
    const x = { data: Float64Array.of(-1e200, 1e200), shape: [2, 1] }
    expect(() => new Standardizer().partialFit(x)).toThrow(/leave float64 in feature 0; scale the input down/)
  })
})
