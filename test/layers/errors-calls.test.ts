import { describe, expect, test } from 'vitest'
import { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm, type Tensor } from '../../src/index.js'
import { type BadCall, detach, expectError, f32, f64, snapshot, wrong } from './support.js'

/** A copy of what `out` holds; a detached one holds nothing, and copying it would throw. */
const contentsOf = (out: unknown) => {
  const data = (out as Tensor | undefined)?.data
  return data === undefined || data.length === 0 ? null : data.slice()
}

const shared = new Float32Array(64)
const sharedTensor = (from: number): Tensor => ({ data: shared.subarray(from, from + 24), shape: [3, 4, 2] })

const FORWARDS: readonly { title: string; x: unknown; out?: unknown; code: string; message: string }[] = [
  {
    title: 'nothing',
    x: undefined,
    code: 'EVENKEEL_DTYPE',
    message:
      'BatchNorm: input must be { data: Float32Array or Float64Array, shape }, got undefined; wrap the data: tensor(data, shape).',
  },
  {
    title: 'a bare array',
    x: new Float32Array(24),
    code: 'EVENKEEL_DTYPE',
    message:
      'BatchNorm: input must be { data: Float32Array or Float64Array, shape }, got a bare array; wrap the data: tensor(data, shape).',
  },
  {
    title: 'integers',
    x: { data: new Int32Array(24), shape: [3, 4, 2] },
    code: 'EVENKEEL_DTYPE',
    message:
      'BatchNorm: input must be { data: Float32Array or Float64Array, shape }, got Int32Array; wrap the data: tensor(data, shape).',
  },
  {
    title: 'no shape',
    x: { data: new Float32Array(24) },
    code: 'EVENKEEL_SHAPE',
    message:
      "BatchNorm: input's shape must be an array of whole numbers from 0 up, got undefined; give each extent, as in [32, 64, 56, 56].",
  },
  {
    title: 'a negative extent',
    x: { data: new Float32Array(24), shape: [-3, 4, -2] },
    code: 'EVENKEEL_SHAPE',
    message:
      "BatchNorm: input's shape must be an array of whole numbers from 0 up, got [-3, 4, -2]; give each extent, as in [32, 64, 56, 56].",
  },
  {
    title: 'too few elements',
    x: { data: new Float32Array(23), shape: [3, 4, 2] },
    code: 'EVENKEEL_BUFFER',
    message:
      'BatchNorm: input of shape [3, 4, 2] needs 24 elements, got 23; pass data.subarray(...) of that length, or mend the shape.',
  },
  {
    title: 'a detached array',
    x: { data: detach(new Float32Array(24)), shape: [3, 4, 2] },
    code: 'EVENKEEL_BUFFER',
    message:
      'BatchNorm: input of shape [3, 4, 2] needs 24 elements, got a detached or empty array; pass an array whose buffer was not transferred.',
  },
  {
    title: 'another dtype than the layer',
    x: f64(3, 4, 2),
    code: 'EVENKEEL_DTYPE',
    message:
      "BatchNorm: input must be float32 as the layer is, got float64; convert it, or construct the layer with dtype: 'float64'.",
  },
  {
    title: 'rank 1',
    x: f32(4),
    code: 'EVENKEEL_SHAPE',
    message:
      'BatchNorm: input must be [N, C, ...space] of rank 2 to 5, got rank 1, [4]; add the missing dimensions, each of extent 1 if need be.',
  },
  {
    title: 'rank 6',
    x: f32(1, 4, 1, 1, 2, 2),
    code: 'EVENKEEL_SHAPE',
    message:
      'BatchNorm: input must be [N, C, ...space] of rank 2 to 5, got rank 6, [1, 4, 1, 1, 2, 2]; join some of the spatial dimensions.',
  },
  {
    title: 'other channels',
    x: f32(3, 5, 2),
    code: 'EVENKEEL_SHAPE',
    message:
      "BatchNorm: expected 4 channels in dimension 1 of [N, C, ...space], got 5 in [3, 5, 2]; construct the layer with 5 channels, or mend the input's shape.",
  },
  {
    title: 'channels last',
    x: f32(3, 2, 4),
    code: 'EVENKEEL_SHAPE',
    message:
      "BatchNorm: expected 4 channels in dimension 1 of [N, C, ...space], got 2 in [3, 2, 4]; if the channels are last, set layout: 'channels-last'.",
  },
  {
    title: 'one value per channel',
    x: f32(1, 4, 1),
    code: 'EVENKEEL_STATISTICS',
    message:
      'BatchNorm: training needs more than one value per channel (batch x space), got 1 from shape [1, 4, 1]; use a larger batch (merge or drop the last, short one), LayerNorm or GroupNorm, which need no batch, or eval().',
  },
  {
    title: 'no values',
    x: f32(0, 4, 2),
    code: 'EVENKEEL_STATISTICS',
    message:
      'BatchNorm: training needs more than one value per channel (batch x space), got 0 from shape [0, 4, 2]; use a larger batch (merge or drop the last, short one), LayerNorm or GroupNorm, which need no batch, or eval().',
  },
  {
    title: 'out of another shape',
    x: f32(3, 4, 2),
    out: f32(3, 8),
    code: 'EVENKEEL_SHAPE',
    message:
      "BatchNorm: out must have the input's shape [3, 4, 2], got [3, 8]; wrap its data in that shape: tensor(data, shape).",
  },
  {
    title: 'out of another dtype',
    x: f32(3, 4, 2),
    out: f64(3, 4, 2),
    code: 'EVENKEEL_DTYPE',
    message:
      'BatchNorm: out must be float32 as the input is, got float64; convert it: Float32Array.from(...).',
  },
  {
    title: 'out that is too short',
    x: f32(3, 4, 2),
    out: { data: new Float32Array(20), shape: [3, 4, 2] },
    code: 'EVENKEEL_BUFFER',
    message:
      'BatchNorm: out of shape [3, 4, 2] needs 24 elements, got 20; pass data.subarray(...) of that length, or mend the shape.',
  },
  {
    title: 'out that is detached',
    x: f32(3, 4, 2),
    out: { data: detach(new Float32Array(24)), shape: [3, 4, 2] },
    code: 'EVENKEEL_BUFFER',
    message:
      'BatchNorm: out of shape [3, 4, 2] needs 24 elements, got a detached or empty array; pass an array whose buffer was not transferred.',
  },
  {
    title: 'out over a part of the input',
    x: sharedTensor(0),
    out: sharedTensor(8),
    code: 'EVENKEEL_BUFFER',
    message:
      'BatchNorm: out overlaps a part of input in one buffer; pass input itself to replace it, or a buffer apart from it.',
  },
]

describe('forward: refused, and state, out and the kept forward are as they were', () => {
  const good = f32(3, 4, 2)
  const dy = f32(3, 4, 2)

  test.each(FORWARDS)('$title', ({ x, out, code, message }) => {
    const norm = new BatchNorm(4)
    norm.forward(good)
    const dx = norm.backward(dy)
    const before = snapshot(norm)
    const contents = contentsOf(out)
    expectError(() => norm.forward(wrong(x), wrong(out && { out })), code, message)
    expect(snapshot(norm)).toEqual(before)
    expect(contentsOf(out)).toEqual(contents)
    expect(norm.backward(dy).data).toEqual(dx.data)
  })

  test('views of one buffer that lie side by side are fine', () => {
    const norm = new BatchNorm(4)
    sharedTensor(0).data.set(good.data)
    expect(norm.forward(sharedTensor(0), { out: sharedTensor(24) }).data).toEqual(norm.forward(good).data)
  })

  test.each<BadCall>([
    {
      title: 'LayerNorm: an input that does not end in normalizedShape',
      call: () => new LayerNorm([3, 4]).forward(f32(2, 4, 3)),
      code: 'EVENKEEL_SHAPE',
      message:
        'LayerNorm: input must end in normalizedShape [3, 4], got [2, 4, 3]; reshape the input, or construct the layer with the last dimensions of your data.',
    },
    {
      title: 'RMSNorm: an input of a lower rank',
      call: () => new RMSNorm([3, 4]).forward(f32(4)),
      code: 'EVENKEEL_SHAPE',
      message:
        'RMSNorm: input must end in normalizedShape [3, 4], got [4]; reshape the input, or construct the layer with the last dimensions of your data.',
    },
    {
      title: 'InstanceNorm: no space',
      call: () => new InstanceNorm(4).forward(f32(8, 4)),
      code: 'EVENKEEL_SHAPE',
      message:
        'InstanceNorm: input must be [N, C, ...space] of rank 3 to 5, got rank 2, [8, 4]; add the missing dimensions, each of extent 1 if need be.',
    },
    {
      title: 'InstanceNorm: one value of space',
      call: () => new InstanceNorm(4).forward(f32(8, 4, 1, 1)),
      code: 'EVENKEEL_STATISTICS',
      message:
        'InstanceNorm: needs more than one value per channel of a sample (space), got 1 from shape [8, 4, 1, 1]; use BatchNorm or LayerNorm where there is no space to average over.',
    },
    {
      title: 'GroupNorm: one value per group',
      call: () => new GroupNorm(4, 4).forward(f32(8, 4)),
      code: 'EVENKEEL_STATISTICS',
      message:
        'GroupNorm: needs more than one value per group (channels x space), got 1 from shape [8, 4]; use fewer groups.',
    },
    {
      title: 'an unknown option',
      call: () => new GroupNorm(2, 4).forward(f32(8, 4), wrong({ output: f32(8, 4) })),
      code: 'EVENKEEL_OPTION',
      message: 'GroupNorm: there is no option output; try out.',
    },
    {
      title: 'a tensor in the place of the options',
      call: () => new GroupNorm(2, 4).forward(f32(8, 4), wrong(f32(8, 4))),
      code: 'EVENKEEL_OPTION',
      message: 'GroupNorm: there is no option data; the options are out.',
    },
    {
      title: 'train(0)',
      call: () => new GroupNorm(2, 4).train(wrong(0)),
      code: 'EVENKEEL_OPTION',
      message: 'GroupNorm: train(on) must be true or false, got 0; try train(on): true.',
    },
  ])('$title', ({ call, code, message }) => expectError(call, code, message))

  test('out over the weight', () => {
    const norm = new LayerNorm(4)
    const out = { data: norm.weight!.data, shape: [1, 4] }
    const message = 'LayerNorm: out overlaps weight in one buffer; give out memory of its own.'
    expectError(() => norm.forward(f32(1, 4), { out: wrong(out) }), 'EVENKEEL_BUFFER', message)
    expect([...norm.weight!.data]).toEqual([1, 1, 1, 1])
  })

  test('a weight that was detached', () => {
    const norm = new LayerNorm(4)
    detach(norm.weight!.data)
    const message =
      'LayerNorm: weight needs 4 elements, got a detached or empty array; give one for each normalized element.'
    expectError(() => norm.forward(f32(2, 4)), 'EVENKEEL_BUFFER', message)
  })
})

const BACKWARDS: readonly { title: string; dy: unknown; out?: unknown; code: string; message: string }[] = [
  {
    title: 'dy that is nothing',
    dy: null,
    code: 'EVENKEEL_DTYPE',
    message:
      'BatchNorm: dy must be { data: Float32Array or Float64Array, shape }, got undefined; wrap the data: tensor(data, shape).',
  },
  {
    title: 'dy of another shape',
    dy: f32(3, 8),
    code: 'EVENKEEL_SHAPE',
    message:
      "BatchNorm: dy must have the input's shape [3, 4, 2], got [3, 8]; wrap its data in that shape: tensor(data, shape).",
  },
  {
    title: 'dy of another dtype',
    dy: f64(3, 4, 2),
    code: 'EVENKEEL_DTYPE',
    message:
      'BatchNorm: dy must be float32 as the input is, got float64; convert it: Float32Array.from(...).',
  },
  {
    title: 'out over a part of dy',
    dy: sharedTensor(0),
    out: sharedTensor(2),
    code: 'EVENKEEL_BUFFER',
    message:
      'BatchNorm: out overlaps a part of dy in one buffer; pass dy itself to replace it, or a buffer apart from it.',
  },
]

describe('backward: refused, and gradients and out are as they were', () => {
  test.each(BACKWARDS)('$title', ({ dy, out, code, message }) => {
    const norm = new BatchNorm(4)
    norm.forward(f32(3, 4, 2))
    const before = snapshot(norm)
    const contents = contentsOf(out)
    expectError(() => norm.backward(wrong(dy), wrong(out && { out })), code, message)
    expect(snapshot(norm)).toEqual(before)
    expect(contentsOf(out)).toEqual(contents)
  })

  test('an input that was detached since forward', () => {
    const norm = new LayerNorm(4)
    const x = f32(2, 4)
    norm.forward(x)
    detach(x.data)
    const message =
      'LayerNorm: the gradient needs the input that forward saw, of 8 elements, but it holds 0 now (detached?); keep the input attached until its gradient is done.'
    expectError(() => norm.backward(f32(2, 4)), 'EVENKEEL_BUFFER', message)
  })

  test("out over the weight's gradient", () => {
    const norm = new LayerNorm(4)
    norm.forward(f32(1, 4))
    const message = 'LayerNorm: out overlaps dweight in one buffer; give out memory of its own.'
    const out = wrong<Tensor>(norm.weight!.grad)
    expectError(
      () => norm.backward(f32(1, 4), { out: { data: out.data, shape: [1, 4] } }),
      'EVENKEEL_BUFFER',
      message,
    )
  })
})
