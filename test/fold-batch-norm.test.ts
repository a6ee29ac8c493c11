import { describe, expect, test, vi } from 'vitest'
import { BatchNorm, type FoldOptions, foldBatchNorm, GroupNorm, type Tensor } from '../src/index.js'
import { type DType, newArray, sizeOf } from '../src/tensor.js'
import { expectClose, expectError, randomArray, randomTensor } from './layers/support.js'
import { FORMULA_ROUNDINGS, UNIT_ROUNDOFF } from './support/tolerance.js'

function trainedNorm(channels: number, dtype: DType = 'float64'): BatchNorm {
  const norm = new BatchNorm(channels, { dtype })
  norm.weight!.data.set(randomArray(channels, dtype, 'gamma'))
  norm.bias!.data.set(randomArray(channels, dtype, 'beta'))
  norm.forward(randomTensor([8, channels], dtype, 'batch'))
  return norm.eval()
}

/** A linear layer, by definition: y[n, o] = sum over i of x[n, i] w[o, i] + b[o]. */
function linear(
  x: Tensor,
  weightAt: (o: number, i: number) => number,
  bias: Tensor | null,
  outputs: number,
): Tensor {
  const [samples, inputs] = x.shape
  const y = newArray('float64', samples * outputs)
  for (let n = 0; n < samples; n++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias === null ? 0 : bias.data[o]
      for (let i = 0; i < inputs; i++) sum += x.data[n * inputs + i] * weightAt(o, i)
      y[n * outputs + o] = sum
    }
  }
  return { data: y, shape: [samples, outputs] }
}

interface Conv {
  readonly kernel: number
  readonly outputs: number
  readonly groups: number
  readonly transpose: boolean
  /** The weight from input channel i of a group to output channel o of that group, at tap k. */
  readonly at: (weight: Tensor, i: number, o: number, k: number, group: number) => number
}

/**
 * A convolution over one dimension, channels first, stride 1, by definition: forwards every tap gathers
 * (y[p] += x[p + k] w[k]), transposed every input scatters (y[p + k] += x[p] w[k]).
 */
function convolve(x: Tensor, weight: Tensor, bias: Tensor | null, conv: Conv): Tensor {
  const { kernel, outputs, groups, transpose, at } = conv
  const [samples, inputs, length] = x.shape
  const outLength = transpose ? length + kernel - 1 : length - kernel + 1
  const y = newArray('float64', samples * outputs * outLength)
  const perIn = inputs / groups
  const perOut = outputs / groups
  for (let index = 0; index < y.length; index++) {
    const p = index % outLength
    const o = Math.floor(index / outLength) % outputs
    const n = Math.floor(index / outLength / outputs)
    const group = Math.floor(o / perOut)
    y[index] = bias === null ? 0 : bias.data[o]
    for (let i = 0; i < perIn; i++) {
      for (let k = 0; k < kernel; k++) {
        const from = transpose ? p - k : p + k
        if (from < 0 || from >= length) continue
        const value = x.data[(n * inputs + group * perIn + i) * length + from]
        y[index] += value * at(weight, i, o % perOut, k, group)
      }
    }
  }
  return { data: y, shape: [samples, outputs, outLength] }
}

describe.each([{ bias: null }, { bias: randomTensor([3], 'float64', 'bias') }])(
  'bias $bias.shape',
  ({ bias }) => {
    const norm = trainedNorm(3)

    test.each([
      { title: 'linear [out, in]', shape: [3, 5], transpose: false },
      { title: 'linear [in, out]', shape: [5, 3], transpose: true },
    ])('$title: the folded layer is the layer and its norm', ({ shape, transpose }) => {
      const weight = randomTensor(shape, 'float64', 'weight')
      const x = randomTensor([4, 5])
      const entry = (w: Tensor) => (o: number, i: number) => w.data[transpose ? i * 3 + o : o * 5 + i]
      const folded = foldBatchNorm(weight, bias, norm, { kind: 'linear', transpose })
      expect(folded.weight.shape).toEqual(shape)
      expect(folded.bias.shape).toEqual([3])
      const expected = norm.forward(linear(x, entry(weight), bias, 3))
      expectClose(linear(x, entry(folded.weight), folded.bias, 3).data, expected.data)
      expect(folded.maxAbsError).toBe(0)
    })
  },
)

const KERNEL = 3
const CONVOLUTIONS: readonly {
  title: string
  shape: number[]
  options: Omit<FoldOptions, 'kind'>
  inputs: number
  outputs: number
  at: Conv['at']
}[] = [
  {
    title: '[out, in, k]',
    shape: [4, 2, KERNEL],
    options: {},
    inputs: 2,
    outputs: 4,
    at: (w, i, o, k) => w.data[(o * 2 + i) * KERNEL + k],
  },
  {
    title: '[out, in / groups, k]',
    shape: [6, 2, KERNEL],
    options: { groups: 2 },
    inputs: 4,
    outputs: 6,
    at: (w, i, o, k, group) => w.data[((group * 3 + o) * 2 + i) * KERNEL + k],
  },
  {
    title: 'transposed [in, out, k]',
    shape: [2, 4, KERNEL],
    options: { transpose: true },
    inputs: 2,
    outputs: 4,
    at: (w, i, o, k) => w.data[(i * 4 + o) * KERNEL + k],
  },
  {
    title: 'transposed [in, out / groups, k]',
    shape: [4, 3, KERNEL],
    options: { transpose: true, groups: 2 },
    inputs: 4,
    outputs: 6,
    at: (w, i, o, k, group) => w.data[((group * 2 + i) * 3 + o) * KERNEL + k],
  },
  {
    title: 'channels-last [k, in, out]',
    shape: [KERNEL, 2, 4],
    options: { layout: 'channels-last' },
    inputs: 2,
    outputs: 4,
    at: (w, i, o, k) => w.data[(k * 2 + i) * 4 + o],
  },
  {
    title: 'channels-last, depthwise: [k, 1, in x multiplier]',
    shape: [KERNEL, 1, 6],
    options: { layout: 'channels-last', groups: 2 },
    inputs: 2,
    outputs: 6,
    at: (w, _, o, k, group) => w.data[k * 6 + group * 3 + o],
  },
  {
    title: 'channels-last, transposed [k, out, in]',
    shape: [KERNEL, 4, 2],
    options: { layout: 'channels-last', transpose: true },
    inputs: 2,
    outputs: 4,
    at: (w, i, o, k) => w.data[(k * 4 + o) * 2 + i],
  },
]

test.each(CONVOLUTIONS)('conv $title: the folded layer is the layer and its norm', (row) => {
  const { shape, options, inputs, outputs, at } = row
  const { groups = 1, transpose = false } = options
  const conv = { kernel: KERNEL, outputs, groups, transpose, at }
  const norm = trainedNorm(outputs)
  const weight = randomTensor(shape, 'float64', 'weight')
  const bias = randomTensor([outputs], 'float64', 'bias')
  const x = randomTensor([2, inputs, 7])
  const folded = foldBatchNorm(weight, bias, norm, { kind: 'conv', ...options })
  expect(folded.weight.shape).toEqual(shape)
  const expected = norm.forward(convolve(x, weight, bias, conv))
  expectClose(convolve(x, folded.weight, folded.bias, conv).data, expected.data)
})

test('a bias is a tensor, its array alone, or none: null or undefined', () => {
  const norm = trainedNorm(3)
  const weight = randomTensor([3, 5], 'float64', 'weight')
  const bias = randomTensor([3], 'float64', 'bias')
  const fold = (given: Parameters<typeof foldBatchNorm>[1]) =>
    foldBatchNorm(weight, given, norm, { kind: 'linear' })
  expect(fold(bias.data)).toEqual(fold(bias))
  expect(fold(undefined)).toEqual(fold(null))
  expect(fold(null).bias).not.toEqual(fold(bias).bias)
})

test('gives new arrays, and leaves weight, bias and norm as they are', () => {
  const norm = trainedNorm(3)
  const weight = randomTensor([3, 5])
  const bias = randomTensor([3])
  const before = [weight.data.slice(), bias.data.slice(), norm.stateDict()]
  const folded = foldBatchNorm(weight, bias, norm, { kind: 'linear' })
  folded.weight.data.fill(0)
  folded.bias.data.fill(0)
  expect([weight.data, bias.data, norm.stateDict()]).toEqual(before)
})

test('without weight and bias the norm counts as 1 and 0; and a loaded one as trained', () => {
  const norm = new BatchNorm(1, { affine: false, eps: 1, dtype: 'float64' })
    .loadStateDict({
      running_mean: { data: Float64Array.of(3), shape: [1] },
      running_var: { data: Float64Array.of(3), shape: [1] },
    })
    .eval()
  const weight = { data: Float64Array.of(4), shape: [1, 1] }
  const folded = foldBatchNorm(weight, { data: Float64Array.of(7), shape: [1] }, norm, { kind: 'linear' })
  expect([folded.weight.data[0], folded.bias.data[0]]).toEqual([2, 2])
})

test('a BatchNorm of the other build, whose class is another one, can be folded', async () => {
  const weight = randomTensor([3, 5], 'float64', 'weight')
  const expected = foldBatchNorm(weight, null, trainedNorm(3), { kind: 'linear' })
  vi.resetModules()
  const other = await import('../src/index.js')
  const norm = new other.BatchNorm(3, { dtype: 'float64' })
  norm.loadStateDict(trainedNorm(3).stateDict()).eval()
  expect(norm).not.toBeInstanceOf(BatchNorm)
  expect(foldBatchNorm(weight, null, norm, { kind: 'linear' })).toEqual(expected)
})

describe('maxAbsError', () => {
  const norm = trainedNorm(3)
  const weight = randomTensor([3, 5], 'float32', 'weight')
  const bias = randomTensor([3], 'float32', 'bias')
  const folded = foldBatchNorm(weight, bias, norm, { kind: 'linear' })
  const wide = ({ data, shape }: Tensor): Tensor => ({ data: Float64Array.from(data), shape })
  const exact = foldBatchNorm(wide(weight), wide(bias), norm, { kind: 'linear' })

  /** How far outputs that are computed exactly move by the rounding, at worst over the rows of x. */
  function moved(x: Tensor): number {
    const entry = (w: Tensor) => (o: number, i: number) => w.data[o * 5 + i]
    const rounded = linear(x, entry(folded.weight), folded.bias, 3).data
    const kept = linear(x, entry(exact.weight), exact.bias, 3).data
    return Math.max(...Array.from(kept, (value, i) => Math.abs(value - rounded[i])))
  }

  const corners = (extent: number): Tensor => {
    const data = new Float64Array(32 * extent)
    for (let i = 0; i < data.length; i++) data[i] = (Math.floor(i / extent) >> (i % extent)) & 1 ? 1 : -1
    return { data, shape: [32, extent] }
  }

  test('is the most that an output moves for inputs in [-1, 1]: attained at a corner, exceeded nowhere', () => {
    // The sums in float64 have roundings of their own, of 2^-53 times a few.
    const room = FORMULA_ROUNDINGS * UNIT_ROUNDOFF.float64
    expect(Math.abs(moved(corners(5)) - folded.maxAbsError)).toBeLessThan(room)
    const inside = randomTensor([200, 5])
    inside.data.forEach((value, i) => {
      inside.data[i] = Math.max(-1, Math.min(1, value))
    })
    expect(moved(inside)).toBeLessThanOrEqual(folded.maxAbsError + room)
  })

  test('is of the size of float32 roundings', () => {
    expect(folded.maxAbsError).toBeGreaterThan(0)
    const [largest] = [...exact.weight.data, ...exact.bias.data].map(Math.abs).sort((a, b) => b - a)
    expect(folded.maxAbsError).toBeLessThanOrEqual((sizeOf([5]) + 1) * largest * UNIT_ROUNDOFF.float32)
  })
})

describe('refuses', () => {
  const weight = randomTensor([3, 5], 'float32')
  const kernel = randomTensor([3, 2, 3], 'float32')
  const norm = trainedNorm(3, 'float32')
  const linearOptions = { kind: 'linear' } as const

  test.each<{ title: string; call: () => unknown; code: string; message: string }>([
    {
      title: 'a norm without running averages',
      call: () =>
        foldBatchNorm(weight, null, new BatchNorm(3, { runningAverage: false }).eval(), linearOptions),
      code: 'EVENKEEL_STATE',
      message:
        'foldBatchNorm: the norm keeps no running averages; construct it with runningAverage, and train it.',
    },
    {
      title: 'a norm that saw no batch',
      call: () => foldBatchNorm(weight, null, new BatchNorm(3).eval(), linearOptions),
      code: 'EVENKEEL_STATE',
      message: 'foldBatchNorm: the norm has tracked no batches yet; train it first, or loadStateDict().',
    },
    {
      title: 'a norm in training mode',
      call: () => foldBatchNorm(weight, null, trainedNorm(3).train(), linearOptions),
      code: 'EVENKEEL_STATE',
      message:
        "foldBatchNorm: the norm is in training mode, where it uses each batch's statistics; call norm.eval().",
    },
    {
      title: 'another norm',
      call: () => foldBatchNorm(weight, null, new GroupNorm(1, 3) as unknown as BatchNorm, linearOptions),
      code: 'EVENKEEL_OPTION',
      message:
        'foldBatchNorm: only a BatchNorm is constant in inference and can be folded, got GroupNorm; keep the other norms as they are.',
    },
    {
      title: 'no kind',
      call: () => foldBatchNorm(weight, null, norm, {} as FoldOptions),
      code: 'EVENKEEL_OPTION',
      message: "foldBatchNorm: kind must be 'linear' or 'conv', got undefined; give one of these.",
    },
    {
      title: 'a weight that lies the other way',
      call: () => foldBatchNorm(weight, null, norm, { kind: 'linear', transpose: true }),
      code: 'EVENKEEL_SHAPE',
      message:
        'foldBatchNorm: the weight [3, 5] has 5 output channels, but the norm has 3 channels; set transpose, groups and layout to match the order of the weight.',
    },
    {
      title: 'a kernel for a linear layer',
      call: () => foldBatchNorm(kernel, null, norm, linearOptions),
      code: 'EVENKEEL_SHAPE',
      message:
        "foldBatchNorm: kind 'linear' needs a weight of rank 2, [out, in] or, with transpose: true, [in, out], got [3, 2, 3]; reshape the weight, or change kind.",
    },
    {
      title: 'a matrix for a convolution',
      call: () => foldBatchNorm(weight, null, norm, { kind: 'conv' }),
      code: 'EVENKEEL_SHAPE',
      message:
        "foldBatchNorm: kind 'conv' needs a kernel of rank 3 or more, as in [out, in, height, width], got [3, 5]; reshape the weight, or change kind.",
    },
    {
      title: 'a layout of a linear layer',
      call: () => foldBatchNorm(weight, null, norm, { kind: 'linear', layout: 'channels-last' }),
      code: 'EVENKEEL_OPTION',
      message:
        "foldBatchNorm: layout means nothing for kind 'linear'; leave it out; transpose: true is for a weight of [in, out].",
    },
    {
      title: 'groups that do not divide the channels',
      call: () => foldBatchNorm(kernel, null, norm, { kind: 'conv', groups: 2 }),
      code: 'EVENKEEL_SHAPE',
      message:
        "foldBatchNorm: output channels (3) must be divisible by groups (2); pass the convolution's own groups.",
    },
    {
      title: 'groups of a transposed kernel that lies channels-last',
      call: () =>
        foldBatchNorm(kernel, null, norm, {
          kind: 'conv',
          transpose: true,
          layout: 'channels-last',
          groups: 2,
        }),
      code: 'EVENKEEL_OPTION',
      message:
        'foldBatchNorm: groups must be 1 for a transposed channels-last kernel, got 2; fold each group on its own.',
    },
    {
      title: 'a bias of another length',
      call: () => foldBatchNorm(weight, randomTensor([5], 'float32'), norm, linearOptions),
      code: 'EVENKEEL_SHAPE',
      message: 'foldBatchNorm: bias must be [3], got [5]; pass null if the layer has no bias.',
    },
    {
      title: 'a bare bias of another length',
      call: () => foldBatchNorm(weight, new Float32Array(5), norm, linearOptions),
      code: 'EVENKEEL_SHAPE',
      message: 'foldBatchNorm: bias must be [3], got [5]; pass null if the layer has no bias.',
    },
    {
      title: 'a bias that is a list',
      call: () => foldBatchNorm(weight, [1, 2, 3] as unknown as Tensor, norm, linearOptions),
      code: 'EVENKEEL_DTYPE',
      message:
        'foldBatchNorm: bias must be { data: Float32Array or Float64Array, shape }, got [1, 2, 3]; convert it: Float32Array.from(data), and pass tensor(data, shape).',
    },
    ...(['weight', 'bias', 'runningMean', 'runningVariance'] as const).map((name) => ({
      title: `a norm whose ${name} was transferred`,
      call: () => {
        const gone = trainedNorm(3, 'float32')
        const { data } = gone[name] as Tensor
        structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
        return foldBatchNorm(weight, null, gone, linearOptions)
      },
      code: 'EVENKEEL_BUFFER',
      message: `foldBatchNorm: the norm's ${name} needs 3 elements, got 0: its buffer was transferred; fold the norm before that transfer, or load its state into a new BatchNorm.`,
    })),
    {
      title: 'a bias of another dtype',
      call: () => foldBatchNorm(weight, randomTensor([3]), norm, linearOptions),
      code: 'EVENKEEL_DTYPE',
      message:
        'foldBatchNorm: bias must be float32, like the weight, got float64; convert one of them, as in Float32Array.from(...).',
    },
    {
      title: 'a weight with Infinity',
      call: () => {
        const data = weight.data.slice()
        data[6] = Number.POSITIVE_INFINITY
        foldBatchNorm({ data, shape: [3, 5] }, null, norm, linearOptions)
      },
      code: 'EVENKEEL_STATISTICS',
      message:
        'foldBatchNorm: the folded weight or bias of output channel 1 is not finite; look for NaN, Infinity or a vanishing variance in the layer and the norm.',
    },
  ])('$title', ({ call, code, message }) => expectError(call, code, message))
})
