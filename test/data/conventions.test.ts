import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { l2Normalize, Standardizer } from '../../src/data/index.js'
import type { DType, FloatArray, Tensor } from '../../src/index.js'

// Compares with scikit-learn, Keras and Spark's rule. test/fixtures/standardizer/make.py recorded the values.

type Numbers = readonly (number | string)[]
interface Case {
  readonly name: string
  readonly shape: readonly number[]
  readonly x: Numbers
  readonly y: Numbers
}
interface Recorded {
  readonly sklearn: readonly (Case & {
    readonly dtype: DType
    readonly weights: Numbers | null
    readonly mean: Numbers
    readonly variance: Numbers
    readonly scale: Numbers
  })[]
  readonly keras: readonly (Case & {
    readonly axis: number | null
    readonly mean: Numbers
    readonly variance: Numbers
  })[]
  readonly spark: readonly (Case & { readonly withMean: boolean })[]
  readonly normalizer: Case
}

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/standardizer/recorded.json', import.meta.url), 'utf8'),
) as Recorded

function tensorOf(x: Numbers, shape: readonly number[], dtype: DType): Tensor {
  const list = x.map(Number)
  return { data: dtype === 'float64' ? Float64Array.from(list) : Float32Array.from(list), shape }
}

/** The largest difference, relative to the larger of 1 and the expected value. NaN must meet NaN. */
function difference(found: ArrayLike<number>, expected: Numbers): number {
  expect(found.length).toBe(expected.length)
  return expected.reduce<number>((largest, text, i) => {
    const value = Number(text)
    if (Number.isNaN(value) || Number.isNaN(found[i]))
      return Object.is(value, found[i]) ? largest : Number.POSITIVE_INFINITY
    return Math.max(largest, Math.abs(found[i] - value) / Math.max(1, Math.abs(value)))
  }, 0)
}

/** scikit-learn sums in float64. The kernels sum blocks of 32 rows in the element type (docs/numerics.md). */
const STATISTICS = { float32: 1e-6, float64: 1e-10 }
/** Both sides round each step of float32. */
const FLOAT32 = 2e-6
const FLOAT64 = 1e-9
/** Keras takes statistics in float32, and its values of 1e6 are whole sixteenths. */
const KERAS = 1e-4

describe('scikit-learn', () => {
  for (const { name, dtype, shape, x, y, weights, mean, variance, scale } of recorded.sklearn) {
    it(`${name}, ${dtype}${weights === null ? '' : ', weights'}`, () => {
      const input = tensorOf(x, shape, dtype)
      const scaler = new Standardizer({ preset: 'sklearn', nonFinite: 'missing' })
      scaler.partialFit(input, weights === null ? {} : { weights: weights.map(Number) })
      const { count, m2 } = scaler.statistics
      expect(difference(scaler.mean, mean)).toBeLessThan(STATISTICS[dtype])
      expect(
        difference(
          m2.map((sum, f) => sum / count[f]),
          variance,
        ),
      ).toBeLessThan(STATISTICS[dtype])
      expect(difference(scaler.scale, scale)).toBeLessThan(STATISTICS[dtype])
      const { data } = scaler.transform(input)
      // A value of 1e6 has steps of 1/16 in float32. Both sides subtract it exactly or once rounded.
      const bound = dtype === 'float64' ? FLOAT64 : name === 'offset 1e6' ? 0.05 : FLOAT32
      expect(difference(data, y)).toBeLessThan(bound)
    })
  }
})

describe('Keras', () => {
  for (const { name, axis, shape, x, y } of recorded.keras) {
    it(name, () => {
      const input = tensorOf(x, shape, 'float32')
      const scaler = new Standardizer({ preset: 'keras', axis }).partialFit(input)
      const bound = name === 'offset 1e6' ? 0.5 : KERAS
      const { data } = scaler.transform(input)
      const ordinary = Array.from(scaler.constant)
      const features = scaler.features as number
      const kept = (_: unknown, i: number) => axis !== -1 || !ordinary[i % features]
      expect(difference(Array.from(data).filter(kept), y.filter(kept))).toBeLessThan(bound)
    })
  }
})

describe("Spark's rule", () => {
  for (const { name, withMean, shape, x, y } of recorded.spark) {
    it(`${name}, ${withMean ? 'centred' : 'not centred'}`, () => {
      const input = tensorOf(x, shape, 'float64')
      const scaler = new Standardizer(withMean ? { preset: 'spark', withMean } : { preset: 'spark' })
      expect(difference(scaler.partialFit(input).transform(input).data, y)).toBeLessThan(FLOAT64)
    })
  }
})

it("l2Normalize is scikit-learn's Normalizer", () => {
  const { shape, x, y } = recorded.normalizer
  expect(
    difference(l2Normalize(tensorOf(x, shape, 'float64') as Tensor<Float64Array>).data as FloatArray, y),
  ).toBeLessThan(1e-15)
})
