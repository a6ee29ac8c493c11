import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomFor } from '../../study/data/random.js'
import { inferenceCells, runInference, testBatches } from '../../study/experiments/inference.js'
import { convNet, SMALL_CONV } from '../../study/network/models.js'
import { testError, train } from '../../study/network/training.js'
import { useWasm } from '../../study/network/wasm-kernels.js'
import { SEED, TINY, tinyData } from './support.js'

const data = tinyData()
beforeAll(useWasm)
afterAll(() => tf.disposeVariables())

it("averages beside the training as BatchNorm's own running averages do", async () => {
  const [cell] = inferenceCells({ ...TINY.inference, epochs: 4, decays: [0.7] }, data.train.labels.length)
  const { byDecay } = await runInference(cell, { seed: SEED, data, progress: () => {} })
  expect(byDecay.map(({ step }) => step)).toEqual([15, 30])

  const network = convNet(data, SMALL_CONV, { norm: 'batch', decay: 0.7 }, SEED, 'inference/0')
  const random = randomFor(SEED, 'inference/0', 'order')
  await train(network, data, { ...cell, decayRate: true, random })
  expect(byDecay[1].testError).toBeCloseTo(testError(network, data, data.test), 3)
})

it('puts test images into batches of one size, mixed or of one class', () => {
  const { labels } = data.test
  const mixed = testBatches(data, 7, 'mixed')
  expect(mixed.length).toBe(Math.floor(labels.length / 7))
  expect(mixed.flat()).toEqual([...Array(7 * mixed.length).keys()])
  const single = testBatches(data, 3, 'one class')
  for (const batch of single) {
    expect(batch.length).toBe(3)
    expect(new Set(batch.map((i) => labels[i])).size).toBe(1)
  }
  expect(new Set(single.flat()).size).toBe(3 * single.length)
  expect(testBatches(data, labels.length, 'one class')).toEqual([])
})
