import * as tf from '@tensorflow/tfjs'
import { randomFor } from '../data/random.js'
import { convNet, type NormName } from '../network/models.js'
import { testError, train } from '../network/training.js'
import type { Settings } from '../settings.js'
import { type CellContext, rounded } from './context.js'

/**
 * Which norm suits which batch size? A small ConvNet sees the same images equally often in every cell. SGD with
 * momentum; the learning rate grows linearly with the batch size and falls linearly to 0 in training.
 */
export interface BatchSizeCell {
  readonly experiment: 'batch-size'
  readonly id: string
  readonly cost: number
  readonly norm: NormName
  readonly batchSize: number
  readonly replicate: number
  readonly steps: number
  /** At the first step. */
  readonly learningRate: number
  readonly momentum: number
  /** Of BatchNorm's running averages. */
  readonly decay: number
}

export interface BatchSizeResult {
  readonly divergedAt: number | null
  /** null where the network diverged. */
  readonly testError: number | null
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
  const { norms, batchSizes, replicates, epochs, momentum } = settings
  const repeats = Array.from({ length: replicates }, (_, i) => i)
  return batchSizes.flatMap((batchSize) =>
    norms.flatMap((norm) =>
      repeats.map((replicate) => {
        const steps = Math.max(1, Math.floor((epochs * trainCount) / batchSize))
        return {
          experiment: 'batch-size' as const,
          id: `batch-size/${norm}/${batchSize}/${replicate}`,
          cost: steps * (SECONDS.step + batchSize * SECONDS.image),
          ...{ norm, batchSize, replicate, steps, momentum },
          learningRate: (settings.learningRate * batchSize) / REFERENCE_BATCH,
          decay: 1 - Math.min(1, batchSize / AVERAGED_IMAGES),
        }
      }),
    ),
  )
}

export async function runBatchSize(cell: BatchSizeCell, context: CellContext): Promise<BatchSizeResult> {
  const { norm, batchSize, steps, learningRate, momentum, decay } = cell
  const { seed, data, progress } = context
  // The same first weights and the same order of images for every norm and batch size.
  const key = `batch-size/${cell.replicate}`
  const network = convNet(data, { norm, decay }, seed, key)
  const last: number[] = []
  try {
    const { divergedAt } = await train(network, data, {
      ...{ batchSize, steps, learningRate, momentum },
      decayRate: true,
      random: randomFor(seed, key, 'order'),
      onStep: ({ index, loss }) => {
        if (index >= steps * (1 - LAST_SHARE)) last.push(loss)
        progress(index / steps)
      },
    })
    if (divergedAt !== null) return { divergedAt, testError: null, trainLoss: null }
    return {
      divergedAt,
      testError: rounded(testError(network, data, data.test)),
      trainLoss: rounded(last.reduce((sum, loss) => sum + loss, 0) / last.length),
    }
  } finally {
    tf.disposeVariables()
  }
}
