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
      "LayerNormalization 'n': gammaInitializer must be an object of tfjs or the name of one, got 'nines'; " +
        "try 'zeros', tf.initializers.constant({ value }), 'l1l2' or 'nonNeg'.",
    ],
    [
      'an axis that is no number',
      () => rmsNormalization({ ...NAME, axis: 'last' as unknown as number }),
      'RMSNormalization \'n\': axis must be a whole number or an array of them, got "last"; ' +
        'use axis: -1, or the trailing axes, as in [1, 2, 3].',
    ],
    [
      'a list of axes where one is wanted',
      () => batchNormalization({ ...NAME, axis: [1, 2] as unknown as number }),
      "BatchNormalization 'n': axis must be a whole number, got [1,2]; use axis: -1 or axis: 1.",
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
      'an axis in the middle',
      () => groupNormalization({ ...NAME, axis: 2 }).build([null, 3, 4, 5]),
      "GroupNormalization 'n': axis must be 1 or -1 for an input of rank 4, got 2; " +
        'move the channels to the end with tf.layers.permute, and use axis: -1.',
    ],
    [
      'axes that do not trail',
      () => layerNormalization({ ...NAME, axis: [1, 2] }).build([null, 3, 4, 5]),
      "LayerNormalization 'n': axis must name the last dimensions of the input of rank 4, each once, got [1,2]; " +
        'for channels first use groupNormalization({ groups: 1, axis: 1 }), or all axes from 1 on.',
    ],
    [
      'an axis named twice',
      () => layerNormalization({ ...NAME, axis: [2, -1] }).build([null, 3, 4]),
      "LayerNormalization 'n': axis must name the last dimensions of the input of rank 3, each once, got [2,-1]; " +
        'use axis: -1, or move the features to the end with tf.layers.permute.',
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
      "BatchNormalization 'n': dimension 2 of the input must be known when the layer is built, got [null,3,null]; " +
        'give its extent in inputShape.',
    ],
    [
      'groups that do not divide',
      () => groupNormalization({ ...NAME, groups: 4 }).build([null, 8, 30]),
      "GroupNormalization 'n': channels (30) must be divisible by groups (4); try groups: 5.",
    ],
    [
      'rank 2 under instanceNormalization',
      () => instanceNormalization(NAME).build([null, 3]),
      "InstanceNormalization 'n': input must be [N, ...space, C] of rank 3 or more, got rank 2, [2, 3]; " +
        'give one sample as [1, L, C]; for [N, C], without space, use BatchNorm or LayerNorm.',
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
