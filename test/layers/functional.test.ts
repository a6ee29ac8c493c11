import { describe, expect, test } from 'vitest'
import {
  batchNorm,
  type FunctionalOptions,
  gradients,
  groupNorm,
  instanceNorm,
  layerNorm,
  type Normalized,
  rmsNorm,
  type Tensor,
  tensor,
} from '../../src/index.js'
import { expectClose, expectError, momentsOf, randomArray, randomTensor } from './support.js'

interface Form {
  readonly title: string
  readonly shape: readonly number[]
  readonly affineLength: number
  readonly run: (x: Tensor, options: FunctionalOptions) => Normalized
}

const frozen = { mean: randomArray(4, 'float64', 'mean'), variance: Float64Array.of(0.5, 1, 2, 3) }

const FORMS: readonly Form[] = [
  { title: 'batchNorm [N, C]', shape: [5, 4], affineLength: 4, run: (x, o) => batchNorm(x, o) },
  { title: 'batchNorm [N, C, L]', shape: [3, 4, 5], affineLength: 4, run: (x, o) => batchNorm(x, o) },
  {
    title: 'batchNorm channels-last',
    shape: [2, 3, 2, 4],
    affineLength: 4,
    run: (x, o) => batchNorm(x, { ...o, layout: 'channels-last' }),
  },
  {
    title: 'batchNorm frozen',
    shape: [3, 4, 5],
    affineLength: 4,
    run: (x, o) => batchNorm(x, { ...o, statistics: frozen }),
  },
  {
    title: 'layerNorm over two dimensions',
    shape: [3, 4, 2],
    affineLength: 8,
    run: (x, o) => layerNorm(x, { ...o, normalizedShape: [4, 2] }),
  },
  {
    title: 'groupNorm',
    shape: [2, 6, 2, 2],
    affineLength: 6,
    run: (x, o) => groupNorm(x, { ...o, groups: 2 }),
  },
  {
    title: 'groupNorm channels-last',
    shape: [2, 3, 6],
    affineLength: 6,
    run: (x, o) => groupNorm(x, { ...o, groups: 3, layout: 'channels-last' }),
  },
  { title: 'instanceNorm', shape: [2, 3, 5], affineLength: 3, run: (x, o) => instanceNorm(x, o) },
  {
    title: 'rmsNorm',
    shape: [3, 7],
    affineLength: 7,
    run: (x, o) => rmsNorm(x, { ...o, normalizedShape: 7 }),
  },
]

describe.each(FORMS)('$title', ({ shape, affineLength, run }) => {
  const affine = () => ({
    weight: randomArray(affineLength, 'float64', 'weight'),
    bias: randomArray(affineLength, 'float64', 'bias'),
  })

  test('without weight and bias it has no gradients for them, and is the case of 1 and 0', () => {
    const x = randomTensor(shape)
    const dy = randomTensor(shape, 'float64', 'dy')
    const ones = { weight: new Float64Array(affineLength).fill(1), bias: new Float64Array(affineLength) }
    const plain = run(x, {})
    expect(plain.y.data).toEqual(run(x, ones).y.data)
    const found = gradients(plain.context, dy)
    expect([found.dweight, found.dbias]).toEqual([null, null])
    expect(found.dx.data).toEqual(gradients(run(x, ones).context, dy).dx.data)
  })

  test('out: the same bits, in the array given, and in place', () => {
    const x = randomTensor(shape, 'float32')
    const expected = run(x, {}).y.data
    const out = { data: new Float32Array(x.data.length), shape }
    expect(run(x, { out }).y).toBe(out)
    expect(out.data).toEqual(expected)
    const inPlace = run(x, { out: x })
    expect(x.data).toEqual(expected)
    expect(inPlace.context.x).toBeNull()
    expectError(
      () => gradients(inPlace.context, out),
      'EVENKEEL_STATE',
      /was overwritten: forward ran in place/,
    )
  })

  test('gradients: dx over dy or over x has the same bits; over x, the context is spent', () => {
    const x = randomTensor(shape)
    const dy = () => randomTensor(shape, 'float64', 'dy')
    const { context } = run(x, affine())
    const expected = gradients(context, dy()).dx.data
    const over = dy()
    expect(gradients(context, over, { out: over }).dx.data).toBe(over.data)
    expect(over.data).toEqual(expected)
    gradients(context, dy(), { out: x })
    expect(x.data).toEqual(expected)
    expectError(() => gradients(context, dy()), 'EVENKEEL_STATE', /an earlier gradient was written over it/)
  })

  test('weight, bias and their gradients may be tensors, as layers have them', () => {
    const x = randomTensor(shape)
    const dy = randomTensor(shape, 'float64', 'dy')
    const { weight, bias } = affine()
    const wrapped = (data: Float64Array | Float32Array) => ({ data, shape: [affineLength] })
    const bare = run(x, { weight, bias })
    const { y, context } = run(x, { weight: wrapped(weight), bias: wrapped(bias) })
    expect(y).toEqual(bare.y)
    const [dweight, dbias] = [new Float64Array(affineLength), new Float64Array(affineLength)]
    const found = gradients(context, dy, { dweight: wrapped(dweight), dbias: wrapped(dbias) })
    expect(found).toEqual(gradients(bare.context, dy))
    expect([found.dweight, found.dbias]).toEqual([dweight, dbias])
    expect(found.dweight).toBe(dweight)
  })

  test('gradients: adds into the arrays given', () => {
    const { context } = run(randomTensor(shape), affine())
    const dy = randomTensor(shape, 'float64', 'dy')
    const fresh = gradients(context, dy)
    const dweight = new Float64Array(affineLength).fill(100)
    const dbias = new Float64Array(affineLength).fill(-100)
    const found = gradients(context, dy, { dweight, dbias })
    expect(found.dweight).toBe(dweight)
    expect(found.dbias).toBe(dbias)
    expectClose(
      dweight,
      fresh.dweight!.map((value) => value + 100),
    )
    expectClose(
      dbias,
      fresh.dbias!.map((value) => value - 100),
    )
  })
})

describe('formulas, by hand', () => {
  // [1, 3] has mean 2 and variance 1; with eps 3 the root is 2, and the outputs are -1/2 and 1/2.
  const x = tensor(Float64Array.of(1, 3), [2, 1])

  test('batchNorm', () => {
    const { y, context } = batchNorm(x, { eps: 3, weight: Float64Array.of(10), bias: Float64Array.of(1) })
    expect([...y.data]).toEqual([-4, 6])
    expect([...context.mean, ...context.variance, context.count]).toEqual([2, 1, 2])
  })

  test('batchNorm with given statistics, of either type', () => {
    const { y } = batchNorm(x, {
      eps: 1,
      statistics: { mean: Float32Array.of(-1), variance: Float32Array.of(3) },
    })
    expect([...y.data]).toEqual([1, 2])
  })

  test("batchNorm with a layer's statistics, which are tensors", () => {
    const statistics = { mean: tensor(Float32Array.of(-1), [1]), variance: tensor(Float32Array.of(3), [1]) }
    expect([...batchNorm(x, { eps: 1, statistics }).y.data]).toEqual([1, 2])
  })

  test('batchNorm copies given statistics: changing them later does not reach the gradient', () => {
    const statistics = { mean: Float64Array.of(0), variance: Float64Array.of(3) }
    const { context } = batchNorm(x, { eps: 1, statistics })
    statistics.variance[0] = 100
    expect([...gradients(context, tensor(Float64Array.of(2, 4), [2, 1])).dx.data]).toEqual([1, 2])
  })

  test('layerNorm, with a number for its shape', () => {
    const row = tensor(Float64Array.of(1, 3), [1, 2])
    const { y } = layerNorm(row, { normalizedShape: 2, eps: 3, weight: Float64Array.of(2, 4) })
    expect([...y.data]).toEqual([-1, 2])
  })

  test('rmsNorm: the root of the mean square, no mean', () => {
    // (1 + 9)/2 = 5, and eps 4 makes the root 3.
    const row = tensor(Float64Array.of(1, 3), [2])
    const { y, context } = rmsNorm(row, { normalizedShape: [2], eps: 4 })
    expectClose(y.data, [1 / 3, 1])
    expect([...context.mean, ...context.variance]).toEqual([0, 5])
  })

  test('rmsNorm: default eps is the spacing of the type at 1', () => {
    const zero32 = rmsNorm(tensor(Float32Array.of(0, 0), [2]), { normalizedShape: 2 })
    const zero64 = rmsNorm(tensor(Float64Array.of(0, 0), [2]), { normalizedShape: 2 })
    expect(zero32.context.plan.eps).toBe(1.1920928955078125e-7)
    expect(zero64.context.plan.eps).toBe(Number.EPSILON)
  })
})

describe('context', () => {
  test('groupNorm: mean and biased variance by sample and group, and their count', () => {
    const x = randomTensor([2, 4, 3])
    const { context } = groupNorm(x, { groups: 2 })
    const slots = [0, 1, 2, 3].map((slot) => momentsOf([...x.data.slice(slot * 6, slot * 6 + 6)]))
    expectClose(
      context.mean,
      slots.map(({ mean }) => mean),
    )
    expectClose(
      context.variance,
      slots.map(({ variance }) => variance),
    )
    expect(context.count).toBe(6)
  })

  test('a forward of no elements has gradients of none', () => {
    const empty = tensor(new Float32Array(0), [0, 4])
    const { y, context } = layerNorm(empty, { normalizedShape: 4, weight: new Float32Array(4).fill(1) })
    expect(y.shape).toEqual([0, 4])
    const found = gradients(context, empty)
    expect([...found.dweight!]).toEqual([0, 0, 0, 0])
  })
})
