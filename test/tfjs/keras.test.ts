import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  BatchNormalization,
  batchNormalization,
  GroupNormalization,
  groupNormalization,
  instanceNormalization,
  LayerNormalization,
  layerNormalization,
  RMSNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import { decodeTensor, type Encoded } from '../support/pytorch.js'
import { KERAS_OUTPUT, TFJS_GRADIENT, TFJS_OUTPUT } from '../support/tolerance.js'
import { apply, difference, TFJS_BACKENDS, useBackend, valuesOf } from './support.js'

const CLASSES: Record<string, typeof BatchNormalization> = {
  BatchNormalization,
  LayerNormalization,
  GroupNormalization,
  RMSNormalization,
} as never
const FACTORIES = {
  batchNormalization,
  layerNormalization,
  groupNormalization,
  instanceNormalization,
  rmsNormalization,
}

// Compares with the same layers in Keras 3. test/fixtures/keras/README.md says how the fixtures are made.

/** A layer in Keras's JSON. */
interface Serialized {
  readonly class_name: string
  readonly config: tf.serialization.ConfigDict
}

interface Call {
  readonly title: string
  readonly layer: Serialized
  readonly training: boolean
  readonly weightNames: string[]
  readonly x: Encoded
  readonly dy: Encoded
  readonly before: Encoded[]
  readonly y: Encoded
  /** The gradients with respect to x, and to gamma and beta if the layer has them. */
  readonly gradients: Encoded[]
  readonly after: Encoded[]
}

interface Fixture {
  readonly calls: Call[]
  readonly fit: { x: Encoded; y: Encoded; before: Encoded[]; after: Encoded[]; loss: number[] }
  readonly configurations: Serialized[]
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/keras/layers.json', import.meta.url), 'utf8'),
)

function tensorOf(encoded: Encoded): tf.Tensor {
  const { data, shape } = decodeTensor(encoded)
  return tf.tensor(data as Float32Array, [...shape])
}

/** tfjs loads a model from Keras's JSON, with this package's class in place of Keras's. Returns its first layer. */
async function loaded({ class_name, config }: Serialized, inputShape: tf.Shape): Promise<tf.layers.Layer> {
  const layer = { class_name: `Evenkeel${class_name}`, config: { ...config, batch_input_shape: inputShape } }
  const model = { class_name: 'Sequential', config: { name: 'model', layers: [layer] } }
  return (await tf.models.modelFromJSON(structuredClone(model) as never)).layers[0]
}

function expectClose(actual: tf.Tensor, expected: Encoded, tolerance: number): void {
  expect(actual.shape).toEqual(expected.shape)
  expect(difference(valuesOf(actual), decodeTensor(expected).data)).toBeLessThan(tolerance)
}

describe.each(TFJS_BACKENDS)('as Keras computes, on tfjs backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(fixture.calls)('$title', async (call) => {
    const x = tensorOf(call.x)
    // Only the extent of the channels is known when the layer is built. It gets the other extents in the call.
    const isGroup = call.layer.class_name === 'GroupNormalization'
    const inputShape = x.shape.map((extent, i) =>
      i === 0 || (isGroup && i === 1 && x.rank === 3 && extent === 1) ? null : extent,
    )
    const layer = await loaded(call.layer, inputShape)
    expect(layer.weights.map(({ originalName }) => originalName.split('/').at(-1))).toEqual(call.weightNames)
    const weights = [...layer.weights]
    const reset = () => layer.setWeights(call.before.map(tensorOf))
    reset()
    expectClose(apply(layer, x, call.training), call.y, KERAS_OUTPUT)
    for (const [i, weight] of layer.getWeights().entries()) expectClose(weight, call.after[i], TFJS_OUTPUT)
    reset()
    const sources = [x, ...weights.slice(0, call.gradients.length - 1).map((weight) => weight.read())]
    const gradients = tf.grads(() => apply(layer, x, call.training))(sources, tensorOf(call.dy))
    for (const [i, gradient] of gradients.entries()) expectClose(gradient, call.gradients[i], TFJS_GRADIENT)
  })

  it('model.fit of 33 rows in batches of 32 goes on, to the same weights', async () => {
    const { x, y, before, after, loss } = fixture.fit
    const model = tf.sequential({
      layers: [batchNormalization({ momentum: 0.5, inputShape: [3] }), tf.layers.dense({ units: 2 })],
    })
    const [norm, dense] = model.layers
    norm.setWeights(before.slice(0, 4).map(tensorOf))
    dense.setWeights(before.slice(4).map(tensorOf))
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' })
    const options = { batchSize: 32, epochs: 2, shuffle: false, verbose: 0 } as const
    const { history } = await model.fit(tensorOf(x), tensorOf(y), options)
    const weights = [...norm.getWeights(), ...dense.getWeights()]
    for (const [i, weight] of weights.entries()) expectClose(weight, after[i], TFJS_GRADIENT)
    expect(difference(history.loss as number[], loss)).toBeLessThan(TFJS_GRADIENT * loss[0])
  })
})

describe("Keras's configurations", () => {
  beforeAll(() => useBackend('cpu'))

  const INPUT: tf.Shape = [null, 4, 6]
  /** The configurations of the layers of Keras in this package. */
  const EXPECTED: Record<string, object> = {
    BatchNormalization: {
      axis: 1,
      momentum: 0.9,
      epsilon: 1e-4,
      gammaRegularizer: { className: 'L1L2', config: { l1: 0, l2: 0.01 } },
      betaConstraint: { className: 'NonNeg', config: {} },
    },
    LayerNormalization: {
      axis: [1, 2],
      gammaRegularizer: { className: 'L1L2', config: { l1: 0.5, l2: 0 } },
      gammaInitializer: { className: 'Constant', config: { value: 2 } },
    },
    GroupNormalization: {
      groups: 2,
      gammaConstraint: { className: 'MaxNorm', config: { maxValue: 2, axis: 0 } },
      betaRegularizer: { className: 'L1L2', config: { l1: 0.1, l2: 0.2 } },
    },
    RMSNormalization: { axis: [-1], epsilon: 1e-4 },
  }

  it.each(fixture.configurations)(
    '$class_name loads, and is the same after its own round trip',
    async (keras) => {
      const layer = await loaded(keras, INPUT)
      expect(layer.getConfig()).toMatchObject({ ...EXPECTED[keras.class_name], dtype: 'float32' })
      const again = await loaded({ class_name: keras.class_name, config: layer.getConfig() }, INPUT)
      expect(again.getConfig()).toEqual(layer.getConfig())
    },
  )

  it.each(fixture.configurations)(
    '$class_name.fromConfig takes them as they are',
    ({ class_name, config }) => {
      const Layer = CLASSES[class_name]
      const layer = Layer.fromConfig(Layer, config) as tf.layers.Layer
      expect(layer.getConfig()).toMatchObject(EXPECTED[class_name])
      layer.build(INPUT)
      expect(layer.weights.length).toBeGreaterThan(0)
    },
  )

  it.each([
    ['batchNormalization', { axis: [3] }, { axis: 3 }],
    [
      'batchNormalization',
      { axis: [-1], renorm: false, virtualBatchSize: null, adjustment: null },
      { axis: -1 },
    ],
    [
      'batchNormalization',
      { fused: true, renormClipping: null, renormMomentum: 0.9, synchronized: true },
      {},
    ],
    ['groupNormalization', { axis: [1], groups: 2 }, { axis: 1 }],
    ['layerNormalization', { axis: [3], rmsScaling: false }, { axis: [3] }],
    [
      'layerNormalization',
      { dtype: { className: 'DTypePolicy', config: { name: 'float32' } }, autocast: true },
      {},
    ],
    ['instanceNormalization', { groups: -1 }, { groups: -1 }],
    ['rmsNormalization', { quantizationConfig: null, activityRegularizer: null }, {}],
  ] as const)('%s %j is the layer without what asks for nothing', (name, args, config) => {
    const layer = FACTORIES[name](args as object)
    expect(layer.getConfig()).toMatchObject(config)
    layer.build([null, 4, 4, 6])
  })
})
