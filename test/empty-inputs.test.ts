import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  batchNorm,
  GroupNorm,
  gradients,
  groupNorm,
  InstanceNorm,
  type Layer,
  LayerNorm,
  layerNorm,
  RMSNorm,
} from '../src/index.js'

// An input without elements costs nothing, whatever numbers stand in its shape: no table and no loop follows from them.
// Each of these took seconds to minutes, or gigabytes. A test that takes as long again ends at the time limit.

const TIME_LIMIT = 5_000
const empty = (shape: number[]) => ({ data: new Float32Array(0), shape })

const LAYERS: readonly (readonly [string, () => Layer, number[]])[] = [
  ['GroupNorm', () => new GroupNorm(1, 1), [1e8, 1, 0]],
  ['GroupNorm, channels last', () => new GroupNorm(1, 1, { layout: 'channels-last' }), [1e8, 0, 1]],
  ['InstanceNorm', () => new InstanceNorm(1, { affine: true }), [1e9, 1, 0]],
  ['InstanceNorm, eval', () => new InstanceNorm(1, { runningAverage: 'cumulative' }).eval(), [1e9, 1, 0]],
  ['BatchNorm', () => new BatchNorm(1), [1e9, 1, 0]],
  ['BatchNorm, channels last', () => new BatchNorm(1, { layout: 'channels-last' }), [0, 1e9, 1]],
  ['BatchNorm, eval', () => new BatchNorm(1).eval(), [1e9, 1, 0]],
  ['LayerNorm', () => new LayerNorm(4), [1e9, 0, 4]],
  ['RMSNorm', () => new RMSNorm(4), [1e9, 0, 4]],
]

describe('an empty input', () => {
  it.each(LAYERS)('goes through %s at once', { timeout: TIME_LIMIT }, async (_, make, shape) => {
    const layer = make()
    const before = structuredClone(layer.stateDict())
    const x = empty(shape)
    expect(layer.forward(x)).toEqual({ data: new Float32Array(0), shape })
    expect(layer.backward(x).shape).toEqual(shape)
    expect((await layer.forwardAsync(x)).shape).toEqual(shape)
    expect((await layer.backwardAsync(x)).shape).toEqual(shape)
    expect(structuredClone(layer.stateDict())).toEqual(before)
    for (const { grad } of layer.parameters()) expect(grad.data.every((value) => value === 0)).toBe(true)
  })

  it('goes through the functional forms at once', { timeout: TIME_LIMIT }, () => {
    const statistics = { mean: Float32Array.of(1), variance: Float32Array.of(1) }
    const calls = [
      layerNorm(empty([0, 2 ** 30, 2 ** 30]), { normalizedShape: [2 ** 30] }),
      groupNorm(empty([1e8, 0, 1]), { groups: 1, layout: 'channels-last' }),
      batchNorm(empty([1e9, 1, 0]), { statistics }),
      batchNorm(empty([0, 1, 2 ** 52])),
    ]
    for (const { y, context } of calls) expect(gradients(context, y).dx.shape).toEqual(y.shape)
  })
})
