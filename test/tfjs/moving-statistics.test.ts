import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { BatchNorm } from '../../src/layers/batch-norm.js'
import { batchNormalization } from '../../src/tfjs/index.js'
import { TFJS_MOVING_MEAN, TFJS_MOVING_VARIANCE, TFJS_OUTPUT } from '../support/tolerance.js'
import {
  apply,
  difference,
  Random,
  randomTensor,
  saved,
  TFJS_BACKENDS,
  useBackend,
  valuesOf,
} from './support.js'

const CHANNELS = 3
const BATCH = 8

function batches(count: number): tf.Tensor[] {
  const random = new Random(21)
  return Array.from({ length: count }, (_, i) => randomTensor(random, [BATCH, CHANNELS], 1 + i, i))
}

function channel(x: tf.Tensor, c: number): number[] {
  return valuesOf(x).filter((_, i) => i % CHANNELS === c)
}

/** Keras's rule in float64, beginning with 0 and 1: moving = momentum * moving + (1 - momentum) * batch. */
function followed(xs: tf.Tensor[], momentum: number): { mean: number[]; variance: number[] } {
  const mean = new Array<number>(CHANNELS).fill(0)
  const variance = new Array<number>(CHANNELS).fill(1)
  for (const x of xs) {
    for (let c = 0; c < CHANNELS; c++) {
      const values = channel(x, c)
      const m = values.reduce((sum, v) => sum + v, 0) / BATCH
      const population = values.reduce((sum, v) => sum + (v - m) ** 2, 0) / BATCH
      mean[c] = momentum * mean[c] + (1 - momentum) * m
      variance[c] = momentum * variance[c] + (1 - momentum) * population
    }
  }
  return { mean, variance }
}

/** A layer that has seen one batch, so that its moving statistics are not the defaults. */
function trained(args: Parameters<typeof batchNormalization>[0] = {}) {
  const layer = batchNormalization({ momentum: 0.5, ...args })
  apply(layer, batches(1)[0], true)
  return layer
}

describe.each(TFJS_BACKENDS)('moving statistics on tfjs backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each([0.99, 0.5, 0])('follow Keras over 12 batches at momentum %s', (momentum) => {
    const layer = batchNormalization({ momentum })
    const xs = batches(12)
    for (const x of xs) apply(layer, x, true)
    const { mean, variance } = followed(xs, momentum)
    const [, , movingMean, movingVariance] = layer.getWeights().map(valuesOf)
    expect(difference(movingMean, mean)).toBeLessThan(TFJS_MOVING_MEAN)
    expect(difference(movingVariance, variance)).toBeLessThan(TFJS_MOVING_VARIANCE)
  })

  it("are, with the output, bit for bit those of BatchNorm under Keras's convention", () => {
    const layer = batchNormalization()
    const norm = new BatchNorm(CHANNELS, { convention: 'keras' })
    for (const x of batches(5)) {
      const y = norm.forward({ data: Float32Array.from(valuesOf(x)), shape: x.shape })
      expect(valuesOf(apply(layer, x, true))).toEqual(Array.from(y.data))
    }
    const [mean, variance] = layer.getWeights().slice(2).map(valuesOf)
    expect(mean).toEqual(Array.from(norm.runningMean!.data))
    expect(variance).toEqual(Array.from(norm.runningVariance!.data))
  })

  it('take up a batch of one as its mean, with variance 0', () => {
    const layer = batchNormalization({ momentum: 0.5 })
    apply(layer, tf.tensor2d([[2, 4, -6]]), true)
    expect(layer.getWeights().slice(2).map(valuesOf)).toEqual([
      [1, 2, -3],
      [0.5, 0.5, 0.5],
    ])
  })

  it('stay as they are after an empty batch', () => {
    const layer = trained()
    const before = layer.getWeights().map(valuesOf)
    expect(apply(layer, tf.zeros([0, CHANNELS]), true).shape).toEqual([0, CHANNELS])
    expect(layer.getWeights().map(valuesOf)).toEqual(before)
  })

  it('stay as they are in inference', () => {
    const layer = trained()
    const before = layer.getWeights().map(valuesOf)
    apply(layer, batches(2)[1], false)
    layer.apply(batches(2)[1])
    expect(layer.getWeights().map(valuesOf)).toEqual(before)
  })

  it('move once per step of model.fit, and not in evaluate and predict', async () => {
    const model = tf.sequential({ layers: [batchNormalization({ inputShape: [CHANNELS], momentum: 0.5 })] })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const xs = batches(2)
    const x = tf.concat(xs)
    await model.fit(x, tf.zerosLike(x), { epochs: 1, batchSize: BATCH, shuffle: false, verbose: 0 })
    const after = model.layers[0].getWeights().slice(2).map(valuesOf)
    const { mean, variance } = followed(xs, 0.5)
    expect(difference(after[0], mean)).toBeLessThan(TFJS_MOVING_MEAN)
    expect(difference(after[1], variance)).toBeLessThan(TFJS_MOVING_VARIANCE)
    model.evaluate(x, tf.zerosLike(x))
    model.predict(x)
    expect(model.layers[0].getWeights().slice(2).map(valuesOf)).toEqual(after)
  })

  it('stay as they are where the whole model is frozen', () => {
    const layer = batchNormalization({ inputShape: [CHANNELS] })
    const model = tf.sequential({ layers: [layer] })
    const before = layer.getWeights().map(valuesOf)
    model.trainable = false
    apply(layer, batches(1)[0], true)
    expect(layer.getWeights().map(valuesOf)).toEqual(before)
    model.trainable = true
    apply(layer, batches(1)[0], true)
    expect(layer.getWeights().map(valuesOf)).not.toEqual(before)
  })

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a variance beyond float32', 3e38],
  ])('refuse %s in a training batch, and nothing has changed', (_, poison) => {
    const layer = trained({ name: 'guarded' })
    const before = layer.getWeights().map(valuesOf)
    const values = valuesOf(batches(2)[1])
    values[4] = poison
    const bad = tf.tensor2d(values, [BATCH, CHANNELS])
    const tensors = tf.memory().numTensors
    expect(() => apply(layer, bad, true)).toThrow(
      /^BatchNormalization 'guarded': moving_(mean|variance) of channel 1 would go from .* to .*, because it is .* in this batch; .*; look for/,
    )
    expect(() => tf.grad((x: tf.Tensor) => apply(layer, x, true))(bad)).toThrow(/'guarded'/)
    expect(layer.getWeights().map(valuesOf)).toEqual(before)
    expect(tf.memory().numTensors).toBe(tensors)
    const good = batches(2)[1]
    expect(valuesOf(apply(layer, good, true)).every(Number.isFinite)).toBe(true)
  })

  it('refuse NaN in a batch of one', () => {
    const layer = trained()
    const before = layer.getWeights().map(valuesOf)
    expect(() => apply(layer, tf.tensor2d([[1, Number.NaN, 2]]), true)).toThrow(/moving_mean of channel 1/)
    expect(layer.getWeights().map(valuesOf)).toEqual(before)
  })

  it('a model goes on training after a refused batch', async () => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: CHANNELS, inputShape: [CHANNELS] }), batchNormalization()],
    })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const [x] = batches(1)
    const train = (input: tf.Tensor) => model.fit(input, tf.zerosLike(x), { batchSize: BATCH, verbose: 0 })
    const before = model.getWeights().map(valuesOf)
    await expect(train(tf.fill([BATCH, CHANNELS], Number.NaN))).rejects.toThrow(/BatchNormalization/)
    expect(model.getWeights().map(valuesOf)).toEqual(before)
    await train(x)
    expect(model.getWeights().flatMap(valuesOf).every(Number.isFinite)).toBe(true)
  })

  it("come from PyTorch's names in PyTorch's order", () => {
    const norm = new BatchNorm(CHANNELS, { layout: 'channels-last' })
    for (const x of batches(3)) norm.forward({ data: Float32Array.from(valuesOf(x)), shape: x.shape })
    const state = norm.eval().stateDict()
    const layer = batchNormalization({ epsilon: 1e-5 })
    layer.build([null, CHANNELS])
    const names = ['weight', 'bias', 'running_mean', 'running_var']
    layer.setWeights(names.map((name) => tf.tensor(Float32Array.from(state[name].data as Float32Array))))
    const x = batches(4)[3]
    const y = norm.forward({ data: Float32Array.from(valuesOf(x)), shape: x.shape })
    expect(valuesOf(apply(layer, x))).toEqual(Array.from(y.data))
  })

  it('exchange with tf.layers.batchNormalization, in order and by file', async () => {
    const layer = trained()
    const theirs = tf.layers.batchNormalization({ inputShape: [CHANNELS] })
    const model = tf.sequential({ layers: [theirs] })
    theirs.setWeights(layer.getWeights())
    const x = batches(3)[2]
    expect(difference(valuesOf(apply(layer, x)), valuesOf(apply(theirs, x)))).toBeLessThan(TFJS_OUTPUT)

    const ours = tf.sequential({
      layers: [batchNormalization({ inputShape: [CHANNELS], name: theirs.name })],
    })
    const { weightData, weightSpecs } = await saved(model)
    ours.loadWeights(tf.io.decodeWeights(weightData!, weightSpecs!))
    expect(ours.getWeights().map(valuesOf)).toEqual(layer.getWeights().map(valuesOf))
  })
})
