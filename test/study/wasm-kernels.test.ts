import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { randomFor } from '../../study/data/random.js'
import { useWasm } from '../../study/network/wasm-kernels.js'

beforeAll(async () => {
  tf.env().set('PROD', true)
  await useWasm()
})
afterAll(() => tf.setBackend('cpu'))

function values(shape: number[], key: string): tf.Tensor {
  const random = randomFor(1, key)
  const size = shape.reduce((product, extent) => product * extent, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
  )
}

/** What `f` returns, on a backend; read before the backend changes. */
async function on(backend: string, f: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const tensors = tf.tidy(f)
  const read = tensors.map((tensor) => Float32Array.from(tensor.dataSync()))
  tf.dispose(tensors)
  return read
}

async function expectSame(f: () => tf.Tensor[]): Promise<void> {
  const expected = await on('cpu', f)
  const came = await on('wasm', f)
  expect(came.length).toBe(expected.length)
  came.forEach((array, which) => {
    expect(array.length).toBe(expected[which].length)
    // Sums of up to some hundred products of float32 normals, in another order.
    const apart = Math.max(...array.map((value, i) => Math.abs(value - expected[which][i])))
    expect(apart).toBeLessThan(1e-4)
  })
}

describe('convolution by patches is tf.conv2d', () => {
  const cases: {
    x: number[]
    filter: number[]
    strides: number | [number, number]
    pad: 'same' | 'valid'
  }[] = [
    { x: [2, 7, 7, 3], filter: [3, 3, 3, 4], strides: 1, pad: 'same' },
    { x: [2, 7, 6, 3], filter: [3, 3, 3, 4], strides: 2, pad: 'same' },
    { x: [3, 8, 8, 2], filter: [5, 3, 2, 3], strides: 2, pad: 'valid' },
    { x: [1, 9, 5, 1], filter: [2, 4, 1, 2], strides: [1, 3], pad: 'same' },
    { x: [2, 2, 2, 3], filter: [5, 5, 3, 2], strides: 1, pad: 'same' },
    { x: [4, 6, 6, 5], filter: [1, 1, 5, 7], strides: 1, pad: 'valid' },
  ]
  test.each(cases)('$x * $filter, strides $strides, $pad', async ({ x, filter, strides, pad }) => {
    await expectSame(() => {
      const input = values(x, 'x') as tf.Tensor4D
      const weights = values(filter, 'filter') as tf.Tensor4D
      const convolve = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad)
      const y = convolve(input, weights)
      const gradients = tf.grads(convolve)([input, weights], values(y.shape, 'dy'))
      return [y, ...gradients]
    })
  })
})

describe('a matrix product', () => {
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('with operands transposed: %s, %s', async (transposeA, transposeB) => {
    await expectSame(() => {
      const a = values(transposeA ? [2, 5, 4] : [2, 4, 5], 'a')
      const b = values(transposeB ? [2, 6, 5] : [2, 5, 6], 'b')
      const product = (left: tf.Tensor, right: tf.Tensor) => tf.matMul(left, right, transposeA, transposeB)
      return [product(a, b), ...tf.grads(product)([a, b], values([2, 4, 6], 'dy'))]
    })
  })
})

it('leaves no tensors behind', async () => {
  await tf.setBackend('wasm')
  const x = values([2, 7, 7, 3], 'x') as tf.Tensor4D
  const filter = values([3, 3, 3, 4], 'filter') as tf.Tensor4D
  const step = () =>
    tf.tidy(
      () => void tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same'))([x, filter]),
    )
  step()
  const before = tf.memory()
  step()
  expect(tf.memory().numTensors).toBe(before.numTensors)
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers)
  tf.dispose([x, filter])
})
