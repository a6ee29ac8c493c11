import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  BatchNormalization,
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import { TFJS_OUTPUT } from '../support/tolerance.js'
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

const FACTORIES = {
  batchNormalization,
  layerNormalization,
  groupNormalization,
  instanceNormalization,
  rmsNormalization,
}

/** Every layer, with options that are not the defaults. A saved file must therefore contain them. */
const LAYERS: readonly [string, () => tf.layers.Layer, string[]][] = [
  [
    'BatchNormalization',
    () => batchNormalization({ axis: 1, momentum: 0.5, epsilon: 1e-4, name: 'norm' }),
    ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  ],
  [
    'LayerNormalization',
    () => layerNormalization({ axis: [1, 2], epsilon: 1e-4, scale: false, name: 'norm' }),
    ['beta'],
  ],
  ['LayerNormalization', () => layerNormalization({ axis: 1, name: 'norm' }), ['gamma', 'beta']],
  [
    'GroupNormalization',
    () => groupNormalization({ groups: 2, axis: 1, epsilon: 1e-4, name: 'norm' }),
    ['gamma', 'beta'],
  ],
  ['InstanceNormalization', () => instanceNormalization({ axis: 1, center: false, name: 'norm' }), ['gamma']],
  ['RMSNormalization', () => rmsNormalization({ axis: [-2, -1], epsilon: 1e-4, name: 'norm' }), ['scale']],
]

const SAMPLES = 24
const FEATURES = 5

/** dense -> [4, 3] -> norm -> relu -> dense. It trains on both backends of tfjs. */
function modelWith(layer: tf.layers.Layer): tf.Sequential {
  const initializer = (seed: number) => tf.initializers.glorotUniform({ seed })
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 12,
        inputShape: [FEATURES],
        useBias: false,
        kernelInitializer: initializer(1) as never,
      }),
      tf.layers.reshape({ targetShape: [4, 3] }),
      layer,
      tf.layers.reLU(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 1, kernelInitializer: initializer(2) as never }),
    ],
  })
  model.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' })
  return model
}

function data() {
  const x = randomTensor(new Random(11), [SAMPLES, FEATURES]) as tf.Tensor2D
  const y = tf.tidy(() =>
    x
      .slice([0, 0], [-1, 1])
      .mul(x.slice([0, 1], [-1, 1]))
      .add(1),
  )
  return { x, y }
}

describe.each(TFJS_BACKENDS)('in a tf.LayersModel on tfjs backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(LAYERS)('%s trains, saves and loads', async (kind, layer, weights) => {
    const model = modelWith(layer())
    const { x, y } = data()
    const { history } = await model.fit(x, y, { epochs: 30, batchSize: 8, shuffle: false, verbose: 0 })
    const loss = history.loss as number[]
    expect(loss[loss.length - 1]).toBeLessThan(loss[0] / 3)

    const artifacts = await saved(model)
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts))
    const norm = loaded.getLayer('norm')
    expect(norm.getClassName()).toBe(`Evenkeel${kind}`)
    expect(norm.getConfig()).toEqual(model.getLayer('norm').getConfig())
    expect(norm.weights.map(({ originalName }) => originalName)).toEqual(
      weights.map((name) => `norm/${name}`),
    )
    expect(valuesOf(loaded.predict(x) as tf.Tensor)).toEqual(valuesOf(model.predict(x) as tf.Tensor))
  })

  it.each(LAYERS)('%s trains in an eager loop', (_, layer) => {
    const norm = layer()
    const x = randomTensor(new Random(12), [6, 4, 3], 2, 1)
    const target = randomTensor(new Random(13), [6, 4, 3])
    const before = apply(norm, x).sub(target).square().mean().arraySync()
    const loss = () => apply(norm, x, true).sub(target).square().mean() as tf.Scalar
    const optimizer = tf.train.sgd(0.5)
    for (let step = 0; step < 10; step++) optimizer.minimize(loss)
    expect(loss().arraySync()).toBeLessThan(before as number)
  })
})

describe('configuration', () => {
  const INITIALIZED = {
    gammaInitializer: tf.initializers.constant({ value: 2 }),
    gammaRegularizer: 'l1l2',
    gammaConstraint: tf.constraints.minMaxNorm({ minValue: 0.5, maxValue: 3 }),
  }
  const SHIFTED = {
    betaInitializer: 'ones',
    betaRegularizer: tf.regularizers.l2({ l2: 0.5 }),
    betaConstraint: 'nonNeg',
  }

  it.each([
    ['batchNormalization', { axis: -1, momentum: 0.99, epsilon: 1e-3, center: true, scale: true }],
    ['layerNormalization', { axis: -1, epsilon: 1e-3, center: true, scale: true }],
    ['groupNormalization', { groups: 32, axis: -1, epsilon: 1e-3, center: true, scale: true }],
    ['instanceNormalization', { groups: -1, axis: -1, epsilon: 1e-3, center: true, scale: true }],
    ['rmsNormalization', { axis: -1, epsilon: 1e-6, scale: true }],
  ] as const)("%s has Keras's defaults", (name, defaults) => {
    expect(FACTORIES[name]().getConfig()).toMatchObject({
      ...defaults,
      gammaInitializer: { className: 'Ones', config: {} },
    })
  })

  it.each([
    ['batchNormalization', { ...INITIALIZED, ...SHIFTED, movingMeanInitializer: 'ones', momentum: 0.25 }],
    ['layerNormalization', { ...INITIALIZED, ...SHIFTED }],
    ['groupNormalization', { ...INITIALIZED, ...SHIFTED, groups: 3 }],
    ['instanceNormalization', { ...INITIALIZED, ...SHIFTED }],
    ['rmsNormalization', INITIALIZED],
  ] as const)('%s carries initializers, regularizers and constraints through getConfig', (name, args) => {
    const layer = FACTORIES[name](args)
    const config = layer.getConfig()
    const again = tf.serialization.Serializable.fromConfig(
      layer.constructor as tf.serialization.SerializableConstructor<tf.layers.Layer>,
      JSON.parse(JSON.stringify(config)),
    )
    expect(again.getConfig()).toEqual(config)
    again.build([null, 4, 6])
    expect(valuesOf(again.weights[0])).toEqual(Array(6).fill(2))
    if (name !== 'rmsNormalization') expect(valuesOf(again.weights[1])).toEqual(Array(6).fill(1))
    again.weights[0].write(tf.fill([6], 100))
    const norm = Math.hypot(...valuesOf(again.weights[0]))
    expect(Math.abs(norm - 3)).toBeLessThan(TFJS_OUTPUT)
    const penalty = again.calculateLosses().map((loss) => loss.arraySync())
    expect(difference(penalty.slice(0, 1) as number[], [0.01 * (6 * (3 / Math.sqrt(6)) + 9)])).toBeLessThan(
      TFJS_OUTPUT,
    )
    expect(penalty[1]).toBe(name === 'rmsNormalization' ? undefined : 3)
  })

  it('keeps tfjs and evenkeel apart in the registry', () => {
    const registry = tf.serialization.SerializationMap.getMap().classNameMap
    expect(registry.BatchNormalization[0]).toBe(tf.layers.batchNormalization().constructor)
    expect(registry.EvenkeelBatchNormalization[0]).toBe(BatchNormalization)
  })
})
