import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  batchNorm,
  type Context,
  type DType,
  type FloatArray,
  foldBatchNorm,
  GroupNorm,
  gradients,
  groupNorm,
  InstanceNorm,
  instanceNorm,
  LayerNorm,
  layerNorm,
  type Normalized,
  rmsNorm,
  type Tensor,
} from '../src/index.js'
import { Random, seedOf } from '../src/selftest/random.js'
import { firstDifference } from './support/run.js'
import { draw, drawArray, largestDifference, toChannelsLast } from './support/tensors.js'
import { SAME_OUTPUT } from './support/tolerance.js'

// What holds between the norms, whatever the input: proved on paper, so neither needs an oracle.

const last = { layout: 'channels-last' } as const

/** All that two ways to one result have to agree in. */
interface Results {
  readonly y: FloatArray
  readonly dx: FloatArray
  readonly dweight: FloatArray | null
  readonly dbias: FloatArray | null
}

function both({ y, context }: Normalized, dy: Tensor): Results {
  const { dx, dweight, dbias } = gradients(context, dy)
  return { y: y.data, dx: dx.data, dweight, dbias }
}

interface Draws {
  readonly x: Tensor
  readonly dy: Tensor
  readonly weight: FloatArray
  readonly bias: FloatArray
}

function drawAll(title: string, dtype: DType, shape: number[], channels: number): Draws {
  const random = new Random(seedOf(title + dtype))
  return {
    x: draw(random, dtype, shape, 3),
    dy: draw(random, dtype, shape),
    weight: drawArray(random, dtype, channels, 1),
    bias: drawArray(random, dtype, channels),
  }
}

interface Identity {
  readonly title: string
  readonly shape: number[]
  readonly channels: number
  one(draws: Draws): Results
  other(draws: Draws): Results
  /** Fields that agree to the bit; the others within rounding. */
  readonly exact: readonly (keyof Results)[]
}

const lastDraws = ({ x, dy, ...rest }: Draws): Draws => ({
  x: toChannelsLast(x),
  dy: toChannelsLast(dy),
  ...rest,
})
const lastResults = (results: Results, shape: number[]): Results => ({
  ...results,
  y: toChannelsLast({ data: results.y, shape }).data,
  dx: toChannelsLast({ data: results.dx, shape }).data,
})

const ALL = ['y', 'dx', 'dweight', 'dbias'] as const

const IDENTITIES: readonly Identity[] = [
  ...[
    [2, 6, 35],
    [3, 4, 9, 130],
  ].map((shape) => ({
    title: `GroupNorm with a group per channel is InstanceNorm [${shape}]`,
    shape,
    channels: shape[1],
    one: ({ x, dy, weight, bias }: Draws) => both(groupNorm(x, { groups: shape[1], weight, bias }), dy),
    other: ({ x, dy, weight, bias }: Draws) => both(instanceNorm(x, { weight, bias }), dy),
    exact: ALL,
  })),
  {
    title: 'GroupNorm with a group per channel is InstanceNorm, channels last',
    shape: [2, 35, 6],
    channels: 6,
    one: ({ x, dy, weight, bias }) => both(groupNorm(x, { groups: 6, weight, bias, ...last }), dy),
    other: ({ x, dy, weight, bias }) => both(instanceNorm(x, { weight, bias, ...last }), dy),
    exact: ALL,
  },
  ...[
    [3, 4, 5],
    [2, 6, 21, 50],
  ].map((shape) => ({
    title: `GroupNorm with one group and no parameters is LayerNorm over [C, ...space] [${shape}]`,
    shape,
    channels: shape[1],
    one: ({ x, dy }: Draws) => both(groupNorm(x, { groups: 1 }), dy),
    other: ({ x, dy }: Draws) => both(layerNorm(x, { normalizedShape: shape.slice(1) }), dy),
    exact: ['y'] as const,
  })),
  ...[
    [1, 3, 40],
    [1, 5, 40, 33],
  ].map((shape) => ({
    title: `BatchNorm of one sample is InstanceNorm [${shape}]`,
    shape,
    channels: shape[1],
    one: ({ x, dy, weight, bias }: Draws) => both(batchNorm(x, { weight, bias }), dy),
    other: ({ x, dy, weight, bias }: Draws) => both(instanceNorm(x, { weight, bias }), dy),
    exact: ALL,
  })),
  {
    title: 'BatchNorm of [N, C] is BatchNorm of [N, C, 1], channels last',
    shape: [40, 7],
    channels: 7,
    one: ({ x, dy, weight, bias }) => both(batchNorm(x, { weight, bias }), dy),
    other: ({ x, dy, weight, bias }) =>
      both(batchNorm({ ...x, shape: [40, 1, 7] }, { weight, bias, ...last }), { ...dy, shape: [40, 1, 7] }),
    exact: ALL,
  },
  {
    title: 'BatchNorm of the transposed input without parameters is LayerNorm',
    shape: [9, 40],
    channels: 40,
    one: ({ x, dy }) => both(batchNorm({ ...x, shape: [1, 9, 40] }), { ...dy, shape: [1, 9, 40] }),
    other: ({ x, dy }) => both(layerNorm(x, { normalizedShape: 40 }), dy),
    exact: ['y'],
  },
  ...[
    [4, 6, 35],
    [2, 6, 7, 40],
  ].flatMap((shape) => {
    const norms: Record<string, (draws: Draws, layout: object) => Results> = {
      BatchNorm: ({ x, dy, ...affine }, layout) => both(batchNorm(x, { ...affine, ...layout }), dy),
      GroupNorm: ({ x, dy, ...affine }, layout) =>
        both(groupNorm(x, { ...affine, ...layout, groups: 3 }), dy),
      InstanceNorm: ({ x, dy, ...affine }, layout) => both(instanceNorm(x, { ...affine, ...layout }), dy),
    }
    return Object.entries(norms).map(
      ([name, call]): Identity => ({
        title: `${name} of channels-last input is that of channels-first input, moved [${shape}]`,
        shape,
        channels: 6,
        one: (draws) => call(lastDraws(draws), last),
        other: (draws) => lastResults(call(draws, {}), shape),
        exact: [],
      }),
    )
  }),
  {
    title: 'RMSNorm of rows of mean 0 is LayerNorm',
    shape: [5, 64],
    channels: 64,
    one: ({ x, dy, weight, bias }) => {
      const centred = centreRows(x, 64)
      return { ...both(rmsNorm(centred, { normalizedShape: 64, weight, bias, eps: 1e-5 }), dy), dx: dy.data }
    },
    other: ({ x, dy, weight, bias }) => {
      const centred = centreRows(x, 64)
      // dx differs: LayerNorm's has no part along the rows' mean.
      return { ...both(layerNorm(centred, { normalizedShape: 64, weight, bias }), dy), dx: dy.data }
    },
    exact: ['dbias'],
  },
]

const DTYPES = ['float32', 'float64'] as const

describe.each(DTYPES)('identities in %s', (dtype) => {
  it.each(IDENTITIES.map((each) => [each.title, each] as const))('%s', (title, identity) => {
    const draws = drawAll(title, dtype, identity.shape, identity.channels)
    const one = identity.one(draws)
    const other = identity.other(draws)
    for (const field of ALL) {
      const [a, b] = [one[field], other[field]]
      if (a === null || b === null) {
        expect(a, field).toBe(b)
        continue
      }
      if (identity.exact.includes(field)) expect(firstDifference(a, b), field).toBeNull()
      const scale = Math.max(1, ...a.map(Math.abs))
      expect(largestDifference(a, b), field).toBeLessThanOrEqual(SAME_OUTPUT[dtype] * scale)
    }
  })
})

function centreRows({ data, shape }: Tensor, length: number): Tensor {
  const centred = data.slice()
  for (let start = 0; start < data.length; start += length) {
    // Pairs of opposite numbers: the mean is 0 to the bit.
    for (let i = 0; i < length; i += 2) centred[start + i + 1] = -centred[start + i]
  }
  return { data: centred, shape }
}

describe.each(DTYPES)('in %s', (dtype) => {
  const random = new Random(seedOf(dtype))
  const x = draw(random, dtype, [4, 6, 33])
  const moved = (change: (value: number, i: number) => number): Tensor => ({ ...x, data: x.data.map(change) })
  const norms: Record<string, (input: Tensor) => FloatArray> = {
    batchNorm: (input) => batchNorm(input, { eps: 1e-30 }).y.data,
    layerNorm: (input) => layerNorm(input, { normalizedShape: [6, 33], eps: 1e-30 }).y.data,
    groupNorm: (input) => groupNorm(input, { groups: 2, eps: 1e-30 }).y.data,
    instanceNorm: (input) => instanceNorm(input, { eps: 1e-30 }).y.data,
  }

  it.each(Object.keys(norms))('%s does not see a shift of its input', (name) => {
    // Multiples of 1/64 below 64: their sums with 1024 are exact.
    const grid = (value: number) => Math.round(value * 64) / 64
    const there = norms[name](moved(grid))
    const shifted = norms[name](moved((value) => grid(value) + 1024))
    expect(largestDifference(there, shifted)).toBeLessThanOrEqual(
      SAME_OUTPUT[dtype] * (dtype === 'float64' ? 1024 : 1),
    )
  })

  it.each([...Object.keys(norms), 'rmsNorm'])('%s sees the sign of a power of two alone', (name) => {
    const norm = norms[name] ?? ((input) => rmsNorm(input, { normalizedShape: [6, 33], eps: 1e-30 }).y.data)
    const there = norm(x)
    for (const factor of [2, -8, 2 ** 20, 2 ** -10]) {
      const expected = there.map((value) => Math.sign(factor) * value)
      const scaled = norm(moved((value) => value * factor))
      expect(largestDifference(scaled, expected), `times ${factor}`).toBeLessThanOrEqual(SAME_OUTPUT[dtype])
    }
  })

  it.each(Object.keys(norms))('%s leaves what is normalized as it is', (name) => {
    const once = norms[name](x)
    const twice = norms[name]({ ...x, data: once })
    expect(largestDifference(once, twice)).toBeLessThanOrEqual(SAME_OUTPUT[dtype])
  })

  it('BatchNorm in eval mode is a fixed affine map of each channel', () => {
    const norm = new BatchNorm(6, { dtype })
    norm.weight!.data.set(drawArray(random, dtype, 6, 1))
    norm.bias!.data.set(drawArray(random, dtype, 6))
    norm.forward(x)
    norm.eval()
    const y = norm.forward(x).data
    const expected = x.data.map((value, i) => {
      const c = Math.floor(i / 33) % 6
      const scale = norm.weight!.data[c] / Math.sqrt(norm.runningVariance!.data[c] + norm.eps)
      return (value - norm.runningMean!.data[c]) * scale + norm.bias!.data[c]
    })
    expect(largestDifference(y, expected)).toBeLessThanOrEqual(SAME_OUTPUT[dtype])
  })

  it('a folded BatchNorm is the identity layer followed by the norm', () => {
    const norm = new BatchNorm(6, { dtype })
    norm.weight!.data.set(drawArray(random, dtype, 6, 1))
    norm.forward(x)
    norm.eval()
    const rows = draw(random, dtype, [5, 6])
    const identity = draw(random, dtype, [6, 6])
    identity.data.forEach((_, i) => {
      identity.data[i] = i % 7 === 0 ? 1 : 0
    })
    const folded = foldBatchNorm(identity, null, norm, { kind: 'linear' })
    const y = rows.data.map((_, i) => {
      const [row, output] = [Math.floor(i / 6), i % 6]
      let sum = folded.bias.data[output]
      for (let input = 0; input < 6; input++) {
        sum += rows.data[row * 6 + input] * folded.weight.data[output * 6 + input]
      }
      return sum
    })
    expect(largestDifference(y, norm.forward(rows).data)).toBeLessThanOrEqual(SAME_OUTPUT[dtype])
  })

  it('the statistics of two half batches merge to those of the whole', () => {
    const whole = batchNorm(x).context
    const half = x.data.length / 2
    const halves = [x.data.subarray(0, half), x.data.subarray(half)]
    const parts = halves.map((data) => batchNorm({ data, shape: [2, 6, 33] }).context)
    for (let c = 0; c < 6; c++) {
      const merged = merge(parts, c)
      expect(merged.count).toBe(whole.count)
      expect(Math.abs(merged.mean - whole.mean[c])).toBeLessThanOrEqual(SAME_OUTPUT[dtype])
      expect(Math.abs(merged.variance - whole.variance[c])).toBeLessThanOrEqual(SAME_OUTPUT[dtype])
    }
  })

  it('the layers compute what the functional forms compute', () => {
    const dy = draw(random, dtype, [4, 6, 33])
    const pairs = [
      [new BatchNorm(6, { dtype, affine: false }), batchNorm(x)],
      [new LayerNorm([6, 33], { dtype, affine: false }), layerNorm(x, { normalizedShape: [6, 33] })],
      [new GroupNorm(2, 6, { dtype, affine: false }), groupNorm(x, { groups: 2 })],
      [new InstanceNorm(6, { dtype }), instanceNorm(x)],
    ] as const
    for (const [layer, functional] of pairs) {
      expect(firstDifference(layer.forward(x).data, functional.y.data)).toBeNull()
      expect(firstDifference(layer.backward(dy).data, gradients(functional.context, dy).dx.data)).toBeNull()
    }
  })
})

/** Chan's formula, from what contexts hold. */
function merge(parts: readonly Context[], c: number) {
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const mean = parts.reduce((sum, part) => sum + part.mean[c] * part.count, 0) / count
  const squares = parts.reduce(
    (sum, part) => sum + part.count * (part.variance[c] + (part.mean[c] - mean) ** 2),
    0,
  )
  return { count, mean, variance: squares / count }
}
