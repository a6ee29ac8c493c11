import * as tf from '@tensorflow/tfjs'
import type { Dataset } from '../data/dataset.js'
import { randomFor } from '../data/random.js'
import { convNet, type Network, SMALL_CONV } from '../network/models.js'
import { batchesOf, errorOver, testError, train } from '../network/training.js'
import type { Settings } from '../settings.js'
import { SECONDS } from './batch-size.js'
import { type CellContext, rounded } from './context.js'

/**
 * Which statistics should BatchNorm use once it is trained? One network is trained; beside it run averages of its
 * batch statistics with several decays, which do not touch the training. They are tried in turn, and so are the
 * test batch's own statistics.
 */
export interface InferenceCell {
  readonly experiment: 'inference'
  readonly id: string
  readonly cost: number
  readonly replicate: number
  readonly batchSize: number
  readonly steps: number
  readonly learningRate: number
  readonly momentum: number
  readonly decays: readonly number[]
  readonly testBatchSizes: readonly number[]
  readonly checkpoints: readonly number[]
}

/** How the test images are put into batches: as they come, or each class by itself. */
export type TestOrder = 'mixed' | 'one class'

export interface InferenceResult {
  readonly divergedAt: number | null
  readonly byDecay: { readonly step: number; readonly decay: number; readonly testError: number }[]
  readonly byTestBatch: { readonly size: number; readonly order: TestOrder; readonly testError: number }[]
}

/** How many images each evaluation is taken to have, for the time that it takes. */
const EVALUATED = 2000

export function inferenceCells(settings: Settings['inference'], trainCount: number): InferenceCell[] {
  const { batchSize, epochs, decays, testBatchSizes, checkpoints } = settings
  const steps = Math.max(1, Math.floor((epochs * trainCount) / batchSize))
  const evaluations = decays.length * checkpoints.length + 2 * testBatchSizes.length
  return Array.from({ length: settings.replicates }, (_, replicate) => ({
    experiment: 'inference' as const,
    id: `inference/${replicate}`,
    cost: steps * (SECONDS.step + batchSize * SECONDS.image) + evaluations * EVALUATED * SECONDS.evaluated,
    ...{ replicate, batchSize, steps, decays, testBatchSizes, checkpoints },
    learningRate: settings.learningRate,
    momentum: settings.momentum,
  }))
}

export async function runInference(cell: InferenceCell, context: CellContext): Promise<InferenceResult> {
  const { batchSize, steps, learningRate, momentum, decays } = cell
  const { seed, data, progress } = context
  const key = `inference/${cell.replicate}`
  // Decay 0: the layers' own running averages are the last batch's statistics, to be averaged here.
  const network = convNet(data, SMALL_CONV, { norm: 'batch', decay: 0 }, seed, key)
  const averages = decays.map((decay) => ({ decay, values: initialStatistics(network) }))
  const judged = cell.checkpoints.map((share) => Math.max(1, Math.round(share * steps)) - 1)
  const byDecay: InferenceResult['byDecay'] = []
  const TRAINING_SHARE = 0.7
  try {
    const { divergedAt } = await train(network, data, {
      ...{ batchSize, steps, learningRate, momentum },
      decayRate: true,
      random: randomFor(seed, key, 'order'),
      onStep: ({ index }) => {
        const statistics = readStatistics(network)
        for (const average of averages) follow(average.values, statistics, average.decay)
        progress((TRAINING_SHARE * index) / steps)
        if (!judged.includes(index)) return
        for (const { decay, values } of averages) {
          writeStatistics(network, values)
          byDecay.push({ step: index + 1, decay, testError: rounded(testError(network, data, data.test)) })
        }
      },
    })
    if (divergedAt !== null) return { divergedAt, byDecay, byTestBatch: [] }
    return { divergedAt, byDecay, byTestBatch: byTestBatch(network, cell, context) }
  } finally {
    tf.disposeVariables()
  }
}

/** The errors that follow from the test batches' own statistics; without sizes that no class fills. */
function byTestBatch(network: Network, { testBatchSizes }: InferenceCell, { data }: CellContext) {
  const orders: readonly TestOrder[] = ['mixed', 'one class']
  return orders.flatMap((order) =>
    testBatchSizes.flatMap((size) => {
      const batches = testBatches(data, size, order)
      if (batches.length === 0) return []
      return { size, order, testError: rounded(errorOver(network, data, data.test, batches, true)) }
    }),
  )
}

/** Test images in batches of exactly `size`; what is left over of an order's run is not used. */
export function testBatches({ test }: Dataset, size: number, order: TestOrder): number[][] {
  const indices = [...test.labels.keys()]
  const runs =
    order === 'mixed'
      ? [indices]
      : [...new Set(test.labels)].sort().map((label) => indices.filter((i) => test.labels[i] === label))
  return runs.flatMap((run) =>
    batchesOf(run.length, size)
      .map((batch) => batch.map((i) => run[i]))
      .filter((batch) => batch.length === size),
  )
}

/** Per BatchNorm layer: moving mean and moving variance. */
type Statistics = readonly (readonly [mean: Float64Array, variance: Float64Array])[]

function readStatistics(network: Network): Statistics {
  return network.norms.map((norm) => {
    const [, , mean, variance] = norm.getWeights()
    return [Float64Array.from(mean.dataSync()), Float64Array.from(variance.dataSync())]
  })
}

/** Where running averages begin: mean 0, variance 1. */
function initialStatistics(network: Network): Statistics {
  return readStatistics(network).map(([mean, variance]) => [mean.fill(0), variance.fill(1)])
}

function writeStatistics(network: Network, statistics: Statistics): void {
  network.norms.forEach((norm, layer) => {
    const [gamma, beta] = norm.getWeights()
    const moving = statistics[layer].map((values) => tf.tensor1d(Float32Array.from(values)))
    norm.setWeights([gamma, beta, ...moving])
    tf.dispose(moving)
  })
}

/** average = decay * average + (1 - decay) * batch */
function follow(average: Statistics, batch: Statistics, decay: number): void {
  average.forEach((pair, layer) => {
    pair.forEach((values, which) => {
      const news = batch[layer][which]
      for (let i = 0; i < values.length; i++) values[i] = decay * values[i] + (1 - decay) * news[i]
    })
  })
}
