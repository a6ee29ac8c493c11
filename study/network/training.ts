import * as tf from '@tensorflow/tfjs'
import { EvenkeelError } from '../../src/errors.js'
import type { Dataset } from '../data/dataset.js'
import type { LabelledImages } from '../data/labelled-images.js'
import type { Random } from '../data/random.js'
import type { Network } from './models.js'

export interface TrainOptions {
  readonly batchSize: number
  readonly steps: number
  /** At the first step; it falls linearly to 0 where `decayRate` is set, and stays otherwise. */
  readonly learningRate: number
  readonly decayRate?: boolean
  /** Of the gradient's running sum; 0 is plain SGD. Default 0. */
  readonly momentum?: number
  /** The order of the images: each epoch is a new permutation. */
  readonly random: Random
  /** So many images in a row are of one class, as in a recording. Default 1: no order. */
  readonly runLength?: number
  /** Called after each step; may return a promise, which is awaited. */
  readonly onStep?: (step: Step) => void | Promise<void>
  /** Whether `onStep` is to have this step's record of layers. */
  readonly records?: (step: number) => boolean
}

/** What one layer did in one step. */
export interface LayerRecord {
  /** Mean and variance of what entered the activation, over batch and units. */
  readonly mean: number
  readonly variance: number
  /**
   * Mean cosine of the angle between what leaves the activation for two samples of the batch, over all pairs:
   * 1 where the layer tells no sample from another.
   */
  readonly similarity: number
  /** Euclidean norm of the loss's gradient with respect to the layer's weight matrix. */
  readonly gradientNorm: number
}

export interface Step {
  /** From 0. */
  readonly index: number
  readonly loss: number
  /** Per block, where `records` asked for it. */
  readonly layers?: LayerRecord[]
}

/**
 * Trains by stochastic gradient descent on the softmax's cross-entropy.
 * @returns the step at which the loss or a statistic was no longer finite, at which training ends; or null.
 */
export async function train(
  network: Network,
  data: Dataset,
  options: TrainOptions,
): Promise<{ divergedAt: number | null }> {
  const { batchSize, steps, learningRate, momentum = 0, onStep, records } = options
  const optimizer = momentum ? tf.train.momentum(learningRate, momentum) : tf.train.sgd(learningRate)
  const next = endlessly(() => orderOf(data.train, options))
  try {
    for (let index = 0; index < steps; index++) {
      if (options.decayRate) optimizer.setLearningRate(learningRate * (1 - index / steps))
      const indices = Array.from({ length: batchSize }, next)
      const step = takeStep(network, optimizer, data, indices, index, records?.(index) ?? false)
      if (step === null) return { divergedAt: index }
      await onStep?.(step)
    }
    return { divergedAt: null }
  } finally {
    optimizer.dispose()
  }
}

/** One step of the optimizer; null where the loss or a statistic is not finite, and nothing was changed. */
function takeStep(
  network: Network,
  optimizer: tf.Optimizer,
  data: Dataset,
  indices: readonly number[],
  index: number,
  record: boolean,
): Step | null {
  const seen: Seen[] = []
  const observe = record
    ? (z: tf.Tensor, activation: tf.Tensor) =>
        seen.push({ ...momentsOf(z), similarity: similarityOf(activation) })
    : undefined
  const engine = tf.engine()
  engine.startScope('step')
  try {
    const images = batchOf(data, data.train, indices)
    const labels = tf.oneHot(
      tf.tensor1d(
        indices.map((i) => data.train.labels[i]),
        'int32',
      ),
      data.classes,
    )
    const { value, grads } = tf.variableGrads(
      () => tf.losses.softmaxCrossEntropy(labels, network.logits(images, true, observe)) as tf.Scalar,
    )
    const loss = value.dataSync()[0]
    if (!Number.isFinite(loss)) return null
    optimizer.applyGradients(grads)
    const layers = seen.map((layer, i) => ({
      ...layer,
      gradientNorm: normOf(grads[network.kernelName(i)]),
    }))
    return { index, loss, layers: record ? layers : undefined }
  } catch (error) {
    // BatchNorm refuses statistics that are not finite: the network has diverged.
    if (error instanceof EvenkeelError && error.code === 'EVENKEEL_STATISTICS') return null
    throw error
  } finally {
    engine.endScope()
  }
}

/** The share of `images` that the network gets wrong; BatchNorm uses its running averages. */
export function testError(network: Network, data: Dataset, images: LabelledImages): number {
  return errorOver(network, data, images, batchesOf(images.labels.length, EVALUATION_BATCH), false)
}

/** Any size gives the same result, where no norm looks at the batch; this one is quick. */
const EVALUATION_BATCH = 250

/** The share that the network gets wrong of the images in `batches`, each evaluated as one batch. */
export function errorOver(
  network: Network,
  data: Dataset,
  images: LabelledImages,
  batches: readonly (readonly number[])[],
  batchStatistics: boolean,
): number {
  let wrong = 0
  let total = 0
  for (const indices of batches) {
    const guesses = tf.tidy(() =>
      tf.argMax(network.logits(batchOf(data, images, indices), batchStatistics), 1).dataSync(),
    )
    wrong += indices.filter((image, i) => guesses[i] !== images.labels[image]).length
    total += indices.length
  }
  return wrong / total
}

/** 0, 1, ... in batches of `size`; the last may be shorter. */
export function batchesOf(count: number, size: number): number[][] {
  return Array.from({ length: Math.ceil(count / size) }, (_, batch) =>
    Array.from({ length: Math.min(size, count - batch * size) }, (_, i) => batch * size + i),
  )
}

/** [N, height, width, 1], standardized by the training pixels' mean and deviation. */
function batchOf(data: Dataset, { pixels }: LabelledImages, indices: readonly number[]): tf.Tensor4D {
  const { height, width, mean, deviation } = data
  const size = height * width
  const values = new Float32Array(indices.length * size)
  indices.forEach((image, n) => {
    for (let i = 0; i < size; i++) values[n * size + i] = (pixels[image * size + i] - mean) / deviation
  })
  return tf.tensor4d(values, [indices.length, height, width, 1])
}

/** Calls for an order and runs through it, again and again. */
function endlessly(newOrder: () => Uint32Array): () => number {
  let order = newOrder()
  let at = 0
  return () => {
    if (at === order.length) {
      order = newOrder()
      at = 0
    }
    return order[at++]
  }
}

/** A new order of all images: random, or in random runs of `runLength` images of one class. */
export function orderOf(
  { labels }: LabelledImages,
  { random, runLength = 1 }: Pick<TrainOptions, 'random' | 'runLength'>,
): Uint32Array {
  const shuffled = random.permutation(labels.length)
  if (runLength === 1) return shuffled
  // Array.prototype.sort is stable: within a class the order stays random.
  const byClass = [...shuffled].sort((a, b) => labels[a] - labels[b])
  const runs = batchesOf(labels.length, runLength)
  return Uint32Array.from(
    [...random.permutation(runs.length)].flatMap((run) => runs[run].map((i) => byClass[i])),
  )
}

type Seen = Omit<LayerRecord, 'gradientNorm'>

function momentsOf(z: tf.Tensor): Pick<Seen, 'mean' | 'variance'> {
  const values = z.dataSync<'float32'>()
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, variance }
}

/** The mean cosine over all pairs of the batch's samples: of unit vectors u, (|sum of u|^2 - count) / (count (count - 1)). */
export function similarityOf(x: tf.Tensor): number {
  const values = x.dataSync<'float32'>()
  const count = x.shape[0]
  const length = values.length / count
  const sum = new Float64Array(length)
  // A sample of zeros (every unit is off) has no direction; it pairs with none.
  let pointing = 0
  for (let n = 0; n < count; n++) {
    const sample = values.subarray(n * length, (n + 1) * length)
    const norm = Math.hypot(...sample)
    if (norm === 0) continue
    pointing++
    for (let i = 0; i < length; i++) sum[i] += sample[i] / norm
  }
  if (pointing < 2) return 1
  const squared = sum.reduce((total, value) => total + value * value, 0)
  return (squared - pointing) / (pointing * (pointing - 1))
}

function normOf(x: tf.Tensor): number {
  return Math.sqrt(x.dataSync<'float32'>().reduce((sum, value) => sum + value * value, 0))
}
