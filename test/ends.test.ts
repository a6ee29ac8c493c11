import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backends } from '../src/backend/select.js'
import { type Plan, planBatch, planGroup, planRows } from '../src/engine/plan.js'
import { batchNorm, groupNorm, layerNorm, rmsNorm } from '../src/index.js'
import { Random } from '../src/selftest/random.js'
import { type DType, newArray, tensor } from '../src/tensor.js'
import { cases } from './support/cases.js'
import { drawEnds, measureEnds, runEnds } from './support/ends.js'
import { Exact } from './support/exact.js'
import { OUTCOME_FIELDS, outcomeDifferences, run } from './support/run.js'
import { ENDS_ROUNDINGS } from './support/tolerance.js'

// The ends of the range: inputs from the smallest subnormal number to the largest one, against exact arithmetic.
// `npm run accuracy:ends` does the same for as many as one likes.

/** The rows of the case table that lie there; larger ones take the judge too long. */
const table = cases.filter(({ ends, plan }) => ends && plan.size <= 500)

/** Some seconds of them. */
const DRAWN = 300

describe('over the whole range of the floats', () => {
  it(`${DRAWN} random inputs are right on every backend, or leave the range and say so`, () => {
    let compared = 0
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const each = drawEnds(new Random(seed))
        if (each === null) return
        const [portable, ...native] = backends().map((backend) => runEnds(backend, each))
        for (const other of native) expect(outcomeDifferences(other, portable), each.title).toEqual([])
        const measured = measureEnds(each, portable)
        for (const field of OUTCOME_FIELDS) {
          const { roundings, where, values } = measured[field]
          expect(roundings, where).toBeLessThanOrEqual(ENDS_ROUNDINGS[field])
          compared += values
        }
      }),
      { numRuns: DRAWN, seed: 20 },
    )
    expect(compared).toBeGreaterThan(100 * DRAWN)
  })

  it(`${table.length} rows of the case table are right`, () => {
    const [portable] = backends()
    for (const each of table) {
      const measured = measureEnds({ ...each, ...each.make() }, run(portable, each, each.make()))
      for (const field of OUTCOME_FIELDS) {
        const { roundings, where } = measured[field]
        expect(roundings, where).toBeLessThanOrEqual(ENDS_ROUNDINGS[field])
      }
    }
  })

  it('a small group is mapped with the variance that the wide route found, and not with the first one', () => {
    // A constant whose rounding errors, squared, leave float64.
    const shape = [3, 3, 17]
    const x = tensor(new Float64Array(3 * 3 * 17).fill(3.6123958106724736e205), shape)
    const weight = Float64Array.of(2, 0.5, 1)
    const bias = Float64Array.of(1.25, 0.75, 0.5)
    const plan = planGroup('InstanceNorm', shape, 'float64', { groups: 'channels', eps: 1e-5 })
    for (const { name, forward } of backends()) {
      const y = new Float64Array(x.data.length)
      const [mean, variance] = [new Float64Array(9), new Float64Array(9)]
      forward(plan, { x: x.data, y, weight, bias, mean, variance })
      expect(y, name).toEqual(y.map((_, i) => bias[Math.floor(i / 17) % 3]))
    }
  })

  it('the exact arithmetic of the judge is exact', () => {
    const sum = Exact.of(1e300)
      .plus(Exact.of(2 ** -1074))
      .minus(Exact.of(1e300))
    expect(sum.toNumber()).toBe(2 ** -1074)
    expect(Exact.of(-6).over(Exact.of(4)).toNumber()).toBe(-1.5)
    expect(
      Exact.of(2 ** -1000)
        .times(Exact.of(2 ** -70))
        .root()
        .toNumber(),
    ).toBe(2 ** -535)
    expect(Exact.of(2).root().toNumber()).toBeCloseTo(Math.SQRT2, 15)
    expect(Exact.of(1e308).plus(Exact.of(1e308)).toNumber()).toBe(Number.POSITIVE_INFINITY)
  })
})

function tensorOf(dtype: DType, values: readonly number[], shape: readonly number[]) {
  return tensor(dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values), shape)
}

/** y of a layer, from the values of one slot. */
type Layer = (dtype: DType, values: readonly number[], weight: number, eps: number) => number[]

const layers: Readonly<Record<string, Layer>> = {
  layerNorm: (dtype, values, weight, eps) => {
    const x = tensorOf(dtype, values, [1, values.length])
    const { y } = layerNorm(x, {
      normalizedShape: values.length,
      weight: newArray(dtype, values.length).fill(weight),
      eps,
    })
    return [...y.data]
  },
  'batchNorm [N, C]': (dtype, values, weight, eps) => {
    const x = tensorOf(dtype, values, [values.length, 1])
    return [...batchNorm(x, { weight: newArray(dtype, 1).fill(weight), eps }).y.data]
  },
  'batchNorm [N, C, L]': (dtype, values, weight, eps) => {
    const x = tensorOf(dtype, values, [1, 1, values.length])
    return [...batchNorm(x, { weight: newArray(dtype, 1).fill(weight), eps }).y.data]
  },
  groupNorm: (dtype, values, weight, eps) => {
    const x = tensorOf(dtype, values, [1, 1, values.length])
    return [...groupNorm(x, { groups: 1, weight: newArray(dtype, 1).fill(weight), eps }).y.data]
  },
}

const HALF_ROOT = Math.SQRT1_2
const ROOT = Math.sqrt(1.5)

/** [what, type, values, weight, eps, y] */
const ROWS: readonly (readonly [string, DType, number[], number, number, number[]])[] = [
  [
    'differences beyond float32',
    'float32',
    [3e38, -3e38, -3e38],
    1,
    1e-5,
    [Math.SQRT2, -HALF_ROOT, -HALF_ROOT],
  ],
  ['squares beyond float64', 'float64', [1e155, -1e155, 1], 1, 1e-5, [ROOT, -ROOT, 0]],
  ['differences beyond float64', 'float64', [1.7e308, -1.7e308, 1], 1, 1e-5, [ROOT, -ROOT, 0]],
  [
    'weight * rstd beyond float32',
    'float32',
    [1e-10, 2e-10, 3e-10],
    1e30,
    1e-30,
    [-ROOT * 1e30, 0, ROOT * 1e30],
  ],
  [
    'weight * rstd below float32',
    'float32',
    [1e20, 2e20, 3e20],
    1e-25,
    1e-5,
    [-ROOT * 1e-25, 0, ROOT * 1e-25],
  ],
  [
    'squares below float64',
    'float64',
    [1e-170, -1e-170, 0],
    1,
    Number.MIN_VALUE,
    [1e-170 / 2 ** -537, -1e-170 / 2 ** -537, 0],
  ],
  ['squares that cancel below float32', 'float32', [1e-30, -1e-30, 0], 1, 1e-100, [ROOT, -ROOT, 0]],
  ['a constant at the end of float32', 'float32', [3e38, 3e38, 3e38], 1, 1e-5, [0, 0, 0]],
  ['a constant at the end of float64', 'float64', [1.7e308, 1.7e308, 1.7e308], 1, 1e-5, [0, 0, 0]],
]

describe.each(Object.entries(layers))('%s', (_, layer) => {
  it.each(ROWS)('%s', (_, dtype, values, weight, eps, expected) => {
    const y = layer(dtype, values, weight, eps)
    for (const [i, value] of y.entries())
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-6 * weight)
  })
})

describe('RMSNorm', () => {
  it.each([
    ['float32', 3e38],
    ['float64', 1e200],
    ['float64', 1.7e308],
  ] as const)('%s of %d', (dtype, value) => {
    const x = tensorOf(dtype, [value, -value], [1, 2])
    const { y } = rmsNorm(x, { normalizedShape: 2 })
    expect([...y.data]).toEqual([1, -1])
  })
})

/** Rows that one thread maps whole, and rows longer than a partition. */
const LENGTHS = [4, 7, 33, 40_000]

describe.each([true, false])('a dy * weight beyond float32, with a dx within it, centred: %s', (centred) => {
  it.each(LENGTHS)('rows of %d', (length) => {
    const plan = planRows('overflow', [2, length], 'float32', {
      normalizedShape: [length],
      eps: 1e-5,
      centred,
    })
    const x = Float32Array.from({ length: 2 * length }, (_, i) => (i % 5) * 1e19 + 1e20)
    const dy = new Float32Array(2 * length).fill(1)
    dy[1] = 3e38
    dy[length + 2] = -3.4e38
    const weight = new Float32Array(length).fill(2)
    const expected = [0, 1].flatMap((row) => {
      const part = (array: Float32Array) => [...array.subarray(row * length, (row + 1) * length)]
      return rowGradient(
        part(x),
        part(dy).map((value, i) => value * weight[i]),
        centred,
      )
    })
    const largest = Math.max(...expected.map(Math.abs))
    for (const backend of backends()) {
      const dx = new Float32Array(2 * length)
      const [mean, variance] = [new Float64Array(2), new Float64Array(2)]
      backend.forward(plan, { x, y: dx, weight: null, bias: null, mean, variance })
      backend.backward(plan, { dy, x, dx, weight, mean, variance, dweight: null, dbias: null })
      for (const [i, value] of dx.entries())
        expect(Math.abs(value - expected[i]), `${backend.name} at ${i}`).toBeLessThanOrEqual(1e-6 * largest)
    }
  })
})

/** dx of a row from g = dy * weight, by the textbook's formula in float64. */
function rowGradient(x: readonly number[], g: readonly number[], centred: boolean): number[] {
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const mean = centred ? meanOf(x) : 0
  const rstd = 1 / Math.sqrt(meanOf(x.map((value) => (value - mean) ** 2)) + 1e-5)
  const xhat = x.map((value) => (value - mean) * rstd)
  const g1 = centred ? meanOf(g) : 0
  const g2 = meanOf(g.map((value, i) => value * xhat[i]))
  return g.map((value, i) => rstd * (value - g1 - xhat[i] * g2))
}

/** Plans of no elements, whose extents are large. */
const NOTHING: readonly (readonly [string, Plan])[] = [
  [
    'rows, none',
    planRows('nothing', [0, 2 ** 30, 2 ** 30], 'float32', { normalizedShape: [2 ** 30, 2 ** 30], eps: 1e-5 }),
  ],
  ['planes of a batch', planBatch('nothing', [1e9, 1, 0], 'float32', { eps: 1e-5, given: true })],
  [
    'columns of a batch',
    planBatch('nothing', [1e9, 0, 1], 'float32', { eps: 1e-5, given: true, layout: 'channels-last' }),
  ],
  ['planes in groups', planGroup('nothing', [1e5, 1, 0], 'float32', { eps: 1e-5, groups: 1 })],
  [
    'columns in groups',
    planGroup('nothing', [1e5, 0, 1], 'float32', { eps: 1e-5, groups: 1, layout: 'channels-last' }),
  ],
]

describe.each(backends())('nothing, on $name', (backend) => {
  it.each(NOTHING)('%s: costs nothing, and leaves -0 in a gradient', (_, plan) => {
    const none = new Float32Array()
    const mean = new Float64Array(plan.slots).fill(5)
    const variance = mean.slice()
    const wide = plan.affineLength > 1
    const gradient = wide ? null : Float32Array.of(-0)
    backend.forward(plan, { x: none, y: none, weight: null, bias: null, mean, variance })
    backend.backward(plan, {
      dy: none,
      x: none,
      dx: none,
      weight: null,
      mean,
      variance,
      dweight: gradient,
      dbias: null,
    })
    expect(gradient === null || Object.is(gradient[0], -0)).toBe(true)
    const kept = plan.given ? 5 : 0
    expect(mean.every((value) => value === kept) && variance.every((value) => value === kept)).toBe(true)
  })
})

it('no rows leave -0 in the gradients of rows', () => {
  const plan = planRows('nothing', [0, 3], 'float32', { normalizedShape: [3], eps: 1e-5 })
  for (const backend of backends()) {
    const none = new Float32Array()
    const [dweight, dbias] = [new Float32Array(3).fill(-0), new Float32Array(3).fill(-0)]
    const [mean, variance] = [new Float64Array(), new Float64Array()]
    backend.backward(plan, { dy: none, x: none, dx: none, weight: null, mean, variance, dweight, dbias })
    for (const value of [...dweight, ...dbias]) expect(Object.is(value, -0), backend.name).toBe(true)
  }
})
