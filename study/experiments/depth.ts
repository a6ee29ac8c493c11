import * as tf from '@tensorflow/tfjs'
import { randomFor } from '../data/random.js'
import { deepNet, type NormName } from '../network/models.js'
import { type LayerRecord, testError, train } from '../network/training.js'
import type { Settings } from '../settings.js'
import { type CellContext, rounded } from './context.js'

/**
 * Does a deep fully connected network train, at which learning rates, and what becomes of the signal on its way?
 * Plain SGD at a constant rate, so that nothing but the norm makes up for a rate that does not fit.
 */
export interface DepthCell {
  readonly experiment: 'depth'
  readonly id: string
  /** In seconds of one core, roughly: for the time that is left. */
  readonly cost: number
  readonly residual: boolean
  readonly norm: NormName
  readonly learningRate: number
  readonly replicate: number
  readonly depth: number
  readonly width: number
  readonly batchSize: number
  readonly steps: number
  readonly records: number
}

export interface DepthResult {
  /** The step at which the loss was no longer finite, or null. */
  readonly divergedAt: number | null
  /** null where the network diverged. */
  readonly testError: number | null
  /** The training loss: [records], each the mean of the steps since the one before. */
  readonly losses: number[]
  /** The steps that were recorded, and per recorded step and layer (the classifier last) what was. */
  readonly recordedSteps: number[]
  readonly mean: number[][]
  readonly variance: number[][]
  readonly similarity: number[][]
  readonly gradientNorm: number[][]
}

/** Seconds per hidden layer and step, with or without a norm (measured, 64 units, batch 64). */
const SECONDS = 0.75e-3

export function depthCells(settings: Settings['depth']): DepthCell[] {
  const { norms, learningRates, replicates, depth, width, batchSize, steps, records } = settings
  const repeats = Array.from({ length: replicates }, (_, i) => i)
  return repeats.flatMap((replicate) =>
    [false, true].flatMap((residual) =>
      norms.flatMap((norm) =>
        learningRates.map((learningRate) => ({
          experiment: 'depth' as const,
          id: `depth/${residual ? 'residual' : 'plain'}/${norm}/rate-${learningRate}/${replicate}`,
          cost: steps * depth * SECONDS,
          ...{ residual, norm, learningRate, replicate, depth, width, batchSize, steps, records },
        })),
      ),
    ),
  )
}

export async function runDepth(cell: DepthCell, { seed, data, progress }: CellContext): Promise<DepthResult> {
  const { norm, learningRate, batchSize, steps } = cell
  // The same first weights and the same order of images under every norm and rate: only those differ.
  const key = `depth/${cell.replicate}`
  const network = deepNet(data, cell, { norm }, seed, key)
  const every = Math.max(1, Math.floor(steps / cell.records))
  const recordedSteps: number[] = []
  const layers: LayerRecord[][] = []
  const losses: number[] = []
  let sinceRecord: number[] = []
  try {
    const { divergedAt } = await train(network, data, {
      batchSize,
      steps,
      learningRate,
      random: randomFor(seed, key, 'order'),
      records: (step) => step % every === 0,
      onStep: ({ index, loss, layers: record }) => {
        sinceRecord.push(loss)
        if (!record) return
        recordedSteps.push(index)
        layers.push(record)
        losses.push(rounded(sinceRecord.reduce((sum, value) => sum + value) / sinceRecord.length))
        sinceRecord = []
        progress(index / steps)
      },
    })
    const column = (name: keyof LayerRecord) =>
      layers.map((record) => record.map((layer) => rounded(layer[name])))
    return {
      divergedAt,
      testError: divergedAt === null ? rounded(testError(network, data, data.test)) : null,
      losses,
      recordedSteps,
      mean: column('mean'),
      variance: column('variance'),
      similarity: column('similarity'),
      gradientNorm: column('gradientNorm'),
    }
  } finally {
    tf.disposeVariables()
  }
}
