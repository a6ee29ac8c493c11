import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { batchNormalization, layerNormalization } from '../../src/tfjs/index.js'
import { TFJS_OUTPUT } from '../support/tolerance.js'
import { apply, difference, Random, randomTensor, TFJS_BACKENDS, useBackend, valuesOf } from './support.js'

type Factory = (args: object) => tf.layers.Layer
const OURS: Record<string, Factory> = { batchNormalization, layerNormalization }
const THEIRS: Record<string, Factory> = {
  batchNormalization: (args) => tf.layers.batchNormalization(args),
  layerNormalization: (args) => tf.layers.layerNormalization(args),
}

/** A training step: the gradients of the loss with respect to the input and the trainable weights. */
function step(layer: tf.layers.Layer, x: tf.Tensor): number[] {
  apply(layer, x)
  const sources = [x, ...layer.trainableWeights.map((weight) => weight.read())]
  const loss = () => apply(layer, x, true).pow(3).mean() as tf.Scalar
  return tf.grads(loss)(sources).flatMap(valuesOf)
}

/** What tfjs 4.22 cannot do. If a newer tfjs can, the first expectation fails. Then remove that row. */
const FAILURES = [
  ['channels first', 'batchNormalization', { axis: 1 }, [3, 4, 2, 2], /must match the product of shape/],
  ['no scale', 'batchNormalization', { scale: false }, [6, 4], /reading 'read'/],
  ['no centre', 'batchNormalization', { center: false }, [6, 4], /reading 'read'/],
  ['rank 5', 'batchNormalization', {}, [2, 2, 2, 2, 3], /rank 5/],
  ['rank 5', 'layerNormalization', {}, [2, 2, 2, 2, 3], /rank 5/],
] as const

describe.each(TFJS_BACKENDS)('what tfjs itself fails at, on its backend %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(FAILURES)('%s: %s %j trains', (_, name, args, shape, message) => {
    const x = randomTensor(new Random(1), [...shape])
    expect(() => step(THEIRS[name](args), x)).toThrow(message)
    const gradients = step(OURS[name](args), x)
    expect(gradients.every(Number.isFinite)).toBe(true)
    expect(Math.max(...gradients.map(Math.abs))).toBeGreaterThan(1e-3)
  })

  it('trainable: false leaves the moving statistics alone, and normalizes with them', () => {
    const x = randomTensor(new Random(2), [8, 3], 2, 5)
    const theirs = tf.layers.batchNormalization({ trainable: false })
    const ours = batchNormalization({ trainable: false })
    for (const layer of [theirs, ours]) apply(layer, x)
    const before = ours.getWeights().map(valuesOf)
    const y = apply(ours, x, true)
    apply(theirs, x, true)
    expect(theirs.getWeights().map(valuesOf)).not.toEqual(before)
    expect(ours.getWeights().map(valuesOf)).toEqual(before)
    expect(valuesOf(y)).toEqual(valuesOf(apply(ours, x)))
  })

  it('a batch far from zero keeps its digits', () => {
    const x = randomTensor(new Random(3), [64, 2], 1, 1e4)
    const error = (layer: tf.layers.Layer) => {
      apply(layer, x)
      const y = apply(layer, x, true)
      return difference(valuesOf(y), standardized(valuesOf(x), 2, 1e-3))
    }
    expect(error(batchNormalization())).toBeLessThan(TFJS_OUTPUT)
    expect(error(tf.layers.batchNormalization())).toBeGreaterThan(1e-4)
  })
})

/** (x - mean) / sqrt(variance + epsilon) per column, in float64. */
function standardized(x: number[], columns: number, epsilon: number): number[] {
  const rows = x.length / columns
  const column = (c: number) => x.filter((_, i) => i % columns === c)
  const mean = Array.from({ length: columns }, (_, c) => column(c).reduce((sum, v) => sum + v, 0) / rows)
  const variance = mean.map((m, c) => column(c).reduce((sum, v) => sum + (v - m) ** 2, 0) / rows)
  return x.map((v, i) => (v - mean[i % columns]) / Math.sqrt(variance[i % columns] + epsilon))
}
