import { BatchNorm, gradients, LayerNorm, layerNorm } from '../../src/index.js'
import { detached, onBatch, plain, type Row, some, used, wrong } from './scene.js'

// Gradients that cannot be had.

export const BACKWARD: readonly Row[] = [
  [
    'backward before forward',
    'EVENKEEL_STATE',
    /BatchNorm: backward\(\) came before any forward\(\); run forward\(\) first/,
    plain(() => new BatchNorm(3).backward(some([4, 3]))),
  ],
  [
    'dy of another shape',
    'EVENKEEL_SHAPE',
    /dy must have the input's shape \[4, 3, 5\], got \[4, 5, 3\]; wrap/,
    onBatch((l) => l.backward(some([4, 5, 3]))),
  ],
  [
    'dy of another type',
    'EVENKEEL_DTYPE',
    /dy must be float32 as the input is, got float64; convert/,
    onBatch((l) => l.backward(some([4, 3, 5], 'float64'))),
  ],
  [
    'dy that is too short',
    'EVENKEEL_BUFFER',
    /dy of shape \[4, 3, 5\] needs 60 elements, got 59/,
    onBatch((l) => l.backward({ data: new Float32Array(59), shape: [4, 3, 5] })),
  ],
  [
    'a detached dy',
    'EVENKEEL_BUFFER',
    /dy of shape .* got a detached or empty array; pass/,
    onBatch((l) => l.backward(detached(some([4, 3, 5])))),
  ],
  [
    'no dy',
    'EVENKEEL_DTYPE',
    /dy must be \{ data.* got undefined; wrap/,
    onBatch((l) => l.backward(wrong(undefined))),
  ],
  [
    'backward after forward in place',
    'EVENKEEL_STATE',
    /the gradient needs the input, which was overwritten: .*; run forward again without out/,
    () => {
      const layer = new LayerNorm(8)
      const x = some([4, 8])
      layer.forward(x, { out: x })
      return { call: () => layer.backward(some([4, 8])), layer, arrays: [x.data] }
    },
  ],
  [
    'a second backward after dx over x',
    'EVENKEEL_STATE',
    /input, which was overwritten/,
    () => {
      const layer = new LayerNorm(8)
      const x = some([4, 8])
      layer.forward(x)
      layer.backward(some([4, 8]), { out: x })
      return { call: () => layer.backward(some([4, 8])), layer, arrays: [x.data] }
    },
  ],
  [
    'an input that was detached after forward',
    'EVENKEEL_BUFFER',
    /needs the input that forward saw, of 32 elements, but it holds 0 now \(detached\?\); keep/,
    () => {
      const layer = new LayerNorm(8)
      const x = some([4, 8])
      layer.forward(x)
      detached(x)
      return { call: () => layer.backward(some([4, 8])), layer }
    },
  ],
  [
    'dx over a part of dy',
    'EVENKEEL_BUFFER',
    /out overlaps a part of dy in one buffer; pass dy itself/,
    () => {
      const memory = new Float32Array(40).fill(1)
      const dy = { data: memory.subarray(0, 32), shape: [4, 8] }
      const out = { data: memory.subarray(8), shape: [4, 8] }
      return { ...used(new LayerNorm(8), some([4, 8]), (l) => l.backward(dy, { out })), arrays: [memory] }
    },
  ],
  [
    'dweight over dbias',
    'EVENKEEL_BUFFER',
    /layerNorm: dweight overlaps dbias in one buffer; give/,
    () => {
      const { context } = layerNorm(some([4, 8]), {
        normalizedShape: 8,
        weight: new Float32Array(8),
        bias: new Float32Array(8),
      })
      const memory = new Float32Array(12).fill(2)
      const into = { dweight: memory.subarray(0, 8), dbias: memory.subarray(4) }
      return { call: () => gradients(context, some([4, 8]), into), arrays: [memory] }
    },
  ],
  [
    'dweight without a weight',
    'EVENKEEL_OPTION',
    /dweight was given, but forward had no weight; leave/,
    () => {
      const { context } = layerNorm(some([4, 8]), { normalizedShape: 8 })
      const dweight = new Float32Array(8).fill(2)
      return { call: () => gradients(context, some([4, 8]), { dweight }), arrays: [dweight] }
    },
  ],
  [
    'dbias that is too short',
    'EVENKEEL_BUFFER',
    /dbias needs 8 elements, got 7; give/,
    () => {
      const { context } = layerNorm(some([4, 8]), { normalizedShape: 8, bias: new Float32Array(8) })
      const dbias = new Float32Array(7).fill(2)
      return { call: () => gradients(context, some([4, 8]), { dbias }), arrays: [dbias] }
    },
  ],
]
