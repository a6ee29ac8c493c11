import { type ErrorCode, LayerNorm, layerNorm, type Tensor } from '../../src/index.js'
import { type Row, some, used, wrong } from './scene.js'

// Where the result cannot go.

/** Rows whose `out` must keep what it holds. */
function withOut(title: string, code: ErrorCode, message: RegExp, make: (x: Tensor) => Tensor): Row {
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
        arrays: out.data ? [memory, out.data] : [memory],
      }
    },
  ]
}

export const OUT: readonly Row[] = [
  withOut(
    'out of another shape',
    'EVENKEEL_SHAPE',
    /out must have the input's shape \[4, 8\], got \[8, 4\]; wrap/,
    () => some([8, 4]),
  ),
  withOut(
    'out that is too short',
    'EVENKEEL_BUFFER',
    /out of shape \[4, 8\] needs 32 elements, got 16; pass/,
    () => ({ data: new Float32Array(16).fill(3), shape: [4, 8] }),
  ),
  withOut(
    'out of another type',
    'EVENKEEL_DTYPE',
    /out must be float32 as the input is, got float64; convert/,
    () => some([4, 8], 'float64'),
  ),
  withOut(
    'out over a part of the input',
    'EVENKEEL_BUFFER',
    /out overlaps a part of input in one buffer; pass input itself/,
    ({ data }) => ({
      data: new Float32Array(data.buffer, data.byteOffset + 4, 32),
      shape: [4, 8],
    }),
  ),
  withOut('out that is a bare array', 'EVENKEEL_DTYPE', /out must be \{ data.*; wrap/, () =>
    wrong(new Float32Array(32)),
  ),
  [
    'out over the weight',
    'EVENKEEL_BUFFER',
    /layerNorm: out overlaps weight in one buffer; give out memory of its own/,
    () => {
      const memory = new Float32Array(40).fill(1)
      const [weight, data] = [memory.subarray(32), memory.subarray(4, 36)]
      const options = { normalizedShape: 8, weight, out: { data, shape: [4, 8] } }
      return { call: () => layerNorm(some([4, 8]), options), arrays: [memory] }
    },
  ],
]
