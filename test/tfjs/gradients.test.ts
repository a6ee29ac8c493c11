import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import { TFJS_GRADIENT } from '../support/tolerance.js'
import {
  apply,
  difference,
  Random,
  randomizeTrainable,
  randomTensor,
  TFJS_BACKENDS,
  useBackend,
  valuesOf,
} from './support.js'

const LAYERS: readonly [string, () => tf.layers.Layer][] = [
  ['batchNormalization', () => batchNormalization({ name: 'norm' })],
  ['layerNormalization', () => layerNormalization({ name: 'norm' })],
  ['groupNormalization', () => groupNormalization({ groups: 2, name: 'norm' })],
  ['instanceNormalization', () => instanceNormalization({ name: 'norm' })],
  ['rmsNormalization', () => rmsNormalization({ name: 'norm' })],
  ['layerNormalization over axis 1', () => layerNormalization({ axis: 1, name: 'norm' })],
]

function prepared(make: () => tf.layers.Layer) {
  const random = new Random(31)
  const layer = make()
  const x = randomTensor(random, [3, 5, 4])
  apply(layer, x).dispose()
  tf.tidy(() => randomizeTrainable(random, layer))
  const loss = () => apply(layer, x, true).pow(3).mean() as tf.Scalar
  return { layer, x, loss, variables: layer.trainableWeights.map((weight) => weight.read() as tf.Variable) }
}

describe.each(TFJS_BACKENDS)('gradients on tfjs backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(LAYERS)('%s: asking for some gives the same as asking for all', (_, make) => {
    const { x, loss, variables } = prepared(make)
    const all = tf
      .grads(loss)([x, ...variables])
      .map(valuesOf)
    expect(valuesOf(tf.grad(loss)(x))).toEqual(all[0])
    for (const [i, variable] of variables.entries()) {
      const { grads } = tf.variableGrads(loss, [variable])
      expect(Object.keys(grads)).toEqual([variable.name])
      expect(valuesOf(grads[variable.name])).toEqual(all[i + 1])
    }
  })

  it.each(LAYERS)('%s: a second derivative is an error, a first one beside it is not', (_, make) => {
    const { x, layer } = prepared(make)
    const normalized = (input: tf.Tensor) => apply(layer, input, true)
    const inner = tf.grad((input: tf.Tensor) => normalized(input).mul(input).sum())
    // Without the guard the result would be a wrong number: only the product would depend on the input.
    expect(() => tf.grad((input: tf.Tensor) => inner(input).square().sum())(x)).toThrow(
      /'norm': has first derivatives only/,
    )
    const penalty = tf.grad((scale: tf.Tensor) => inner(x).mul(scale).sum())(tf.scalar(2))
    expect(difference(valuesOf(penalty), valuesOf(inner(x).sum()))).toBeLessThan(TFJS_GRADIENT)
  })

  it.each(LAYERS)('%s leaves no tensor behind', async (_, make) => {
    const before = tf.memory()
    const { layer, x, loss, variables } = prepared(make)
    const built = tf.memory()
    for (let i = 0; i < 3; i++) {
      tf.dispose([apply(layer, x, true), apply(layer, x, false), tf.grad(loss)(x)])
      tf.dispose(tf.variableGrads(loss, [variables[0]]))
    }
    expect(tf.memory().numTensors).toBe(built.numTensors)
    expect(tf.memory().numDataBuffers).toBe(built.numDataBuffers)
    expect(tf.memory().numBytes).toBe(built.numBytes)
    layer.dispose()
    x.dispose()
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numBytes).toBe(before.numBytes)
  })

  it.each(LAYERS)('%s leaves no tensor behind in model.fit, predict and save', async (_, make) => {
    const before = tf.memory().numTensors
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [5, 4] }), make()] })
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' })
    const x = randomTensor(new Random(32), [6, 5, 4])
    const train = () => model.fit(x, x, { epochs: 2, batchSize: 3, verbose: 0 })
    await train()
    const trained = tf.memory().numTensors
    await train()
    tf.dispose(model.predict(x))
    expect(tf.memory().numTensors).toBe(trained)
    model.dispose()
    x.dispose()
    expect(tf.memory().numTensors).toBe(before + OPTIMIZER_TENSORS)
  })

  it.each(LAYERS)('%s: a layer that is called twice has the gradients of both calls', (_, make) => {
    const { x, layer, variables } = prepared(make)
    const other = randomTensor(new Random(34), x.shape, 0.01, 5)
    const loss = (input: tf.Tensor) => apply(layer, input, true).pow(3).sum() as tf.Scalar
    const both = tf
      .grads(() => loss(x).add(loss(other)))([x, other, ...variables])
      .map(valuesOf)
    expect(both[0]).toEqual(valuesOf(tf.grad(() => loss(x))(x)))
    expect(both[1]).toEqual(valuesOf(tf.grad(() => loss(other))(other)))
    for (const [i, variable] of variables.entries()) {
      const one = valuesOf(tf.grads(() => loss(x))([variable])[0])
      const two = valuesOf(tf.grads(() => loss(other))([variable])[0])
      const sums = one.map((value, j) => Math.fround(value + two[j]))
      expect(both[i + 2]).toEqual(sums)
    }
  })

  it.each([
    ['BatchNormalization, one row', () => batchNormalization({ axis: 1 }), [1, 4]],
    ['BatchNormalization, an empty batch', () => batchNormalization(), [0, 4]],
    ['GroupNormalization, one value per group', () => groupNormalization({ groups: -1 }), [2, 1, 4]],
    ['GroupNormalization, an empty batch', () => groupNormalization({ groups: 2 }), [0, 1, 4]],
  ] as const)('%s: the result is beta, and no gradient reaches the input', (_, make, shape) => {
    const layer = make()
    layer.build([null, ...shape.slice(1, -1).map(() => null), 4])
    const x = randomTensor(new Random(35), [...shape], 3, 2)
    const dy = randomTensor(new Random(36), [...shape])
    const [gamma, beta] = layer.trainableWeights.map((weight) => weight.read())
    layer.trainableWeights[1].write(tf.tensor1d([1, -2, 3, 0.1]))
    const y = apply(layer, x, true)
    expect(y.shape).toEqual(shape)
    expect(valuesOf(y)).toEqual(Array.from(y.dataSync(), (_, i) => valuesOf(beta)[i % 4]))
    const gradients = tf.grads(() => apply(layer, x, true))([x, gamma, beta], dy)
    expect(valuesOf(gradients[0])).toEqual(valuesOf(tf.zerosLike(x)))
    expect(valuesOf(gradients[1])).toEqual([0, 0, 0, 0])
    const sums = tf.sum(dy.reshape([dy.size / 4, 4]), 0)
    expect(difference(valuesOf(gradients[2]), valuesOf(sums))).toBeLessThan(TFJS_GRADIENT)
  })

  it('does not write into its input, gamma or the gradient that comes in', () => {
    const { layer, x, variables } = prepared(LAYERS[0][1])
    const dy = randomTensor(new Random(33), x.shape)
    const before = [x, dy, ...variables].map(valuesOf)
    tf.grads((input: tf.Tensor) => apply(layer, input, true))([x], dy)
    expect([x, dy, ...variables].map(valuesOf)).toEqual(before)
  })
})

/** The scalar that sgd keeps for its learning rate. model.dispose does not dispose an optimizer that was passed in. */
const OPTIMIZER_TENSORS = 1
