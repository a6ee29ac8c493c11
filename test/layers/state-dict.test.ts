import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  BatchNorm,
  GroupNorm,
  InstanceNorm,
  LayerNorm,
  type LoadableDict,
  RMSNorm,
  type StateDict,
} from '../../src/index.js'
import { expectClose, expectError, randomTensor } from './support.js'

function trained(seed = 'state'): BatchNorm {
  const norm = new BatchNorm(3, { dtype: 'float64' })
  norm.weight!.data.set([1, 2, 3])
  norm.bias!.data.set([4, 5, 6])
  norm.forward(randomTensor([4, 3], 'float64', seed))
  return norm
}

const floats = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] })
const sound = (): StateDict => ({
  weight: floats(1, 2, 3),
  bias: floats(4, 5, 6),
  running_mean: floats(7, 8, 9),
  running_var: floats(1, 0, 2),
  num_batches_tracked: { data: BigInt64Array.of(12n), shape: [] },
})

describe('stateDict', () => {
  test.each([
    {
      layer: new BatchNorm(2),
      names: ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'],
    },
    {
      layer: new BatchNorm(2, { affine: false }),
      names: ['running_mean', 'running_var', 'num_batches_tracked'],
    },
    { layer: new BatchNorm(2, { runningAverage: false, bias: false }), names: ['weight'] },
    { layer: new LayerNorm([2, 3]), names: ['weight', 'bias'] },
    { layer: new GroupNorm(1, 2), names: ['weight', 'bias'] },
    { layer: new InstanceNorm(2), names: [] },
    {
      layer: new InstanceNorm(2, { affine: true, runningAverage: 'cumulative' }),
      names: ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'],
    },
    { layer: new RMSNorm(2), names: ['weight'] },
  ])("has PyTorch's names: $names", ({ layer, names }) => {
    expect(Object.keys(layer.stateDict())).toEqual(names)
  })

  test("has PyTorch's shapes, types and first values", () => {
    expect(new BatchNorm(2).stateDict()).toEqual({
      weight: { data: Float32Array.of(1, 1), shape: [2] },
      bias: { data: Float32Array.of(0, 0), shape: [2] },
      running_mean: { data: Float32Array.of(0, 0), shape: [2] },
      running_var: { data: Float32Array.of(1, 1), shape: [2] },
      num_batches_tracked: { data: BigInt64Array.of(0n), shape: [] },
    })
    expect(new LayerNorm([2, 3]).stateDict().weight.shape).toEqual([2, 3])
  })

  test('copies: writing into it does not reach the layer', () => {
    const norm = trained()
    const before = structuredClone(norm.stateDict())
    for (const { data } of Object.values(norm.stateDict())) {
      if (data instanceof BigInt64Array) data.fill(99n)
      else data.fill(99)
    }
    expect(norm.stateDict()).toEqual(before)
  })
})

describe('loadStateDict', () => {
  test('takes over everything: the two layers are one from then on', () => {
    const from = trained()
    const to = new BatchNorm(3, { dtype: 'float64' }).loadStateDict(from.stateDict())
    expect(to.stateDict()).toEqual(from.stateDict())
    const x = randomTensor([5, 3], 'float64', 'test')
    expect(to.eval().forward(x).data).toEqual(from.eval().forward(x).data)
  })

  test('copies into the arrays that are there, so that an optimizer keeps its hold on them', () => {
    const norm = new BatchNorm(3)
    const held = norm.weight!.data
    const dict = sound()
    norm.loadStateDict(dict)
    expect(norm.weight!.data).toBe(held)
    dict.weight.data.reverse()
    expect([...held]).toEqual([1, 2, 3])
  })

  test('rounds float64 to float32, and widens float32', () => {
    const narrow = new BatchNorm(3).loadStateDict({
      ...sound(),
      weight: { data: Float64Array.of(0.1, 0.2, 0.3), shape: [3] },
    })
    expect([...narrow.weight!.data]).toEqual([0.1, 0.2, 0.3].map(Math.fround))
    const wide = new BatchNorm(3, { dtype: 'float64' }).loadStateDict(narrow.stateDict())
    expectClose(wide.weight!.data, narrow.weight!.data)
  })

  test('tolerates a missing num_batches_tracked, and leaves the counter', () => {
    const { num_batches_tracked: _, ...old } = sound()
    const norm = new BatchNorm(3).loadStateDict(sound()).loadStateDict({ ...old, weight: floats(0, 0, 0) })
    expect([...norm.weight!.data]).toEqual([0, 0, 0])
    expect(norm.batchesTracked).toBe(12)
  })

  test('cumulative goes on from the counter', () => {
    const norm = new BatchNorm(3, { dtype: 'float64', runningAverage: 'cumulative' }).loadStateDict(sound())
    norm.forward({ data: Float64Array.of(1, 1, 1, 3, 3, 3), shape: [2, 3] })
    expectClose(norm.runningMean!.data, [(12 * 7 + 2) / 13, (12 * 8 + 2) / 13, (12 * 9 + 2) / 13])
    expect(norm.batchesTracked).toBe(13)
  })
})

/** A trained norm whose state has the values that a text could lose: -0, the least number, one third. */
function awkward(dtype: 'float32' | 'float64'): BatchNorm {
  const norm = new BatchNorm(3, { dtype })
  norm.forward(randomTensor([4, 3], dtype))
  norm.weight!.data.set([-0, 5e-324, 1 / 3])
  norm.bias!.data.set([-0, 1e-45, -3e38])
  return norm
}
const throughJson = (value: unknown) => JSON.parse(JSON.stringify(value))
const bits = (dict: StateDict) =>
  Object.entries(dict).map(([name, { data, shape }]) => [
    name,
    shape,
    [...new Uint8Array(data.slice().buffer)],
  ])

describe('JSON', () => {
  test.each(['float32', 'float64'] as const)('gives the same bits back, %s', (dtype) => {
    const saved = awkward(dtype).stateDict()
    const loaded = new BatchNorm(3, { dtype }).loadStateDict(throughJson(saved)).stateDict()
    expect(bits(loaded)).toEqual(bits(saved))
  })

  test('takes a dict within a model', () => {
    const model = { epoch: 3, norms: { first: awkward('float32').stateDict() } }
    const loaded = new BatchNorm(3).loadStateDict(throughJson(model).norms.first)
    expect(bits(loaded.stateDict())).toEqual(bits(model.norms.first))
  })

  test('takes LayerNorm of two dimensions and its one pair of averages', () => {
    const norm = new LayerNorm([2, 3], { runningAverage: 'cumulative' })
    norm.forward(randomTensor([4, 2, 3], 'float32'))
    const again = new LayerNorm([2, 3], { runningAverage: 'cumulative' })
    expect(bits(again.loadStateDict(throughJson(norm.stateDict())).stateDict())).toEqual(
      bits(norm.stateDict()),
    )
  })

  test('a structured clone is a dict too', () => {
    const saved = awkward('float32').stateDict()
    expect(bits(new BatchNorm(3).loadStateDict(structuredClone(saved)).stateDict())).toEqual(bits(saved))
  })
})

describe('loads values in any form', () => {
  const values = [1, -0, 0.5]
  const f32 = Float32Array.from(values)
  test.each<{ title: string; weight: unknown }>([
    { title: 'Float32Array and shape', weight: { data: f32, shape: [3] } },
    { title: 'Float64Array and shape', weight: { data: Float64Array.from(values), shape: [3] } },
    { title: 'a plain array and shape', weight: { data: values, shape: [3] } },
    {
      title: 'what JSON makes of a typed array, and shape',
      weight: { data: { 0: 1, 1: -0, 2: 0.5 }, shape: [3] },
    },
    { title: 'a bare Float32Array', weight: f32 },
    { title: 'a bare Float64Array', weight: Float64Array.from(values) },
    { title: 'a bare plain array', weight: values },
    { title: 'what JSON makes of a bare typed array', weight: { 0: 1, 1: -0, 2: 0.5 } },
    { title: 'data without shape', weight: { data: values } },
    { title: 'the text of -0', weight: [1, '-0', 0.5] },
  ])('$title', ({ weight }) => {
    const norm = new BatchNorm(3).loadStateDict({ ...sound(), weight })
    expect(norm.weight!.data).toEqual(f32)
  })

  test('nested lists, as tolist() gives them; and a number for an average of no dimension', () => {
    const norm = new LayerNorm([2, 3], { bias: false, runningAverage: 'cumulative' })
    norm.loadStateDict({
      weight: [
        [1, 2, 3],
        [4, 5, 6],
      ],
      running_mean: 0.25,
      running_var: 4,
      num_batches_tracked: 7,
    })
    expect([...norm.weight!.data]).toEqual([1, 2, 3, 4, 5, 6])
    expect([norm.runningMean!.data[0], norm.runningVariance!.data[0], norm.batchesTracked]).toEqual([
      0.25, 4, 7,
    ])
  })

  test('not lists that are nested too deep', () => {
    const weight = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]
    const norm = new LayerNorm(3, { bias: false })
    expectError(
      () => norm.loadStateDict({ weight }),
      'EVENKEEL_STATE',
      /weight must have shape \[3\], got \[3, 3\] with 9 elements/,
    )
    // So its prefix is no remedy.
    expectError(
      () => norm.loadStateDict({ 'fc.weight': weight }),
      'EVENKEEL_STATE',
      /give this layer's names \(weight\)/,
    )
  })

  test('not nested lists of another shape, though as many', () => {
    const norm = new LayerNorm([2, 3], { bias: false })
    const turned = {
      weight: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    }
    expectError(
      () => norm.loadStateDict(turned),
      'EVENKEEL_STATE',
      /weight must have shape \[2, 3\], got \[3, 2\]/,
    )
  })

  test.each<{ title: string; counter: unknown; count?: number }>([
    { title: 'a number', counter: 12 },
    { title: 'a bigint', counter: 12n },
    { title: 'a text of digits', counter: '12' },
    { title: 'BigInt64Array', counter: BigInt64Array.of(12n) },
    { title: 'BigUint64Array and shape', counter: { data: BigUint64Array.of(12n), shape: [] } },
    { title: 'Int32Array and shape', counter: { data: Int32Array.of(12), shape: [] } },
    { title: 'Uint32Array, shape [1]', counter: { data: Uint32Array.of(12), shape: [1] } },
    { title: 'Float32Array and shape', counter: { data: Float32Array.of(12), shape: [] } },
    { title: 'a plain array', counter: [12] },
    { title: 'a plain array and shape', counter: { data: [12], shape: [] } },
    { title: 'a number and shape', counter: { data: 12, shape: [] } },
    { title: 'what JSON makes of Int32Array', counter: { data: { 0: 12 }, shape: [] } },
    {
      title: 'what JSON makes of a BigInt64Array, its elements as texts',
      counter: { data: { 0: '12' }, shape: [] },
    },
    { title: 'none yet', counter: 0, count: 0 },
    { title: 'the highest', counter: { data: BigInt64Array.of(2n ** 53n), shape: [] }, count: 2 ** 53 },
  ])('the counter as $title', ({ counter, count = 12 }) => {
    const norm = new BatchNorm(3).loadStateDict({ ...sound(), num_batches_tracked: counter })
    expect(norm.batchesTracked).toBe(count)
    expect(new BatchNorm(3).loadStateDict(norm.stateDict()).batchesTracked).toBe(count)
  })

  test('a count that goes on from the highest can be saved and loaded again', () => {
    const norm = new BatchNorm(3).loadStateDict({ ...sound(), num_batches_tracked: 2 ** 53 })
    norm.forward(randomTensor([4, 3], 'float32'))
    expect(new BatchNorm(3).loadStateDict(norm.stateDict()).batchesTracked).toBe(2 ** 53)
  })
})

describe('finds the names', () => {
  const under = (prefix: string, dict: StateDict) =>
    Object.fromEntries(Object.entries(dict).map(([name, value]) => [prefix + name, value]))
  const keras = (prefix: string, end = '') => ({
    [`${prefix}gamma${end}`]: [1, 2, 3],
    [`${prefix}beta${end}`]: [4, 5, 6],
    [`${prefix}moving_mean${end}`]: [7, 8, 9],
    [`${prefix}moving_variance${end}`]: [1, 0, 2],
  })
  const model = {
    'conv1.weight': [1, 2, 3, 4],
    ...under('bn1.', trained().stateDict()),
    ...under('layer1.0.bn1.', sound()),
    'layer1.0.bn10.weight': [9],
    'layer1.0.bn1.inner.weight': [9],
  }

  test.each<{ title: string; dict: Record<string, unknown>; prefix?: string }>([
    { title: "a module's, by its prefix", dict: under('bn1.', sound()), prefix: 'bn1.' },
    { title: 'the same without the dot', dict: under('bn1.', sound()), prefix: 'bn1' },
    { title: "a whole model's", dict: model, prefix: 'layer1.0.bn1.' },
    { title: "a whole model's, without the dot", dict: model, prefix: 'layer1.0.bn1' },
    { title: 'names alone, beside modules', dict: { ...model, ...sound() }, prefix: '' },
    { title: "Keras's", dict: keras('') },
    { title: "Keras's under the layer's path", dict: keras('batch_normalization/') },
    { title: "Keras's with the output's number", dict: keras('model/batch_normalization_1/', ':0') },
    { title: "Keras's of a model", dict: { ...keras('a/', ':0'), ...keras('b/') }, prefix: 'b/' },
    { title: "Keras's of a model, without the slash", dict: { ...keras('a/', ':0'), ...model }, prefix: 'a' },
    { title: 'a name whose value is left undefined', dict: { ...sound(), gamma: undefined } },
  ])('$title', ({ dict, prefix }) => {
    const norm = new BatchNorm(3).loadStateDict(dict, { prefix })
    const expected = new BatchNorm(3).loadStateDict(sound())
    const { num_batches_tracked: _, ...floats } = norm.stateDict()
    expect(expected.stateDict()).toMatchObject(floats)
    expect(norm.hasStatistics).toBe(true)
  })
})

test("Keras's RMSNormalization calls its weight scale", () => {
  const norm = new RMSNorm(3).loadStateDict({ 'rms_normalization/scale': [1, 2, 3] })
  expect([...norm.weight!.data]).toEqual([1, 2, 3])
})

test('the types: what stateDict() returns can be loaded, and so can what JSON.parse() does', () => {
  expectTypeOf<StateDict>().toExtend<LoadableDict>()
  expectTypeOf(JSON.parse('{}')).toExtend<LoadableDict>()
  expectTypeOf(new BatchNorm(1).loadStateDict)
    .parameter(1)
    .toExtend<{ prefix?: string | undefined } | undefined>()
})
