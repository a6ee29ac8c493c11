import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BYTES_PER_THREAD, setBytesPerThread } from '../src/backend/native/threads.js'
import { backends, info, setThreads } from '../src/backend/select.js'
import { extremaOf } from '../src/data/extrema.js'
import { type Plan, planBatch, planGroup, planRows } from '../src/engine/plan.js'
import { DTYPES, type DType, type FloatArray, newArray } from '../src/tensor.js'

// The least and the greatest value of each slot: values that are written down here, and an extreme at every place.
// parity.test.ts and replay.test.ts compare every case of the table with a plain loop.

const THREADS = [1, 2, 3]
const eps = 1
const { threads: threadsBefore } = info()

beforeAll(() => setBytesPerThread(1))
afterAll(() => {
  setBytesPerThread(BYTES_PER_THREAD)
  setThreads(threadsBefore)
})

/** The extrema of x on each backend and thread count. */
function runAll(plan: Plan, x: FloatArray): { where: string; min: Float64Array; max: Float64Array }[] {
  return THREADS.flatMap((threads) => {
    setThreads(threads)
    return backends().map((backend) => {
      const [min, max] = [0, 1].map(() => new Float64Array(plan.slots).fill(5))
      backend.extrema(plan, { x, min, max })
      return { where: `${backend.name}, ${threads} threads`, min, max }
    })
  })
}

/** A view that begins one element after the start of its memory. */
function misaligned(dtype: DType, values: readonly number[]): FloatArray {
  const view = newArray(dtype, values.length + 1).subarray(1)
  view.set(values)
  return view
}

const NaN_ = Number.NaN
const INF = Number.POSITIVE_INFINITY

/** The name, the values, the least, the greatest. */
const ROWS: readonly (readonly [string, readonly number[], number, number])[] = [
  ['one value', [7], 7, 7],
  ['one NaN', [NaN_], INF, -INF],
  ['NaN at first', [NaN_, 3, -2], -2, 3],
  ['NaN at last', [3, -2, NaN_], -2, 3],
  ['only NaN', [NaN_, NaN_, NaN_], INF, -INF],
  ['positive values only', [4, 2, 3], 2, 4],
  ['negative values only', [-4, -2, -3], -4, -2],
  ['both infinities', [INF, 0.5, -INF], -INF, INF],
  ['infinity alone', [INF, INF], INF, INF],
  ['minus infinity and NaN', [-INF, NaN_], -INF, -INF],
  ['minus zero', [-0], 0, 0],
  ['zero, then minus zero', [0, -0], 0, 0],
  ['minus zero, then zero', [-0, 0], 0, 0],
  ['minus zero as the least', [1, -0, NaN_], 0, 1],
  ['minus zero as the greatest', [-1, -0, NaN_], -1, 0],
]

describe.each(DTYPES)('extrema, %s', (dtype) => {
  it.each(ROWS)('of a row: %s', (_, values, min, max) => {
    const plan = planRows('test', [1, values.length], dtype, { eps, normalizedShape: [values.length] })
    for (const { where, ...found } of runAll(plan, misaligned(dtype, values)))
      expect(found, where).toStrictEqual({ min: Float64Array.of(min), max: Float64Array.of(max) })
  })

  // Few channels, which are taken several rows at a time, and more than a step of them, which a kernel takes as they are.
  const WIDTHS = [2, 40]
  const COLUMNS = WIDTHS.flatMap((width) => ROWS.map((row) => [width, ...row] as const))
  it.each(COLUMNS)('of %s channels, the first of ones: %s', (width, _, values, min, max) => {
    const x = values.flatMap((value) => [1, ...new Array(width - 1).fill(value)])
    const plan = planBatch('test', [values.length, width], dtype, { eps, given: true })
    const expected = (rest: number) => new Float64Array(width).fill(rest).fill(1, 0, 1)
    for (const { where, ...found } of runAll(plan, misaligned(dtype, x)))
      expect(found, where).toStrictEqual({ min: expected(min), max: expected(max) })
  })

  it('of nothing: Infinity and -Infinity', () => {
    const spec = { eps, given: true }
    const plans = [
      planRows('test', [0, 4], dtype, { eps, normalizedShape: [4] }),
      planBatch('test', [0, 3], dtype, spec),
      planBatch('test', [2, 3, 0], dtype, spec),
      planGroup('test', [0, 4, 5], dtype, { ...spec, groups: 2 }),
      planGroup('test', [2, 0, 4], dtype, { ...spec, groups: 2, layout: 'channels-last' }),
    ]
    expect(plans.map(({ slots }) => slots)).toEqual([0, 3, 3, 0, 0])
    for (const plan of plans) {
      for (const { where, min, max } of runAll(plan, newArray(dtype, 0))) {
        expect([...min], where).toEqual(new Array(plan.slots).fill(INF))
        expect([...max], where).toEqual(new Array(plan.slots).fill(-INF))
      }
    }
  })

  // Each length ends in another tail of a step of 128 bytes. The other elements have one sign, so that a lane beyond the
  // tail, where a kernel holds zeros, would be seen.
  const SIZES: readonly (readonly [string, (n: number) => Plan])[] = [
    ['a row', (n) => planRows('test', [2, n], dtype, { eps, normalizedShape: [n] })],
    ['columns', (n) => planBatch('test', [3, n], dtype, { eps })],
    ['planes of a few samples', (n) => planBatch('test', [2, 2, n], dtype, { eps })],
    ['planes of many samples', (n) => planBatch('test', [33, 2, n], dtype, { eps })],
    ['groups of planes', (n) => planGroup('test', [2, 2, n], dtype, { eps, groups: 1 })],
    [
      'groups of columns',
      (n) => planGroup('test', [2, 3, 2 * n], dtype, { eps, groups: 2, layout: 'channels-last' }),
    ],
  ]
  it.each(SIZES)('an extreme is found at every place: %s', (_, planOf) => {
    for (const n of [1, 2, 15, 16, 17, 31, 32, 33, 65]) {
      const plan = planOf(n)
      // A prime, so that all lanes and tails are met, although not every place of the larger sizes.
      const stride = plan.size > 200 ? 13 : 1
      for (const [sign, field] of [
        [1, 'min'],
        [-1, 'max'],
      ] as const) {
        const x = misaligned(dtype, new Array(plan.size).fill(2 * sign))
        for (let place = 0; place < plan.size; place += stride) {
          x[place] = sign
          for (const found of runAll(plan, x)) {
            const values = [...found[field]]
            const where = `${found.where}, ${field} at ${place} of ${plan.shape}`
            expect(values.filter((value) => value === sign).length, where).toBe(1)
            expect(values.filter((value) => value === 2 * sign).length, where).toBe(plan.slots - 1)
          }
          x[place] = 2 * sign
        }
      }
    }
  })

  it('extremaOf takes channels over samples and space', () => {
    const data = misaligned(dtype, [1, 5, -2, NaN_, -0, 0, 3, 4, NaN_, NaN_, 0, 9])
    expect(extremaOf({ data, shape: [2, 3, 2] })).toStrictEqual({
      min: Float64Array.of(1, -2, 0),
      max: Float64Array.of(5, -2, 9),
    })
    expect(extremaOf({ data, shape: [2, 6] })).toStrictEqual({
      min: Float64Array.of(1, 4, -2, INF, 0, 0),
      max: Float64Array.of(3, 5, -2, -INF, 0, 9),
    })
    expect(extremaOf({ data: data.subarray(0, 0), shape: [0, 1] })).toStrictEqual({
      min: Float64Array.of(INF),
      max: Float64Array.of(-INF),
    })
  })
})
