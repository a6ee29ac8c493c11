import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { EvenkeelError } from '../../src/errors.js'
import {
  BatchNormalization,
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import { apply, saved, useBackend } from './support.js'

beforeAll(() => useBackend('cpu'))

function errorOf(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

const NAME = { name: 'n' }

describe('errors say what was expected, what came and what to do', () => {
  it.each<[string, () => unknown, string]>([
    [
      'epsilon of 0',
      () => batchNormalization({ ...NAME, epsilon: 0 }),
      "BatchNormalization 'n': epsilon must be positive and finite, got 0; try 1e-3.",
    ],
    [
      'momentum beyond 1',
      () => batchNormalization({ ...NAME, momentum: 1.5 }),
      "BatchNormalization 'n': momentum must be from 0 to 1, got 1.5; try 0.99.",
    ],
    [
      'an unknown initializer',
      () => layerNormalization({ ...NAME, gammaInitializer: 'nines' }),
      "LayerNormalization 'n': gammaInitializer must be one of tfjs's initializers or the name of one, got 'nines'; " +
        "try 'zeros' or tf.initializers.constant({ value: 2 }).",
    ],
    [
      'an axis that is no number',
      () => rmsNormalization({ ...NAME, axis: 'last' as unknown as number }),
      "RMSNormalization 'n': axis must be a whole number or an array of them, got 'last'; " +
        'use axis: -1 for the last dimension, or name several, as in axis: [1, 2, 3].',
    ],
    [
      'a list of axes where one is wanted',
      () => batchNormalization({ ...NAME, axis: [1, 2] }),
      "BatchNormalization 'n': axis must name one dimension, that of the channels, got [1, 2]; " +
        'join the dimensions with tf.layers.reshape (after tf.layers.permute, if they are not adjacent), and undo that after this layer.',
    ],
    [
      "the batch's axis",
      () => batchNormalization({ ...NAME, axis: 0 }).build([null, 3]),
      "BatchNormalization 'n': axis must name a dimension of features, got 0, which is the batch's; " +
        'use axis: -1 for channels last, axis: 1 for channels first.',
    ],
    [
      'an axis beyond the rank',
      () => groupNormalization({ ...NAME, axis: 4 }).build([null, 3, 4]),
      "GroupNormalization 'n': axis must be from 1 to 2, or from -2 to -1 for an input of rank 3, got 4; " +
        'use axis: -1 for channels last, axis: 1 for channels first.',
    ],
    [
      'an axis named twice',
      () => layerNormalization({ ...NAME, axis: [2, -1] }).build([null, 3, 4]),
      "LayerNormalization 'n': axis must name each dimension once, got [2, -1], which names dimension 2 twice; " +
        'use axis: [2].',
    ],
    [
      'no features at all',
      () => layerNormalization(NAME).build([null]),
      "LayerNormalization 'n': axis must name a dimension of features, got -1, which is the batch's; " +
        'give the input a batch dimension and one of features.',
    ],
    [
      'unknown channels',
      () => batchNormalization(NAME).build([null, 3, null]),
      "BatchNormalization 'n': dimension 2 of the input must be known when the layer is built, and not 0, got [null,3,null]; " +
        'give its extent in inputShape.',
    ],
    [
      'no channels',
      () => apply(layerNormalization(NAME), tf.zeros([2, 0])),
      "LayerNormalization 'n': dimension 1 of the input must be known when the layer is built, and not 0, got [2,0]; " +
        'give the layer an input with features.',
    ],
    [
      'a call before build',
      () => layerNormalization(NAME).call(tf.zeros([2, 3]), {}),
      "LayerNormalization 'n': was called before it was built; call layer.apply(x), which builds it.",
    ],
    [
      'moving variances that are none',
      () => {
        const layer = batchNormalization({ ...NAME, scale: false, center: false })
        layer.build([null, 2])
        layer.setWeights([tf.zeros([2]), tf.tensor1d([1, -4])])
        return apply(layer, tf.zeros([2, 2]))
      },
      "BatchNormalization 'n': moving_variance must be 0 or more, got -4 in channel 1; " +
        'set it with setWeights to variances, not to standard deviations or logarithms.',
    ],
    [
      'groups that do not divide',
      () => groupNormalization({ ...NAME, groups: 4 }).build([null, 8, 30]),
      "GroupNormalization 'n': channels (30) must be divisible by groups (4); try groups: 5.",
    ],
    [
      'rank 2 under instanceNormalization',
      () => instanceNormalization(NAME).build([null, 3]),
      "InstanceNormalization 'n': input must have dimensions of space beside batch and channels, got rank 2; " +
        'use layerNormalization or batchNormalization, or groupNormalization with fewer groups than channels.',
    ],
    [
      'one value per channel and sample',
      () => instanceNormalization(NAME).build([null, 1, 3]),
      "InstanceNormalization 'n': needs more than one value per channel of a sample (space), got 1 from shape [2, 1, 3]; " +
        'use BatchNorm or LayerNorm where there is no space to average over.',
    ],
    [
      'text',
      () => apply(batchNormalization(NAME), tf.tensor2d([['a', 'b']])),
      "BatchNormalization 'n': input must be float32, int32 or bool, got string; cast the input to float32.",
    ],
    [
      'two inputs',
      () => batchNormalization(NAME).call([tf.zeros([2, 2]), tf.zeros([2, 2])], {}),
      "BatchNormalization 'n': takes one input, got 2; concatenate or add them first.",
    ],
  ])('%s', (_, call, message) => {
    const error = errorOf(call)
    expect(error.message).toBe(message)
    expect(error).toBeInstanceOf(EvenkeelError)
  })

  it('a shape that does not fit a built layer is refused, as by any layer of tfjs', () => {
    const layer = layerNormalization(NAME)
    apply(layer, tf.zeros([2, 3]))
    expect(() => apply(layer, tf.zeros([2, 4]))).toThrow(/incompatible with layer n/)
    expect(() => apply(layer, tf.zeros([2, 2, 3]))).toThrow(/expected ndim=2, found ndim=3/)
  })
})

describe('input that tfjs holds otherwise', () => {
  it('integers and booleans are converted, in both directions', () => {
    const layer = layerNormalization()
    const outcome = (x: tf.Tensor) => {
      const gradient = tf.grad((input: tf.Tensor) => apply(layer, input))(x.toFloat(), x.toFloat())
      return [apply(layer, x), gradient].map((tensor) => tensor.arraySync())
    }
    const expected = outcome(tf.tensor2d([[0, 1, 1]]))
    expect(outcome(tf.tensor2d([[0, 1, 1]], [1, 3], 'int32'))).toEqual(expected)
    expect(outcome(tf.tensor2d([[false, true, true]], [1, 3], 'bool'))).toEqual(expected)
  })

  it('an empty batch comes back empty', () => {
    const layer = batchNormalization()
    expect(apply(layer, tf.zeros([0, 3])).shape).toEqual([0, 3])
  })
})

it('a second copy of the module registers over the first, and loads what that saved', async () => {
  const model = tf.sequential({ layers: [batchNormalization({ inputShape: [3] })] })
  const artifacts = await saved(model)
  vi.resetModules()
  const copy = await import('../../src/tfjs/index.js')
  expect(copy.BatchNormalization).not.toBe(BatchNormalization)
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts))
  expect(loaded.layers[0]).toBeInstanceOf(copy.BatchNormalization)
  const x = tf.tensor2d([[1, 2, 3]])
  expect((loaded.predict(x) as tf.Tensor).arraySync()).toEqual((model.predict(x) as tf.Tensor).arraySync())
})
