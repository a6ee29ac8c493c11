import { tensor } from '../../src/index.js'
import { circular, detached, onRows, plain, type Row, some, wrong } from './scene.js'

// Values that are no tensors.

/** The part of a tf.Tensor that evenkeel reads. */
class TensorOfTfjs {
  readonly shape = [1, 8]
  dataSync() {
    return new Float32Array(8)
  }
  async data() {
    return this.dataSync()
  }
}

export const TENSORS: readonly Row[] = [
  [
    'too few elements',
    'EVENKEEL_BUFFER',
    'tensor: data of shape [2, 3] needs 6 elements, got 5; give all 6 elements, or correct the shape.',
    plain(() => tensor(new Float32Array(5), [2, 3])),
  ],
  [
    'a list of numbers',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got [1, 2]; convert it: Float32Array.from(data).',
    plain(() => tensor(wrong([1, 2]), [2])),
  ],
  [
    'a list of lists',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got [[1], [2]]; convert it: Float32Array.from(data.flat(Infinity)).',
    plain(() => tensor(wrong([[1], [2]]), [2])),
  ],
  [
    'bytes',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got Uint8Array of 4; convert its numbers: Float32Array.from(data), or its bytes, where they are of floats: new Float32Array(Uint8Array.from(data).buffer).',
    plain(() => tensor(wrong(new Uint8Array(4)), [4])),
  ],
  [
    'a Buffer',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got Buffer of 4; convert its numbers: Float32Array.from(data), or its bytes, where they are of floats: new Float32Array(Uint8Array.from(data).buffer).',
    plain(() => tensor(wrong(Buffer.alloc(4)), [4])),
  ],
  [
    'an ArrayBuffer',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got ArrayBuffer; view it: new Float32Array(buffer).',
    plain(() => tensor(wrong(new ArrayBuffer(16)), [4])),
  ],
  [
    'bigints',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got BigInt64Array of 4; convert it: Float32Array.from(data, Number).',
    plain(() => tensor(wrong(new BigInt64Array(4)), [4])),
  ],
  [
    'no data',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got undefined; give numbers, as in Float32Array.of(1, 2).',
    plain(() => tensor(wrong(undefined), [4])),
  ],
  [
    'a tensor of a tensor',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got a tensor of [2, 2]; it is a tensor: pass its data.',
    plain(() => tensor(wrong(some([2, 2])), [4])),
  ],
  [
    'a tensor of a tensor of TensorFlow.js',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got a tensor of [1, 8]; copy its values: t.dataSync(), or await t.data().',
    plain(() => tensor(wrong(new TensorOfTfjs()), [1, 8])),
  ],
  [
    'too many elements',
    'EVENKEEL_BUFFER',
    'tensor: data of shape [2, 3] needs 6 elements, got 7; pass data.subarray(0, 6), or correct the shape.',
    plain(() => tensor(new Float32Array(7), [2, 3])),
  ],
  [
    'a negative extent',
    'EVENKEEL_SHAPE',
    "tensor: data's shape must be an array of whole numbers from 0 up, got [-1]; give each extent, as in [32, 64, 56, 56].",
    plain(() => tensor(new Float32Array(1), [-1])),
  ],
  [
    'half an extent',
    'EVENKEEL_SHAPE',
    "tensor: data's shape must be an array of whole numbers from 0 up, got [0.5, 2]; give each extent, as in [32, 64, 56, 56].",
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
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got a bare array; pass tensor(data, shape).',
    onRows((l) => l.forward(wrong(new Float32Array(8)))),
  ],
  [
    'nothing',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got undefined; pass tensor(data, shape).',
    onRows((l) => l.forward(wrong(undefined))),
  ],
  [
    'whole numbers',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got Int32Array of 8; convert it: Float32Array.from(data), and pass tensor(data, shape).',
    onRows((l) => l.forward(wrong({ data: new Int32Array(8), shape: [1, 8] }))),
  ],
  [
    'data that are too short',
    'EVENKEEL_BUFFER',
    'LayerNorm: input of shape [4, 8] needs 32 elements, got 31; give all 32 elements, or correct the shape.',
    onRows((l) => l.forward({ data: new Float32Array(31), shape: [4, 8] })),
  ],
  [
    'a detached input',
    'EVENKEEL_BUFFER',
    'LayerNorm: input of shape [4, 8] needs 32 elements, got a detached or empty array; pass an array whose buffer was not transferred, and that no workspace with check: true took back.',
    onRows((l) => l.forward(detached(some([4, 8])))),
  ],
  [
    'nested lists',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got [[1, 2], [3, 4]]; convert it: Float32Array.from(data.flat(Infinity)), and pass tensor(data, shape).',
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
    'a tensor of TensorFlow.js',
    'EVENKEEL_DTYPE',
    'LayerNorm: input must be { data: Float32Array or Float64Array, shape }, got a tensor of [1, 8]; copy its values: t.dataSync(), or await t.data(), and pass tensor(data, shape).',
    onRows((l) => l.forward(wrong(new TensorOfTfjs()))),
  ],
  [
    'a tensor of ONNX Runtime',
    'EVENKEEL_SHAPE',
    "LayerNorm: input's shape must be an array of whole numbers from 0 up, got undefined; pass its dims as the shape: tensor(t.data, t.dims).",
    onRows((l) => l.forward(wrong({ data: new Float32Array(8), dims: [1, 8] }))),
  ],
  [
    'data and shape swapped',
    'EVENKEEL_DTYPE',
    'tensor: data must be a Float32Array or Float64Array, got [1, 8]; give the data first, then the shape.',
    plain(() => tensor(wrong([1, 8]), wrong(new Float32Array(8)))),
  ],
  [
    'a shape that contains itself',
    'EVENKEEL_SHAPE',
    "LayerNorm: input's shape must be an array of whole numbers from 0 up, got [8, [8, Array of 2]]; give each extent, as in [32, 64, 56, 56].",
    onRows((l) => l.forward({ data: new Float32Array(8), shape: circular() })),
  ],
  [
    'a symbol in a shape',
    'EVENKEEL_SHAPE',
    "LayerNorm: input's shape must be an array of whole numbers from 0 up, got [Symbol(n), 8]; give each extent, as in [32, 64, 56, 56].",
    onRows((l) => l.forward({ data: new Float32Array(8), shape: [wrong(Symbol('n')), 8] })),
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
