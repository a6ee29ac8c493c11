import * as tf from '@tensorflow/tfjs'
import { randomFor } from '../data/random.js'
import { type ConvShape, convNet, type Network, type NormName } from '../network/models.js'
import { batchesOf, errorOver, orderOf, testError, train } from '../network/training.js'
import type { RegimeName, Settings } from '../settings.js'
import { type CellContext, rounded } from './context.js'

/**
 * Which norm suits which batch size? A small ConvNet sees the same images equally often in every cell. SGD with
 * momentum; the learning rate grows linearly with the batch size and falls linearly to 0 in training.
 */
export interface BatchSizeCell {
  readonly experiment: 'batch-size'
  readonly id: string
  readonly cost: number
  readonly regime: RegimeName
  readonly norm: NormName
  readonly batchSize: number
  readonly replicate: number
  readonly steps: number
  /** At the first step. */
  readonly learningRate: number
  readonly momentum: number
  /** Of BatchNorm's running averages. */
  readonly decay: number
  /** So many training images in a row are of one class. */
  readonly runLength: number
  readonly shape: ConvShape
}

export interface BatchSizeResult {
  readonly divergedAt: number | null
  /** With running averages, where the norm has them; null where the network diverged. */
  readonly testError: number | null
  /** BatchNorm's, with the statistics of test batches of the training batches' size and order; null for others. */
  readonly ownStatisticsError: number | null
  /** Mean over the last tenth of the steps. */
  readonly trainLoss: number | null
}

const REFERENCE_BATCH = 32

/**
 * BatchNorm's running averages look back over so many images at every batch size, so that small batches do not
 * suffer from few, and large ones not from old, statistics: what is left is what the norm itself does.
 */
const AVERAGED_IMAGES = 1024

/** The last, best steps that the training loss is averaged over. */
const LAST_SHARE = 0.1

/** The ConvNet's seconds per step, per image in it, and per image that is only evaluated (measured). */
export const SECONDS = { step: 2.6e-3, image: 0.3e-3, evaluated: 0.15e-3 }

export function batchSizeCells(settings: Settings['batchSize'], trainCount: number): BatchSizeCell[] {
  const { epochs, momentum } = settings
  return settings.regimes.flatMap(({ name, norms, batchSizes, replicates, learningRate, runLength, shape }) =>
    batchSizes.flatMap((batchSize) =>
      norms.flatMap((norm) =>
        Array.from({ length: replicates }, (_, replicate) => {
          const steps = Math.max(1, Math.floor((epochs * trainCount) / batchSize))
          return {
            experiment: 'batch-size' as const,
            id: `batch-size/${name}/${norm}/${batchSize}/${replicate}`,
            cost: steps * (SECONDS.step + batchSize * SECONDS.image) * shape.convolutionsPerStage,
            regime: name,
            ...{ norm, batchSize, replicate, steps, momentum, runLength, shape },
            learningRate: (learningRate * batchSize) / REFERENCE_BATCH,
            decay: 1 - Math.min(1, batchSize / AVERAGED_IMAGES),
          }
        }),
      ),
    ),
  )
}

export async function runBatchSize(cell: BatchSizeCell, context: CellContext): Promise<BatchSizeResult> {
  const { norm, steps, decay, shape } = cell
  const { seed, data, progress } = context
  // The same first weights and the same order of images for every norm and batch size.
  const key = `batch-size/${cell.replicate}`
  const network = convNet(data, shape, { norm, decay }, seed, key)
  const last: number[] = []
  try {
    const { divergedAt } = await train(network, data, {
      ...cell,
      decayRate: true,
      random: randomFor(seed, key, 'order'),
      onStep: ({ index, loss }) => {
        if (index >= steps * (1 - LAST_SHARE)) last.push(loss)
        progress(index / steps)
      },
    })
    if (divergedAt !== null) return { divergedAt, testError: null, ownStatisticsError: null, trainLoss: null }
    return {
      divergedAt,
      testError: rounded(testError(network, data, data.test)),
      ownStatisticsError: norm === 'batch' ? rounded(ownError(network, cell, context)) : null,
      trainLoss: rounded(last.reduce((sum, loss) => sum + loss, 0) / last.length),
    }
  } finally {
    tf.disposeVariables()
  }
}

function ownError(
  network: Network,
  { batchSize, runLength, replicate }: BatchSizeCell,
  { seed, data }: CellContext,
) {
  const random = randomFor(seed, 'batch-size', replicate, 'test order')
  const order = orderOf(data.test, { random, runLength })
  const batches = batchesOf(order.length, batchSize).filter(({ length }) => length === batchSize)
  return errorOver(
    network,
    data,
    data.test,
    batches.map((batch) => batch.map((i) => order[i])),
    true,
  )
}
