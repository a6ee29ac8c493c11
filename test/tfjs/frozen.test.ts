import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { batchNormalization } from '../../src/tfjs/index.js'
import { apply, Random, randomTensor, saved, TFJS_BACKENDS, useBackend, valuesOf } from './support.js'

// A frozen layer runs in inference mode, and its moving statistics do not change, for every way to freeze it.

const FEATURES = 4

/** A dense layer with the same initial weights in each run. */
const dense = (inputs: number, units: number, seed: number) =>
  tf.layers.dense({
    units,
    inputShape: [inputs],
    kernelInitializer: tf.initializers.glorotUniform({ seed }) as never,
  })

interface Built {
  readonly norm: tf.layers.Layer
  readonly model: tf.LayersModel
}

type Args = Parameters<typeof batchNormalization>[0]
type Freeze = (norm: tf.layers.Layer, holder: tf.LayersModel) => void

/** dense -> norm as a model: a tf.sequential, or a functional model. */
function inner(norm: tf.layers.Layer, functional: boolean): tf.LayersModel {
  const first = dense(FEATURES, 3, 1)
  if (!functional) return tf.sequential({ layers: [first, norm] })
  const input = tf.input({ shape: [FEATURES] })
  return tf.model({ inputs: input, outputs: norm.apply(first.apply(input)) as tf.SymbolicTensor })
}

/** Puts a trainable layer after a model, so that the whole can be trained. */
function withHead(body: tf.LayersModel, functional: boolean): tf.LayersModel {
  const head = dense(3, 1, 2)
  if (!functional) return tf.sequential({ layers: [body, head] })
  const input = tf.input({ shape: [FEATURES] })
  return tf.model({ inputs: input, outputs: head.apply(body.apply(input)) as tf.SymbolicTensor })
}

const compile = (model: tf.LayersModel) =>
  model.compile({ optimizer: tf.train.sgd(1e-3), loss: 'meanSquaredError' })

function build(args: Args, functional: boolean, before: Freeze, after: Freeze): Built {
  const norm = batchNormalization({ name: 'norm', momentum: 0.5, ...args })
  const body = inner(norm, functional)
  const model = withHead(body, functional)
  before(norm, body)
  compile(model)
  after(norm, body)
  return { norm, model }
}

const nothing: Freeze = () => {}
const layer: Freeze = (norm) => {
  norm.trainable = false
}
const body: Freeze = (_, holder) => {
  holder.trainable = false
}
const weights: Freeze = (norm) => {
  for (const weight of norm.trainableWeights) weight.trainable = false
}

/** title, options, functional models, frozen before compile, frozen after it. */
const WAYS: readonly [string, Args, boolean, Freeze, Freeze][] = [false, true].flatMap((functional) => {
  const kind = functional ? 'functional' : 'sequential'
  const rows: [string, Args, boolean, Freeze, Freeze][] = [
    ['trainable: false in the constructor', { trainable: false }, functional, nothing, nothing],
    ['the layer, before compile', {}, functional, layer, nothing],
    ['the layer, after compile', {}, functional, nothing, layer],
    ['the model in the model, after compile', {}, functional, nothing, body],
    ['its weights one by one, after compile', {}, functional, nothing, weights],
  ]
  // `compile` of a tf.sequential makes all weights in it trainable again.
  if (functional) rows.push(['the model in the model, before compile', {}, functional, body, nothing])
  return rows.flatMap(([title, ...row]) => {
    const bare = { ...row[0], scale: false, center: false }
    const named = `${title} (${kind})`
    const both: typeof rows = [[named, ...row]]
    if (!title.startsWith('its weights'))
      both.push([`${named}, without gamma and beta`, bare, row[1], row[2], row[3]])
    return both
  })
})

function data() {
  const x = randomTensor(new Random(41), [12, FEATURES], 2, 3)
  return { x, y: tf.zeros([12, 1]) }
}

const train = (model: tf.LayersModel) => {
  const { x, y } = data()
  return model.fit(x, y, { epochs: 2, batchSize: 4, shuffle: false, verbose: 0 })
}

const valuesIn = (norm: tf.layers.Layer) => norm.getWeights().map(valuesOf)

describe.each(TFJS_BACKENDS)('on tfjs backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(WAYS)(
    '%s: fit leaves all four as they are, and uses them',
    async (_, args, functional, before, after) => {
      const { norm, model } = build(args, functional, before, after)
      const start = valuesIn(norm)
      await train(model)
      expect(valuesIn(norm)).toEqual(start)
      const x = randomTensor(new Random(42), [5, 3], 2, 3)
      expect(valuesOf(apply(norm, x, true))).toEqual(valuesOf(apply(norm, x, false)))
      expect(valuesIn(norm)).toEqual(start)
    },
  )

  it.each(WAYS)('%s: saved and loaded, it is frozen', async (_, args, functional, before, after) => {
    const { model } = build(args, functional, before, after)
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(await saved(model)))
    compile(loaded)
    const norm = normOf(loaded)
    const start = valuesIn(norm)
    await train(loaded)
    expect(valuesIn(norm)).toEqual(start)
    norm.trainable = true
    compile(loaded)
    await train(loaded)
    expect(valuesIn(norm)).not.toEqual(start)
  })

  it.each([{}, { scale: false, center: false }])(
    '%j: thawed by the way it was frozen, it goes on',
    async (args) => {
      for (const freeze of [layer, body]) {
        const { norm, model } = build(args, true, nothing, freeze)
        const start = valuesIn(norm)
        if (freeze === layer) norm.trainable = true
        else for (const part of model.layers) part.trainable = true
        await train(model)
        for (const [i, values] of valuesIn(norm).entries()) expect(values).not.toEqual(start[i])
      }
    },
  )

  it('a model that is frozen as a whole, with every layer of it', () => {
    for (const args of [{}, { scale: false, center: false }]) {
      const norm = batchNormalization(args)
      const model = inner(norm, true)
      model.trainable = false
      expect(norm.getConfig().trainable).toBe(false)
      const start = valuesIn(norm)
      model.apply(data().x, { training: true })
      expect(valuesIn(norm)).toEqual(start)
      model.trainable = true
      expect(norm.getConfig().trainable).toBe(true)
      model.apply(data().x, { training: true })
      expect(valuesIn(norm)).not.toEqual(start)
    }
  })

  it('inside a wrapper', () => {
    const norm = batchNormalization()
    const wrapper = tf.layers.timeDistributed({ layer: norm, inputShape: [2, FEATURES] })
    const x = randomTensor(new Random(43), [6, 2, FEATURES])
    wrapper.apply(x, { training: true })
    const start = valuesIn(norm)
    wrapper.trainable = false
    wrapper.apply(x, { training: true })
    expect(valuesIn(norm)).toEqual(start)
  })

  it('a model in a model in a model, by the one that holds the layer', async () => {
    const norm = batchNormalization()
    const innermost = inner(norm, true)
    const input = tf.input({ shape: [FEATURES] })
    const middle = tf.model({ inputs: input, outputs: innermost.apply(input) as tf.SymbolicTensor })
    const model = withHead(middle, true)
    innermost.trainable = false
    compile(model)
    const start = valuesIn(norm)
    await train(model)
    expect(valuesIn(norm)).toEqual(start)
  })

  it('frozen, it still passes the gradient on to the layers before it', async () => {
    const { model } = build({ trainable: false }, true, nothing, nothing)
    const start = model.getWeights().map(valuesOf)
    await train(model)
    const moved = model.getWeights().map((weight, i) => String(valuesOf(weight)) !== String(start[i]))
    expect(moved.filter(Boolean).length).toBe(4)
  })
})

/** The layer called 'norm', in a model or in a model within it. */
function normOf(model: tf.LayersModel): tf.layers.Layer {
  for (const part of model.layers) {
    if (part.name === 'norm') return part
    if (part instanceof tf.LayersModel) return normOf(part)
  }
  throw new Error('there is no norm')
}
