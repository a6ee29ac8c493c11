import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BYTES_PER_THREAD, setBytesPerThread } from '../src/backend/native/threads.js'
import {
  BatchNorm,
  batchNorm,
  type DType,
  type FloatArray,
  type FunctionalOptions,
  gradients,
  groupNorm,
  info,
  instanceNorm,
  type Layout,
  layerNorm,
  type Normalized,
  rmsNorm,
  setThreads,
  type Tensor,
} from '../src/index.js'
import { Random } from '../src/selftest/random.js'
import { slotOfElement } from './support/oracle.js'
import { firstDifference } from './support/run.js'
import { draw, drawArray, largestDifference, sizeOf } from './support/tensors.js'
import { NORMALIZED_VARIANCE, SAME_OUTPUT } from './support/tolerance.js'

// What holds of every shape, layout and type: fast-check draws them, and shrinks those on which something fails.

/** One call of one norm, drawn at random. */
interface Call {
  readonly name: string
  readonly x: Tensor
  readonly dy: Tensor
  readonly weight: FloatArray
  readonly bias: FloatArray
  norm(x: Tensor, options?: FunctionalOptions): Normalized
}

const dtypes = fc.constantFrom<DType>('float32', 'float64')
const layouts = fc.constantFrom<Layout>('channels-first', 'channels-last')
const seeds = fc.integer()
const means = fc.constantFrom(0, 1, -100)
/** Small ones, and ones over a block or a partition of the kernels. */
const extents = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 40 }) },
  fc.constantFrom(257, 1025),
)

function callOf(
  name: string,
  dtype: DType,
  shape: number[],
  parameters: number,
  seed: number,
  mean: number,
  norm: Call['norm'],
): Call {
  const random = new Random(seed)
  return {
    name: `${name} ${dtype} [${shape}]`,
    x: draw(random, dtype, shape, mean),
    dy: draw(random, dtype, shape),
    weight: drawArray(random, dtype, parameters, 1),
    bias: drawArray(random, dtype, parameters),
    norm,
  }
}

/** A layout's shape of [N, C, ...space]. */
function lay(layout: Layout, samples: number, channels: number, space: number[]): number[] {
  return layout === 'channels-last' ? [samples, ...space, channels] : [samples, channels, ...space]
}

const rowCalls = fc
  .record({
    kind: fc.constantFrom('layerNorm', 'rmsNorm'),
    dtype: dtypes,
    rows: fc.integer({ min: 1, max: 40 }),
  })
  .chain((fixed) => fc.record({ ...constants(fixed), length: extents, seed: seeds, mean: means }))
  .map(({ kind, dtype, rows, length, seed, mean }) =>
    callOf(kind, dtype, [rows, length], length, seed, mean, (x, options) =>
      (kind === 'layerNorm' ? layerNorm : rmsNorm)(x, { ...options, normalizedShape: length }),
    ),
  )

const groupCalls = fc
  .record({
    kind: fc.constantFrom('groupNorm', 'instanceNorm'),
    dtype: dtypes,
    layout: layouts,
    samples: fc.integer({ min: 1, max: 5 }),
    groups: fc.integer({ min: 1, max: 6 }),
    perGroup: fc.integer({ min: 1, max: 6 }),
    space: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
    seed: seeds,
    mean: means,
  })
  .filter(({ kind, perGroup, space }) => sizeOf(space) * (kind === 'groupNorm' ? perGroup : 1) > 1)
  .map(({ kind, dtype, layout, samples, groups, perGroup, space, seed, mean }) => {
    const channels = groups * perGroup
    const shape = lay(layout, samples, channels, space)
    return callOf(`${kind} ${layout}`, dtype, shape, channels, seed, mean, (x, options) =>
      kind === 'groupNorm'
        ? groupNorm(x, { ...options, layout, groups })
        : instanceNorm(x, { ...options, layout }),
    )
  })

const batchCalls = fc
  .record({
    dtype: dtypes,
    layout: layouts,
    samples: extents,
    channels: fc.integer({ min: 1, max: 20 }),
    space: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
    seed: seeds,
    mean: means,
  })
  .filter(({ samples, space }) => samples * sizeOf(space) > 1)
  .map(({ dtype, layout, samples, channels, space, seed, mean }) =>
    callOf(
      `batchNorm ${layout}`,
      dtype,
      lay(layout, samples, channels, space),
      channels,
      seed,
      mean,
      (x, options) => batchNorm(x, { ...options, layout }),
    ),
  )

/** Norms whose samples do not see each other. */
const sampleCalls = fc.oneof(rowCalls, groupCalls)
const calls = fc.oneof(rowCalls, groupCalls, batchCalls)

function constants<T extends object>(fixed: T) {
  return Object.fromEntries(Object.entries(fixed).map(([key, value]) => [key, fc.constant(value)])) as {
    [K in keyof T]: fc.Arbitrary<T[K]>
  }
}

const affineOf = ({ weight, bias }: Call) => ({ weight, bias })
const dtypeOf = ({ x }: Call): DType => (x.data instanceof Float64Array ? 'float64' : 'float32')

function expectSame(actual: FloatArray, expected: FloatArray, what: string) {
  expect(firstDifference(actual, expected), what).toBeNull()
}

function check(arbitrary: fc.Arbitrary<Call>, property: (call: Call) => void, runs = 120) {
  fc.assert(fc.property(arbitrary, property), { numRuns: runs, seed: 20 })
}

/** Mean and biased variance of y per slot, naively. */
function momentsOf({ y, context }: Normalized) {
  const { plan } = context
  const sums = Array.from({ length: plan.slots }, () => ({ count: 0, sum: 0, squares: 0 }))
  y.data.forEach((value, i) => {
    const slot = sums[slotOfElement(plan, i)]
    slot.count++
    slot.sum += value
    slot.squares += value * value
  })
  return sums.map(({ count, sum, squares }) => ({
    mean: sum / count,
    variance: squares / count - (sum / count) ** 2,
  }))
}

describe('the output', () => {
  it('has mean 0 and variance v / (v + eps) in every slot', () => {
    check(calls, (call) => {
      const normalized = call.norm(call.x)
      const { plan, variance } = normalized.context
      momentsOf(normalized).forEach((moments, slot) => {
        const expected = variance[slot] / (variance[slot] + plan.eps)
        const square = moments.variance + (plan.centred ? 0 : moments.mean ** 2)
        expect(Math.abs(square - expected)).toBeLessThanOrEqual(NORMALIZED_VARIANCE[dtypeOf(call)])
        if (plan.centred)
          expect(Math.abs(moments.mean)).toBeLessThanOrEqual(NORMALIZED_VARIANCE[dtypeOf(call)])
      })
    })
  })

  it('is the bias, to the bit, where the input is constant', () => {
    const constant = fc.constantFrom(0, 0.1, -3, 1e8, 123456.789, 1e30, -7e-20)
    fc.assert(
      fc.property(
        calls.filter(({ name }) => !name.startsWith('rmsNorm')),
        constant,
        (call, value) => {
          const x = { ...call.x, data: call.x.data.map(() => value) }
          const { y } = call.norm(x, affineOf(call))
          const plain = call.norm(x)
          expect(plain.y.data.every((element) => element === 0)).toBe(true)
          expect([...new Set(y.data)].every((element) => call.bias.includes(element))).toBe(true)
        },
      ),
      { numRuns: 150, seed: 21 },
    )
  })

  it('is weighted and shifted after it was normalized', () => {
    check(calls, (call) => {
      const plain = call.norm(call.x).y.data
      const zeros = call.bias.map(() => 0)
      const ones = call.weight.map(() => 1)
      const none = call.norm(call.x, { weight: ones, bias: zeros }).y.data
      expect(largestDifference(plain, none), 'weight 1 and bias 0 change nothing').toBe(0)
      const doubled = call.norm(call.x, { weight: ones.map(() => 2) }).y.data
      expectSame(
        doubled,
        plain.map((value) => 2 * value),
        'weight 2 doubles',
      )
    })
  })

  it('leaves the input as it was', () => {
    check(calls, (call) => {
      const before = call.x.data.slice()
      const { context } = call.norm(call.x, affineOf(call))
      gradients(context, call.dy)
      expectSame(call.x.data, before, 'x')
    })
  })
})

describe('samples', () => {
  it('do not depend on how many came along, to the bit', () => {
    check(sampleCalls, (call) => {
      const [samples] = call.x.shape
      const length = call.x.data.length / samples
      const whole = call.norm(call.x, affineOf(call))
      const { dx } = gradients(whole.context, call.dy)
      for (const sample of new Set([0, samples >> 1, samples - 1])) {
        const cut = (data: FloatArray) => data.slice(sample * length, (sample + 1) * length)
        const alone = { data: cut(call.x.data), shape: [1, ...call.x.shape.slice(1)] }
        const one = call.norm(alone, affineOf(call))
        expectSame(one.y.data, cut(whole.y.data), `y of sample ${sample}`)
        const dyAlone = { data: cut(call.dy.data), shape: alone.shape }
        expectSame(gradients(one.context, dyAlone).dx.data, cut(dx.data), `dx of sample ${sample}`)
      }
    })
  })

  it('in reverse order come out in reverse order, to the bit', () => {
    check(sampleCalls, (call) => {
      const reversed = (t: Tensor): Tensor => ({ ...t, data: reverseSamples(t) })
      const there = call.norm(call.x, affineOf(call))
      const back = call.norm(reversed(call.x), affineOf(call))
      expectSame(back.y.data, reverseSamples(there.y), 'y')
      const dx = gradients(there.context, call.dy).dx
      expectSame(gradients(back.context, reversed(call.dy)).dx.data, reverseSamples(dx), 'dx')
    })
  })

  it('of a batch in another order change nothing but the order, up to rounding', () => {
    check(batchCalls, (call) => {
      const reversed: Tensor = { ...call.x, data: reverseSamples(call.x) }
      const there = call.norm(call.x).y
      const back = call.norm(reversed).y
      const rounding = SAME_OUTPUT[dtypeOf(call)] * conditioning(call)
      expect(largestDifference(back.data, reverseSamples(there))).toBeLessThanOrEqual(rounding)
    })
  })
})

describe('where the result goes', () => {
  it('in place or apart, at whatever offset: the same bits', () => {
    check(calls, (call) => {
      const apart = call.norm(call.x, affineOf(call))
      const gradient = gradients(apart.context, call.dy)
      const offset: Tensor = { ...call.x, data: atOffset(call.x.data, 3) }
      const inPlace = call.norm(offset, { ...affineOf(call), out: offset })
      expect(inPlace.y.data).toBe(offset.data)
      expectSame(inPlace.y.data, apart.y.data, 'y over x')
      const dy: Tensor = { ...call.dy, data: atOffset(call.dy.data, 5) }
      expectSame(gradients(apart.context, dy, { out: dy }).dx.data, gradient.dx.data, 'dx over dy')
      const x: Tensor = { ...call.x, data: atOffset(call.x.data, 1) }
      const { context } = call.norm(x, affineOf(call))
      expectSame(gradients(context, call.dy, { out: x }).dx.data, gradient.dx.data, 'dx over x')
    })
  })

  it('parameter gradients are added to what is there', () => {
    check(calls, (call) => {
      const { context } = call.norm(call.x, affineOf(call))
      const once = gradients(context, call.dy)
      const into = { dweight: once.dweight!.slice(), dbias: once.dbias!.slice() }
      gradients(context, call.dy, into)
      expectSame(
        into.dweight,
        once.dweight!.map((value) => 2 * value),
        'dweight',
      )
      expectSame(
        into.dbias,
        once.dbias!.map((value) => 2 * value),
        'dbias',
      )
    })
  })
})

describe('the gradient', () => {
  it('sums to 0 in every slot without parameters', () => {
    check(
      calls.filter(({ name }) => !name.startsWith('rmsNorm')),
      (call) => {
        const normalized = call.norm(call.x)
        const { plan, variance } = normalized.context
        const dx = gradients(normalized.context, call.dy).dx.data
        const sums = Array.from({ length: plan.slots }, () => ({ dx: 0, size: 0 }))
        dx.forEach((value, i) => {
          const slot = slotOfElement(plan, i)
          sums[slot].dx += value
          // What dx is made of: dy over the deviation.
          sums[slot].size += 4 / Math.sqrt(variance[slot] + plan.eps)
        })
        for (const { dx: sum, size } of sums) {
          expect(Math.abs(sum)).toBeLessThanOrEqual(SAME_OUTPUT[dtypeOf(call)] * conditioning(call) * size)
        }
      },
    )
  })

  it('is linear in dy: twice dy gives twice dx, to the bit', () => {
    check(calls, (call) => {
      const { context } = call.norm(call.x, affineOf(call))
      const once = gradients(context, call.dy)
      const twice = gradients(context, { ...call.dy, data: call.dy.data.map((value) => 2 * value) })
      expectSame(
        twice.dx.data,
        once.dx.data.map((value) => 2 * value),
        'dx',
      )
      expectSame(
        twice.dweight!,
        once.dweight!.map((value) => 2 * value),
        'dweight',
      )
    })
  })
})

describe('threads', () => {
  const threadsBefore = info().threads
  beforeAll(() => setBytesPerThread(1))
  afterAll(() => {
    setBytesPerThread(BYTES_PER_THREAD)
    setThreads(threadsBefore)
  })

  it('change no bit', () => {
    check(
      calls,
      (call) => {
        const results = [1, 2, 5].map((threads) => {
          setThreads(threads)
          const { y, context } = call.norm(call.x, affineOf(call))
          const { dx, dweight, dbias } = gradients(context, call.dy)
          return { y: y.data, mean: context.mean, dx: dx.data, dweight: dweight!, dbias: dbias! }
        })
        for (const result of results.slice(1)) {
          for (const field of ['y', 'mean', 'dx', 'dweight', 'dbias'] as const) {
            expectSame(result[field], results[0][field], field)
          }
        }
      },
      60,
    )
  })
})

describe('running averages', () => {
  it('lie between the old average and the batch', () => {
    fc.assert(
      fc.property(batchCalls, fc.double({ min: 0.01, max: 1, noNaN: true }), (call, newWeight) => {
        const dtype = dtypeOf(call)
        const layout = call.name.includes('last') ? 'channels-last' : 'channels-first'
        const runningVariance = 'population'
        const layer = new BatchNorm(call.weight.length, {
          dtype,
          layout,
          runningAverage: { newWeight },
          runningVariance,
        })
        layer.forward(call.x)
        const { mean, variance } = batchNorm(call.x, { layout }).context
        layer.runningMean!.data.forEach((value, c) => {
          expect(Math.abs(value - newWeight * mean[c])).toBeLessThanOrEqual(
            SAME_OUTPUT[dtype] * Math.max(1, Math.abs(mean[c])),
          )
          const expected = 1 + newWeight * (variance[c] - 1)
          const error = Math.abs(layer.runningVariance!.data[c] - expected)
          expect(error).toBeLessThanOrEqual(SAME_OUTPUT[dtype] * Math.max(1, variance[c]))
        })
      }),
      { numRuns: 80, seed: 22 },
    )
  })
})

function reverseSamples({ data, shape }: Tensor): FloatArray {
  const [samples] = shape
  const length = data.length / samples
  return data.map((_, i) => data[(samples - 1 - Math.floor(i / length)) * length + (i % length)])
}

function atOffset(data: FloatArray, offset: number): FloatArray {
  const Type = data instanceof Float64Array ? Float64Array : Float32Array
  const whole: FloatArray = new Type(data.length + 2 * offset).fill(Number.NaN)
  whole.set(data, offset)
  return whole.subarray(offset, offset + data.length)
}

/** How far float64 means are off, in deviations: those of float32 data are kept in float64. */
function conditioning(call: Call): number {
  if (dtypeOf(call) === 'float32') return 1
  const { context } = call.norm(call.x)
  return context.mean.reduce(
    (worst, mean, slot) =>
      Math.max(worst, Math.abs(mean) / Math.sqrt(context.variance[slot] + context.plan.eps)),
    1,
  )
}
