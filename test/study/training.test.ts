import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { randomFor } from '../../study/data/random.js'
import { deepNet, type NormName } from '../../study/network/models.js'
import { orderOf, similarityOf } from '../../study/network/training.js'
import { useWasm } from '../../study/network/wasm-kernels.js'
import { SEED, tinyData } from './support.js'

const data = tinyData()
beforeAll(useWasm)
afterAll(() => tf.disposeVariables())

describe('similarityOf, the mean cosine over all pairs', () => {
  test.each([
    [
      'the same direction',
      [
        [1, 2],
        [2, 4],
        [0.5, 1],
      ],
      1,
    ],
    [
      'right angles',
      [
        [1, 0],
        [0, 3],
      ],
      0,
    ],
    [
      'opposite',
      [
        [1, 1],
        [-2, -2],
      ],
      -1,
    ],
    // 0 and 1 / sqrt(2) twice, over three pairs.
    [
      'three samples',
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      Math.SQRT2 / 3,
    ],
    [
      'a sample of zeros has no direction',
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
      0,
    ],
    [
      'nothing to tell apart',
      [
        [0, 0],
        [0, 0],
      ],
      1,
    ],
  ])('%s', (_, samples, expected) => {
    expect(similarityOf(tf.tensor2d(samples))).toBeCloseTo(expected, 6)
  })
})

describe('orderOf', () => {
  const { labels } = data.train
  const order = (runLength: number) => [
    ...orderOf(data.train, { random: randomFor(SEED, 'order'), runLength }),
  ]

  it.each([1, 4, 16])('has every image once in runs of %i', (runLength) => {
    expect(order(runLength).sort((a, b) => a - b)).toEqual([...labels.keys()])
  })

  it('puts runs of one class after each other', () => {
    const changes = (runLength: number) => {
      const classes = order(runLength).map((image) => labels[image])
      return classes.filter((label, i) => i > 0 && label !== classes[i - 1]).length
    }
    // Each of the ten classes may end within a run.
    expect(changes(8)).toBeLessThanOrEqual(labels.length / 8 + 10)
    expect(changes(1)).toBeGreaterThan(labels.length / 2)
  })
})

/**
 * Mean cosine in the last of `depth` hidden layers before training, of images of noise.
 * @param centred true: the batch's mean is subtracted before each norm
 */
function similarityAt(depth: number, norm: NormName, residual: boolean, centred = false): number {
  const network = deepNet(data, { depth, width: 64, residual }, { norm }, SEED, 'similarity')
  for (const layer of centred ? network.norms : []) {
    const apply = layer.apply.bind(layer)
    layer.apply = (z) => apply(tf.sub(z as tf.Tensor, tf.mean(z as tf.Tensor, 0, true)))
  }
  const random = randomFor(SEED, 'images')
  const pixels = Float32Array.from({ length: 64 * data.height * data.width }, () => random.normal() + 1)
  const seen: number[] = []
  tf.tidy(() => {
    const images = tf.tensor4d(pixels, [64, data.height, data.width, 1])
    network.logits(images, true, (_, activation) => seen.push(similarityOf(activation)))
  })
  return seen[depth - 1]
}

it('shows how samples grow alike with depth, but under BatchNorm or with residual connections', () => {
  for (const norm of ['none', 'layer', 'rms'] as const)
    expect(similarityAt(20, norm, false)).toBeGreaterThan(0.9)
  // Independent normal numbers after ReLU: 1 / pi.
  expect(similarityAt(20, 'batch', false)).toBeCloseTo(1 / Math.PI, 1)
  // What the samples share is what makes the difference: without it LayerNorm keeps them apart as well.
  expect(similarityAt(20, 'layer', false, true)).toBeLessThan(0.4)
  expect(similarityAt(20, 'layer', true)).toBeLessThan(similarityAt(20, 'layer', false) - 0.1)
})

it('adds what each layer began from, where connections are residual', () => {
  const size = { depth: 2, width: 4, residual: true }
  const network = deepNet(data, size, { norm: 'none' }, SEED, 'residual')
  const [first, second] = network.blocks.map(({ linear }) => linear)
  tf.tidy(() => {
    const x = tf.randomNormal([3, data.height, data.width, 1], 0, 1, 'float32', 1)
    const seen: tf.Tensor[] = []
    network.logits(x, false, (z) => seen.push(z))
    const stream = first.apply(tf.reshape(x, [3, -1])) as tf.Tensor
    const sum = tf.add(stream, second.apply(tf.relu(stream)) as tf.Tensor)
    expect([...seen[0].dataSync()]).toEqual([...stream.dataSync()])
    expect([...seen[1].dataSync()]).toEqual([...sum.dataSync()])
  })
})
