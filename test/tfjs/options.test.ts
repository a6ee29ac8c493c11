import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { EvenkeelError } from '../../src/errors.js'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import { useBackend, valuesOf } from './support.js'

beforeAll(() => useBackend('cpu'))

const FACTORIES = {
  batchNormalization,
  layerNormalization,
  groupNormalization,
  instanceNormalization,
  rmsNormalization,
}
type Factory = keyof typeof FACTORIES
const NAMES = Object.keys(FACTORIES) as Factory[]

/** A factory without types, as in JavaScript. */
const make = (name: Factory, args: unknown) => FACTORIES[name](args as object) as tf.layers.Layer

describe('options that do not exist', () => {
  it.each<[Factory, object, RegExp]>([
    ['batchNormalization', { eps: 1e-12 }, /^BatchNormalization: there is no option eps; try epsilon; /],
    [
      'layerNormalization',
      { name: 'n', eps: 1e-12 },
      /^LayerNormalization 'n': there is no option eps; try epsilon; /,
    ],
    [
      'groupNormalization',
      { group: 4 },
      /no option group; try groups; the options are groups, axis, epsilon, /,
    ],
    ['groupNormalization', { numGroups: 4 }, /no option numGroups; try groups; /],
    ['batchNormalization', { axes: [3] }, /no option axes; try axis; /],
    ['batchNormalization', { decay: 0.9 }, /no option decay; try momentum; /],
    ['batchNormalization', { beta_initializer: 'ones' }, /no option beta_initializer; try betaInitializer; /],
    ['layerNormalization', { normalizedShape: [4] }, /no option normalizedShape; try axis; /],
    ['layerNormalization', { affine: false }, /no option affine; try scale; /],
    ['layerNormalization', { bias: false }, /no option bias; try center; /],
    ['rmsNormalization', { center: false }, /no option center; /],
    ['rmsNormalization', { gamaInitializer: 'ones' }, /no option gamaInitializer; try gammaInitializer; /],
    ['layerNormalization', { momentum: 0.9 }, /no option momentum/],
    ['layerNormalization', { groups: 4 }, /no option groups/],
    ['instanceNormalization', { trainabel: false }, /no option trainabel; try trainable; /],
    ['batchNormalization', { undefinedOption: undefined }, /no option undefinedOption; /],
  ])('%s(%j)', (name, args, message) => {
    expect(() => make(name, args)).toThrow(message)
    expect(() => make(name, args)).toThrow(EvenkeelError)
  })

  it.each(NAMES)('%s: what is no object of options', (name) => {
    for (const args of [null, 3, 'axis', [1]]) {
      expect(() => make(name, args)).toThrow(/options must be an object/)
    }
  })
})

describe("options of Keras's that ask for something else", () => {
  it.each<[Factory, object, string]>([
    [
      'batchNormalization',
      { renorm: true },
      'BatchNormalization: renorm: true asks for something that this layer does not do; ' +
        'leave it out, which trains by plain batch normalization.',
    ],
    [
      'batchNormalization',
      { name: 'n', virtualBatchSize: 8 },
      "BatchNormalization 'n': virtualBatchSize: 8 asks for something that this layer does not do; " +
        'leave it out, which trains by plain batch normalization.',
    ],
    [
      'layerNormalization',
      { rmsScaling: true },
      'LayerNormalization: rmsScaling: true asks for something that this layer does not do; ' +
        'leave it out; rmsNormalization, to which Keras points instead, divides by the root mean square.',
    ],
    [
      'instanceNormalization',
      { groups: 4 },
      'InstanceNormalization: groups: 4 asks for something that this layer does not do; ' +
        'use groupNormalization, which has groups.',
    ],
    [
      'rmsNormalization',
      { activityRegularizer: 'l2' },
      "RMSNormalization: activityRegularizer: 'l2' asks for something that this layer does not do; " +
        'add the penalty to the loss, and leave activityRegularizer out.',
    ],
    [
      'groupNormalization',
      { dtype: { className: 'DTypePolicy', config: { name: 'mixedFloat16' } } },
      "GroupNormalization: dtype must be 'float32', 'int32' or 'bool', the input's, got 'mixedFloat16'; " +
        "use dtype: 'float32', in which this layer computes, or leave it out.",
    ],
  ])('%s(%j)', (name, args, message) => {
    expect(() => make(name, args)).toThrow(message)
  })
})

describe('values that do not fit', () => {
  it.each<[Factory, object, string]>([
    ['batchNormalization', { momentum: '0.5' }, "momentum must be from 0 to 1, got '0.5'; try 0.99."],
    ['layerNormalization', { epsilon: '1e-3' }, "epsilon must be positive and finite, got '1e-3'; try 1e-3."],
    ['layerNormalization', { scale: 0 }, 'scale must be true or false, got 0; give one of these.'],
    ['batchNormalization', { center: 'no' }, "center must be true or false, got 'no'; give one of these."],
    [
      'groupNormalization',
      { groups: 2.5 },
      'groups must be a whole number from 1 up, or -1 for one per channel, got 2.5; ' +
        'try groups: 32, or another divisor of the number of channels.',
    ],
    ['groupNormalization', { groups: 0 }, 'groups must be a whole number from 1 up'],
    ['layerNormalization', { axis: [] }, 'axis must be a whole number or an array of them, got []; '],
    ['groupNormalization', { axis: 1.5 }, 'axis must be a whole number or an array of them, got 1.5; '],
    [
      'layerNormalization',
      { gammaRegularizer: 'zeros' },
      "gammaRegularizer must be one of tfjs's regularizers or the name of one, got 'zeros'; " +
        "try 'l1l2' or tf.regularizers.l2({ l2: 0.01 }).",
    ],
    [
      'batchNormalization',
      { movingMeanInitializer: tf.constraints.nonNeg() },
      "movingMeanInitializer must be one of tfjs's initializers or the name of one, got the object NonNeg; " +
        "try 'zeros' or tf.initializers.constant({ value: 2 }).",
    ],
    [
      'batchNormalization',
      { betaConstraint: 'positive' },
      "betaConstraint must be one of tfjs's constraints or the name of one, got 'positive'; " +
        "try 'nonNeg' or tf.constraints.maxNorm({ maxValue: 2 }).",
    ],
  ])('%s(%j)', (name, args, message) => {
    expect(() => make(name, { name: 'n', ...args })).toThrow(message)
  })

  it.each([
    ['l1', { l1: 0.01, l2: 0 }],
    ['l2', { l1: 0, l2: 0.01 }],
    ['l1_l2', { l1: 0.01, l2: 0.01 }],
    ['l1l2', { l1: 0.01, l2: 0.01 }],
  ])("Keras's name %s is a regularizer", (gammaRegularizer, config) => {
    const { gammaRegularizer: found } = layerNormalization({ gammaRegularizer }).getConfig()
    expect(found).toEqual({ className: 'L1L2', config })
  })
})

describe("what tfjs's own base class takes", () => {
  it.each(NAMES)('%s passes it on', (name) => {
    const weights = name === 'batchNormalization' ? [[2], [3], [4], [5]] : [[2], [3]]
    const layer = make(name, {
      name: 'mine',
      trainable: false,
      inputShape: [3, 4],
      batchSize: 7,
      dtype: 'int32',
      inputDType: 'int32',
      updatable: true,
      customObjects: {},
      ...(name === 'groupNormalization' ? { groups: 2 } : {}),
      weights: weights.slice(0, name === 'rmsNormalization' ? 1 : 4).map(([value]) => tf.fill([4], value)),
    })
    const model = tf.sequential({ layers: [layer] })
    expect(model.inputs[0].shape).toEqual([7, 3, 4])
    expect(model.inputs[0].dtype).toBe('int32')
    expect(layer.name).toBe('mine')
    expect(layer.trainable).toBe(false)
    expect(valuesOf(layer.getWeights()[0])).toEqual([2, 2, 2, 2])
    expect(model.weights.length).toBe(layer.weights.length)
  })

  it.each(NAMES)('%s takes batchInputShape, and undefined for everything', (name) => {
    const layer = make(name, { batchInputShape: [2, 3, 64] })
    expect(layer.batchInputShape).toEqual([2, 3, 64])
    const nothing = Object.fromEntries(Object.keys(layer.getConfig()).map((option) => [option, undefined]))
    const { name: _, batchInputShape, dtype, ...config } = layer.getConfig()
    expect(make(name, nothing).getConfig()).toMatchObject(config)
  })
})

describe('writing to a layer', () => {
  it('epsilon and momentum take effect, and keep their values where the new one does not fit', () => {
    const layer = batchNormalization({ momentum: 0.5 })
    const x = tf.tensor2d([[0], [2]])
    layer.epsilon = 3
    layer.momentum = 0
    expect(valuesOf(layer.apply(x, { training: true }) as tf.Tensor)).toEqual([-0.5, 0.5])
    expect(layer.getWeights().slice(2).map(valuesOf)).toEqual([[1], [1]])
    expect(() => {
      layer.epsilon = 0
    }).toThrow(/epsilon must be positive and finite, got 0/)
    expect(() => {
      layer.momentum = 2
    }).toThrow(/momentum must be from 0 to 1, got 2/)
    expect(layer.getConfig()).toMatchObject({ epsilon: 3, momentum: 0 })
  })

  it.each<[Factory, string[], string[]]>([
    ['batchNormalization', ['axis', 'scale', 'center'], ['gamma', 'beta', 'movingMean', 'movingVariance']],
    ['layerNormalization', ['axis', 'scale', 'center'], ['gamma', 'beta']],
    ['groupNormalization', ['axis', 'groups', 'scale', 'center'], ['gamma', 'beta']],
    ['instanceNormalization', ['axis', 'groups', 'scale', 'center'], ['gamma', 'beta']],
    ['rmsNormalization', ['axis', 'scale', 'center'], ['gamma', 'beta']],
  ])('%s throws where nothing would follow, before it is built and after', (name, options, variables) => {
    const layer = make(name, { name: 'n' })
    for (const built of [false, true]) {
      if (built) layer.build([null, 3, 64])
      for (const option of [...options, ...variables]) {
        const remedy = options.includes(option) ? /construct a new layer with it/ : /setWeights\(\[/
        const write = new Function('layer', 'option', 'layer[option] = null')
        expect(() => write(layer, option), option).toThrow(new RegExp(`'n': ${option} cannot be replaced; `))
        expect(() => write(layer, option), option).toThrow(remedy)
      }
    }
  })

  it('the remedy works: a new layer takes the old one over', () => {
    const old = batchNormalization({ axis: 1 })
    old.build([null, 3, 3])
    old.setWeights([2, 3, 4, 5].map((value) => tf.fill([3], value)))
    const next = batchNormalization({ axis: 2, epsilon: 1e-5 })
    next.build([null, 3, 3])
    next.setWeights(old.getWeights())
    expect(next.getWeights().map(valuesOf)).toEqual(old.getWeights().map(valuesOf))
  })
})
