import { type ErrorCode, LayerNorm, layerNorm, type Tensor } from '../../src/index.js'
import { detached, type Row, some, used, wrong } from './scene.js'

// Values of `out` that the result cannot be written to.

/** Rows in which the contents of `out` must not change. */
function withOut(title: string, code: ErrorCode, message: string, make: (x: Tensor) => Tensor): Row {
  return [
    title,
    code,
    message,
    () => {
      const layer = new LayerNorm(8)
      const memory = new Float32Array(100).fill(7)
      const x = { data: memory.subarray(10, 42).map((_, i) => i), shape: [4, 8] }
      memory.set(x.data, 10)
      const view = { data: memory.subarray(10, 42), shape: [4, 8] }
      const out = make(view)
      return {
        ...used(layer, x, (l) => l.forward(view, { out })),
        arrays: out?.data?.length > 0 ? [memory, out.data] : [memory],
      }
    },
  ]
}

export const OUT: readonly Row[] = [
  withOut(
    'out of another shape',
    'EVENKEEL_SHAPE',
    "LayerNorm: out must have the input's shape [4, 8], got [8, 4]; give a tensor of shape [4, 8].",
    () => some([8, 4]),
  ),
  withOut(
    'out that is too short',
    'EVENKEEL_BUFFER',
    'LayerNorm: out of shape [4, 8] needs 32 elements, got 16; give all 32 elements, or correct the shape.',
    () => ({ data: new Float32Array(16).fill(3), shape: [4, 8] }),
  ),
  withOut(
    'out of another type',
    'EVENKEEL_DTYPE',
    'LayerNorm: out must be float32 as the input is, got float64; give one over a new Float32Array.',
    () => some([4, 8], 'float64'),
  ),
  withOut(
    'out over a part of the input',
    'EVENKEEL_BUFFER',
    'LayerNorm: out overlaps a part of input in one buffer; pass input itself to replace it, or a buffer apart from it.',
    ({ data }) => ({
      data: new Float32Array(data.buffer, data.byteOffset + 4, 32),
      shape: [4, 8],
    }),
  ),
  withOut(
    'out that is a bare array',
    'EVENKEEL_DTYPE',
    'LayerNorm: out must be { data: Float32Array or Float64Array, shape }, got a bare array; pass tensor(data, shape).',
    () => wrong(new Float32Array(32)),
  ),
  [
    'out over the weight',
    'EVENKEEL_BUFFER',
    'layerNorm: out overlaps weight in one buffer; give out memory of its own.',
    () => {
      const memory = new Float32Array(40).fill(1)
      const [weight, data] = [memory.subarray(32), memory.subarray(4, 36)]
      const options = { normalizedShape: 8, weight, out: { data, shape: [4, 8] } }
      return { call: () => layerNorm(some([4, 8]), options), arrays: [memory] }
    },
  ],
  withOut(
    'out that is detached',
    'EVENKEEL_BUFFER',
    'LayerNorm: out of shape [4, 8] needs 32 elements, got a detached or empty array; pass an array whose buffer was not transferred, and that no workspace with check: true took back.',
    () => detached(some([4, 8])),
  ),
  withOut(
    'no out',
    'EVENKEEL_DTYPE',
    'LayerNorm: out must be { data: Float32Array or Float64Array, shape }, got null; pass tensor(data, shape).',
    () => wrong(null),
  ),
]
