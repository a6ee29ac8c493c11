import { tensor } from '../../src/index.js'
import { detached, onRows, plain, type Row, some, wrong } from './scene.js'

// What is no tensor.

export const TENSORS: readonly Row[] = [
  [
    'too few elements',
    'EVENKEEL_BUFFER',
    'tensor: input of shape [2, 3] needs 6 elements, got 5; pass data.subarray(...) of that length, or mend the shape.',
    plain(() => tensor(new Float32Array(5), [2, 3])),
  ],
  [
    'a list of numbers',
    'EVENKEEL_DTYPE',
    'tensor: input must be { data: Float32Array or Float64Array, shape }, got [1, 2]; wrap the data: tensor(data, shape).',
    plain(() => tensor(wrong([1, 2]), [2])),
  ],
  [
    'a negative extent',
    'EVENKEEL_SHAPE',
    "tensor: input's shape must be an array of whole numbers from 0 up, got [-1]; give each extent, as in [32, 64, 56, 56].",
    plain(() => tensor(new Float32Array(1), [-1])),
  ],
  [
    'half an extent',
    'EVENKEEL_SHAPE',
    "tensor: input's shape must be an array of whole numbers from 0 up, got [0.5, 2]; give each extent, as in [32, 64, 56, 56].",
    plain(() => tensor(new Float32Array(1), [0.5, 2])),
  ],
  [
    'no shape',
    'EVENKEEL_SHAPE',
    "LayerNorm: input's shape must be an array of whole numbers from 0 up, got undefined; give each extent, as in [32, 64, 56, 56].",
    onRows((l) => l.forward(wrong({ data: new Float32Array(8) }))),
  ],
  [
    'a bare array',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got a bare array; wrap the data: tensor(data, shape).',
    onRows((l) => l.forward(wrong(new Float32Array(8)))),
  ],
  [
    'nothing',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got undefined; wrap the data: tensor(data, shape).',
    onRows((l) => l.forward(wrong(undefined))),
  ],
  [
    'whole numbers',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got Int32Array of 8; wrap the data: tensor(data, shape).',
    onRows((l) => l.forward(wrong({ data: new Int32Array(8), shape: [1, 8] }))),
  ],
  [
    'data that are too short',
    'EVENKEEL_BUFFER',
    'LayerNorm: input of shape [4, 8] needs 32 elements, got 31; pass data.subarray(...) of that length, or mend the shape.',
    onRows((l) => l.forward({ data: new Float32Array(31), shape: [4, 8] })),
  ],
  [
    'a detached input',
    'EVENKEEL_BUFFER',
    'LayerNorm: input of shape [4, 8] needs 32 elements, got a detached or empty array; pass an array whose buffer was not transferred.',
    onRows((l) => l.forward(detached(some([4, 8])))),
  ],
  [
    'nested lists',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got [[1, 2], [3, 4]]; wrap the data: tensor(data, shape).',
    onRows((l) =>
      l.forward(
        wrong([
          [1, 2],
          [3, 4],
        ]),
      ),
    ),
  ],
  [
    'a shape that is a typed array',
    'EVENKEEL_SHAPE',
    "LayerNorm: input's shape must be an array of whole numbers from 0 up, got Int32Array of 2; give each extent, as in [32, 64, 56, 56].",
    onRows((l) => l.forward(wrong({ data: new Float32Array(8), shape: Int32Array.of(1, 8) }))),
  ],
  [
    'a shape with a hole',
    'EVENKEEL_SHAPE',
    "LayerNorm: input's shape must be an array of whole numbers from 0 up, got [, 8]; give each extent, as in [32, 64, 56, 56].",
    onRows((l) => {
      const shape: number[] = []
      shape[1] = 8
      return l.forward({ data: new Float32Array(8), shape })
    }),
  ],
]
