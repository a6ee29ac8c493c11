import type { NormName } from './network/models.js'

/** How large each experiment is. Part of results.json: a run goes on only under the settings that it began with. */
export interface Settings {
  /** At most so many images to train and to test with. */
  readonly trainCount: number
  readonly testCount: number
  readonly depth: {
    readonly norms: readonly NormName[]
    readonly learningRates: readonly number[]
    readonly replicates: number
    /** Hidden layers, and units in each. */
    readonly depth: number
    readonly width: number
    readonly batchSize: number
    readonly steps: number
    /** How many times, evenly over the steps, the layers are recorded. */
    readonly records: number
  }
  readonly batchSize: {
    readonly norms: readonly NormName[]
    readonly batchSizes: readonly number[]
    readonly replicates: number
    readonly epochs: number
    /** At batch size 32; it grows linearly with the batch size (Goyal et al. 2017). */
    readonly learningRate: number
    readonly momentum: number
  }
  readonly inference: {
    readonly replicates: number
    readonly batchSize: number
    readonly epochs: number
    readonly learningRate: number
    readonly momentum: number
    readonly decays: readonly number[]
    readonly testBatchSizes: readonly number[]
    /** The shares of the training after which the running averages are judged. */
    readonly checkpoints: readonly number[]
  }
}

/** The full study: some 25 minutes on two cores. */
export const FULL: Settings = {
  trainCount: 8000,
  testCount: 4000,
  depth: {
    norms: ['none', 'batch', 'layer', 'rms'],
    learningRates: [0.003, 0.01, 0.03, 0.1, 0.3, 1],
    replicates: 2,
    depth: 24,
    width: 64,
    batchSize: 64,
    steps: 600,
    records: 40,
  },
  batchSize: {
    norms: ['none', 'batch', 'layer', 'group', 'instance'],
    batchSizes: [2, 4, 8, 16, 32, 64, 128],
    replicates: 4,
    epochs: 3,
    learningRate: 0.02,
    momentum: 0.9,
  },
  inference: {
    replicates: 3,
    batchSize: 32,
    epochs: 4,
    learningRate: 0.02,
    momentum: 0.9,
    decays: [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999],
    testBatchSizes: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    checkpoints: [0.1, 0.3, 1],
  },
}

/** The same questions, asked with fewer points: some three minutes on two cores. */
export const QUICK: Settings = {
  ...FULL,
  trainCount: 4000,
  testCount: 2000,
  depth: {
    ...FULL.depth,
    learningRates: [0.01, 0.1, 0.3],
    replicates: 1,
    depth: 20,
    steps: 350,
    records: 35,
  },
  batchSize: { ...FULL.batchSize, batchSizes: [2, 8, 32, 128], replicates: 2, epochs: 2 },
  inference: { ...FULL.inference, replicates: 1, decays: [0, 0.5, 0.9, 0.99, 0.999] },
}
