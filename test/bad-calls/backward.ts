import { BatchNorm, gradients, LayerNorm, layerNorm } from '../../src/index.js'
import { detached, onBatch, plain, type Row, some, used, wrong } from './scene.js'

// Gradients that cannot be computed.

const normalized = () => layerNorm(some([4, 8]), { normalizedShape: 8 })

export const BACKWARD: readonly Row[] = [
  [
    'backward before forward',
    'EVENKEEL_STATE',
    'BatchNorm: backward() came before any forward(); run forward() first; backward() gives the gradient of the last one.',
    plain(() => new BatchNorm(3).backward(some([4, 3]))),
  ],
  [
    'dy of another shape',
    'EVENKEEL_SHAPE',
    "BatchNorm: dy must have the input's shape [4, 3, 5], got [4, 5, 3]; give a tensor of shape [4, 3, 5].",
    onBatch((l) => l.backward(some([4, 5, 3]))),
  ],
  [
    'dy of another type',
    'EVENKEEL_DTYPE',
    'BatchNorm: dy must be float32 as the input is, got float64; convert it: Float32Array.from(...).',
    onBatch((l) => l.backward(some([4, 3, 5], 'float64'))),
  ],
  [
    'dy that is too short',
    'EVENKEEL_BUFFER',
    'BatchNorm: dy of shape [4, 3, 5] needs 60 elements, got 59; give all 60 elements, or correct the shape.',
    onBatch((l) => l.backward({ data: new Float32Array(59), shape: [4, 3, 5] })),
  ],
  [
    'a detached dy',
    'EVENKEEL_BUFFER',
    'BatchNorm: dy of shape [4, 3, 5] needs 60 elements, got a detached or empty array; pass an array whose buffer was not transferred, and that no workspace with check: true took back.',
    onBatch((l) => l.backward(detached(some([4, 3, 5])))),
  ],
  [
    'no dy',
    'EVENKEEL_DTYPE',
    'BatchNorm: dy must be { data: Float32Array or Float64Array, shape }, got undefined; pass tensor(data, shape).',
    onBatch((l) => l.backward(wrong(undefined))),
  ],
  [
    'backward after forward in place',
    'EVENKEEL_STATE',
    'LayerNorm: the gradient needs the input, which was overwritten: forward ran in place (out was the input), or an earlier gradient was written over it, or a later forward that failed; run forward again without out, or with out apart from the input.',
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
    'LayerNorm: the gradient needs the input, which was overwritten: forward ran in place (out was the input), or an earlier gradient was written over it, or a later forward that failed; run forward again without out, or with out apart from the input.',
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
    'LayerNorm: the gradient needs the input that forward saw, of 32 elements, but it holds 0 now (detached?); keep the input attached until its gradient is done.',
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
    'LayerNorm: out overlaps a part of dy in one buffer; pass dy itself to replace it, or a buffer apart from it.',
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
    'layerNorm: dweight overlaps dbias in one buffer; give dweight memory of its own.',
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
    'layerNorm: dweight was given, but forward had no weight; leave dweight out, or pass weight to forward.',
    () => {
      const { context } = layerNorm(some([4, 8]), { normalizedShape: 8 })
      const dweight = new Float32Array(8).fill(2)
      return { call: () => gradients(context, some([4, 8]), { dweight }), arrays: [dweight] }
    },
  ],
  [
    'dbias that is too short',
    'EVENKEEL_BUFFER',
    'layerNorm: dbias needs 8 elements, got 7; give one for each normalized element.',
    () => {
      const { context } = layerNorm(some([4, 8]), { normalizedShape: 8, bias: new Float32Array(8) })
      const dbias = new Float32Array(7).fill(2)
      return { call: () => gradients(context, some([4, 8]), { dbias }), arrays: [dbias] }
    },
  ],
  [
    "out over the weight's gradient",
    'EVENKEEL_BUFFER',
    'LayerNorm: out overlaps dweight in one buffer; give out memory of its own.',
    () => {
      const layer = new LayerNorm(8)
      const out = { data: layer.weight!.grad.data, shape: [1, 8] }
      return used(layer, some([1, 8]), (l) => l.backward(some([1, 8]), { out }))
    },
  ],
  [
    'dbias over the input',
    'EVENKEEL_BUFFER',
    'layerNorm: dbias overlaps input in one buffer; give dbias memory of its own.',
    () => {
      const x = some([4, 8])
      const { context } = layerNorm(x, { normalizedShape: 8, bias: new Float32Array(8) })
      const dbias = x.data.subarray(0, 8)
      return { call: () => gradients(context, some([4, 8]), { dbias }), arrays: [x.data] }
    },
  ],
  [
    'an unknown option of gradients',
    'EVENKEEL_OPTION',
    'layerNorm: there is no option dx; the options are out, workspace, dweight, dbias.',
    plain(() => gradients(normalized().context, some([4, 8]), wrong({ dx: 1 }))),
  ],
  [
    'gradients of all that forward returned',
    'EVENKEEL_OPTION',
    'gradients: the first argument must be the context of a forward pass; pass context of const { y, context } = layerNorm(...).',
    plain(() => gradients(wrong(normalized()), some([4, 8]))),
  ],
  [
    'gradients of nothing',
    'EVENKEEL_OPTION',
    'gradients: the first argument must be the context of a forward pass; pass context of const { y, context } = layerNorm(...).',
    plain(() => gradients(wrong(undefined), some([4, 8]))),
  ],
  [
    'a context whose statistics are detached',
    'EVENKEEL_BUFFER',
    "layerNorm: mean needs 4 elements, got a detached or empty array; keep the context's mean and variance attached until the gradient is done.",
    plain(() => {
      const { context } = normalized()
      structuredClone(context.mean, { transfer: [context.mean.buffer as ArrayBuffer] })
      return gradients(context, some([4, 8]))
    }),
  ],
]
