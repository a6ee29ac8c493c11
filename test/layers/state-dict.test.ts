import { describe, expect, test } from 'vitest'
import { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm, type StateDict } from '../../src/index.js'
import { expectClose, randomTensor } from './support.js'

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
