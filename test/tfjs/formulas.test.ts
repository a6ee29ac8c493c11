import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { seedOf } from '../../src/selftest/random.js'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import { TFJS_GRADIENT, TFJS_OUTPUT } from '../support/tolerance.js'
import * as oracle from './oracle.js'
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

interface Case {
  readonly title: string
  readonly layer: () => tf.layers.Layer
  readonly shape: number[]
  readonly slot: oracle.Norm['slot']
  readonly parameter: oracle.Norm['parameter']
  readonly epsilon?: number
  readonly centred?: boolean
}

const last = (index: readonly number[]) => index[index.length - 1]
const per =
  (...dimensions: number[]) =>
  (index: readonly number[]) =>
    dimensions.map((d) => index.at(d)).join()

function batch(shape: number[], axis: number, options: object = {}): Case {
  const title = `batchNormalization ${JSON.stringify({ axis, ...options })} on ${JSON.stringify(shape)}`
  const layer = () => batchNormalization({ axis, ...options })
  return { title, layer, shape, slot: per(axis), parameter: (index) => index.at(axis)! }
}

const CASES: readonly Case[] = [
  batch([7, 3], -1),
  batch([7, 3], 1),
  batch([4, 5, 3], -1),
  batch([3, 4, 2, 2], 1),
  batch([3, 2, 2, 4], 3),
  batch([3, 4, 2, 2], 1, { scale: false }),
  batch([3, 2, 2, 4], -1, { center: false }),
  batch([3, 4], -1, { scale: false, center: false }),
  batch([2, 3, 2, 2, 2], 1),
  batch([2, 2, 2, 2, 3], -1),
  batch([2, 3, 4, 2, 2], 2),
  batch([2, 2, 2, 1, 2, 3], -1),
  {
    title: 'layerNormalization {} on [5, 6]',
    layer: () => layerNormalization(),
    shape: [5, 6],
    slot: per(0),
    parameter: last,
  },
  {
    title: 'layerNormalization axis [1, 2] on [3, 2, 4]',
    layer: () => layerNormalization({ axis: [1, 2], epsilon: 1e-5 }),
    shape: [3, 2, 4],
    slot: per(0),
    parameter: ([, i, j]) => i * 4 + j,
    epsilon: 1e-5,
  },
  {
    title: 'layerNormalization rank 5, scale: false',
    layer: () => layerNormalization({ scale: false, axis: -1 }),
    shape: [2, 2, 2, 2, 5],
    slot: per(0, 1, 2, 3),
    parameter: last,
  },
  {
    title: 'layerNormalization rank 5, axis [-2, -1], center: false',
    layer: () => layerNormalization({ center: false, axis: [-2, -1] }),
    shape: [2, 2, 2, 2, 3],
    slot: per(0, 1, 2),
    parameter: ([, , , i, j]) => i * 3 + j,
  },
  {
    title: 'layerNormalization axis 1 on [2, 5, 3, 2]',
    layer: () => layerNormalization({ axis: 1 }),
    shape: [2, 5, 3, 2],
    slot: per(0, 2, 3),
    parameter: ([, c]) => c,
  },
  {
    title: 'layerNormalization axis [3, 1] on [2, 3, 2, 4]',
    layer: () => layerNormalization({ axis: [3, 1] }),
    shape: [2, 3, 2, 4],
    slot: per(0, 2),
    parameter: ([, i, , j]) => i * 4 + j,
  },
  {
    title: 'layerNormalization axis -3 on [2, 2, 4, 2, 1], rank 5',
    layer: () => layerNormalization({ axis: -3, scale: false }),
    shape: [2, 2, 4, 2, 1],
    slot: per(0, 1, 3, 4),
    parameter: ([, , i]) => i,
  },
  {
    title: 'layerNormalization axis [1, 4], rank 6',
    layer: () => layerNormalization({ axis: [1, 4] }),
    shape: [2, 3, 1, 2, 2, 2],
    slot: per(0, 2, 3, 5),
    parameter: ([, i, , , j]) => i * 2 + j,
  },
  {
    title: 'rmsNormalization axis 1 on [2, 5, 3]',
    layer: () => rmsNormalization({ axis: 1 }),
    shape: [2, 5, 3],
    slot: per(0, 2),
    parameter: ([, c]) => c,
    epsilon: 1e-6,
    centred: false,
  },
  {
    title: 'rmsNormalization {} on [5, 6]',
    layer: () => rmsNormalization(),
    shape: [5, 6],
    slot: per(0),
    parameter: last,
    epsilon: 1e-6,
    centred: false,
  },
  {
    title: 'rmsNormalization axis [1, 2], scale: false',
    layer: () => rmsNormalization({ axis: [1, 2], scale: false }),
    shape: [3, 2, 4],
    slot: per(0),
    parameter: last,
    epsilon: 1e-6,
    centred: false,
  },
  {
    title: 'groupNormalization channels last',
    layer: () => groupNormalization({ groups: 2 }),
    shape: [2, 3, 2, 6],
    slot: ([n, , , c]) => `${n},${Math.floor(c / 3)}`,
    parameter: last,
  },
  {
    title: 'groupNormalization channels first',
    layer: () => groupNormalization({ groups: 3, axis: 1, epsilon: 1e-5 }),
    shape: [2, 6, 2, 2],
    slot: ([n, c]) => `${n},${Math.floor(c / 2)}`,
    parameter: ([, c]) => c,
    epsilon: 1e-5,
  },
  {
    title: 'groupNormalization, channels in the middle',
    layer: () => groupNormalization({ groups: 2, axis: 2 }),
    shape: [2, 3, 4, 2],
    slot: ([n, , c]) => `${n},${Math.floor(c / 2)}`,
    parameter: ([, , c]) => c,
  },
  {
    title: 'groupNormalization, rank 6, channels first',
    layer: () => groupNormalization({ groups: 2, axis: 1 }),
    shape: [2, 4, 2, 1, 2, 1],
    slot: ([n, c]) => `${n},${Math.floor(c / 2)}`,
    parameter: ([, c]) => c,
  },
  {
    title: 'groupNormalization, rank 6, channels last',
    layer: () => groupNormalization({ groups: 2 }),
    shape: [2, 2, 1, 2, 1, 4],
    slot: (index) => `${index[0]},${Math.floor(last(index) / 2)}`,
    parameter: last,
  },
  {
    title: 'instanceNormalization, channels in the middle, rank 6',
    layer: () => instanceNormalization({ axis: [-2] }),
    shape: [2, 2, 1, 2, 3, 2],
    slot: per(0, 4),
    parameter: ([, , , , c]) => c,
  },
  {
    title: 'groupNormalization on [N, C]',
    layer: () => groupNormalization({ groups: 2, center: false }),
    shape: [3, 8],
    slot: ([n, c]) => `${n},${Math.floor(c / 4)}`,
    parameter: last,
  },
  {
    title: 'groupNormalization groups: -1, rank 5',
    layer: () => groupNormalization({ groups: -1, axis: 1, scale: false }),
    shape: [2, 3, 2, 2, 2],
    slot: per(0, 1),
    parameter: ([, c]) => c,
  },
  {
    title: 'instanceNormalization channels last',
    layer: () => instanceNormalization(),
    shape: [2, 5, 3],
    slot: per(0, -1),
    parameter: last,
  },
  {
    title: 'instanceNormalization channels first',
    layer: () => instanceNormalization({ axis: 1, epsilon: 1e-2 }),
    shape: [2, 3, 4, 2],
    slot: per(0, 1),
    parameter: ([, c]) => c,
    epsilon: 1e-2,
  },
]

/** Runs a case on float32 and holds output and all gradients against the formula's in float64. */
function compare(one: Case, training: boolean): void {
  const random = new Random(seedOf(one.title))
  const { shape } = one
  const layer = one.layer()
  const x = randomTensor(random, shape, 2, 3)
  const dy = randomTensor(random, shape)
  apply(layer, x)
  randomizeTrainable(random, layer)
  const weight = (...names: string[]) =>
    layer.trainableWeights.find(({ originalName }) => names.includes(originalName.split('/').at(-1)!))
  const [gamma, beta] = [weight('gamma', 'scale'), weight('beta')]
  const norm = {
    ...one,
    epsilon: one.epsilon ?? 1e-3,
    centred: one.centred ?? true,
    given: given(layer, training),
  }
  const values = { x: valuesOf(x), gamma: gamma ? valuesOf(gamma) : null, beta: beta ? valuesOf(beta) : null }

  expect(difference(valuesOf(apply(layer, x, training)), oracle.forward(norm, values))).toBeLessThan(
    TFJS_OUTPUT,
  )

  const sources = [x, gamma?.read(), beta?.read()].filter((tensor) => tensor !== undefined)
  const gradients = tf.grads(() => apply(layer, x, training))(sources, dy)
  const expected = oracle.gradients(norm, values, valuesOf(dy))
  const wanted = [expected.x, expected.gamma, expected.beta].filter((gradient) => gradient !== null)
  expect(gradients.map(({ shape }) => shape)).toEqual(sources.map(({ shape }) => shape))
  for (const [i, gradient] of gradients.entries()) {
    expect(difference(valuesOf(gradient), wanted[i])).toBeLessThan(TFJS_GRADIENT)
  }
}

/** BatchNormalization's moving statistics, set to something other than 0 and 1, where the call uses them. */
function given(layer: tf.layers.Layer, training: boolean): oracle.Norm['given'] {
  if (training || layer.nonTrainableWeights.length === 0) return undefined
  const channels = layer.nonTrainableWeights[0].shape[0]!
  const mean = Array.from({ length: channels }, (_, c) => c - 1.5)
  const variance = Array.from({ length: channels }, (_, c) => 0.5 + c)
  layer.nonTrainableWeights[0].write(tf.tensor1d(mean))
  layer.nonTrainableWeights[1].write(tf.tensor1d(variance))
  return new Map(mean.map((value, c) => [String(c), { mean: value, variance: variance[c] }]))
}

describe.each(TFJS_BACKENDS)('on tfjs backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(CASES)('$title: training is the formula, with its gradients', (one) => {
    compare(one, true)
  })

  it.each(CASES)('$title: inference is the formula, with its gradients', (one) => {
    compare(one, false)
  })

  it.each([
    ['batchNormalization', { axis: -1 }, [5, 3, 4]],
    ['layerNormalization', { axis: -1 }, [5, 7]],
  ] as const)('%s agrees with tfjs where that works', (name, options, shape) => {
    const random = new Random(7)
    const x = randomTensor(random, [...shape])
    const dy = randomTensor(random, [...shape])
    const ours = { batchNormalization, layerNormalization }[name](options)
    const theirs = tf.layers[name](options)
    for (const layer of [ours, theirs]) apply(layer, x)
    randomizeTrainable(random, theirs)
    ours.setWeights(theirs.getWeights())
    const results = [ours, theirs].map((layer) => {
      const sources = [x, ...layer.trainableWeights.map((weight) => weight.read())]
      const gradients = tf.grads(() => apply(layer, x, true))(sources, dy)
      return [apply(layer, x, true), apply(layer, x), ...gradients, ...layer.getWeights()].map(valuesOf)
    })
    for (const [i, result] of results[0].entries()) {
      expect(difference(result, results[1][i])).toBeLessThan(TFJS_GRADIENT)
    }
  })
})
