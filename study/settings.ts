import { type ConvShape, type NormName, SMALL_CONV } from './network/models.js'

export type RegimeName = 'small' | 'deep' | 'fast' | 'runs'

/** What a batch size is tried in. */
export interface Regime {
  readonly name: RegimeName
  readonly norms: readonly NormName[]
  readonly batchSizes: readonly number[]
  readonly replicates: number
  /** At batch size 32; it grows linearly with the batch size (Goyal et al. 2017). */
  readonly learningRate: number
  /** So many training images in a row are of one class; 1 is a random order. */
  readonly runLength: number
  readonly shape: ConvShape
}

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
    readonly regimes: readonly Regime[]
    readonly epochs: number
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

const ALL_SIZES = [2, 4, 8, 16, 32, 64, 128]

/** Four stages of one convolution: the last maps are 2 x 2. */
const SMALL: Regime = {
  name: 'small',
  norms: ['none', 'batch', 'layer', 'group', 'instance'],
  batchSizes: ALL_SIZES,
  replicates: 4,
  learningRate: 0.02,
  runLength: 1,
  shape: SMALL_CONV,
}

/** What is asked of the other regimes: whether BatchNorm's order beside GroupNorm changes. */
const PAIR = { ...SMALL, norms: ['batch', 'group'], replicates: 3 } as const

const REGIMES: readonly Regime[] = [
  SMALL,
  // A fifth stage brings the maps down to 1 x 1, where a channel has as many values as the batch has images.
  { ...PAIR, name: 'deep', shape: { ...SMALL_CONV, channels: [...SMALL_CONV.channels, 64] } },
  { ...PAIR, name: 'fast', learningRate: 0.32 },
  { ...PAIR, name: 'runs', runLength: 16 },
]

/** The full study: about an hour on two cores. */
export const FULL: Settings = {
  trainCount: 8000,
  testCount: 4000,
  depth: {
    norms: ['none', 'batch', 'layer', 'rms'],
    learningRates: [0.003, 0.01, 0.03, 0.1, 0.3, 1],
    replicates: 3,
    depth: 24,
    width: 64,
    batchSize: 64,
    steps: 600,
    records: 40,
  },
  batchSize: { regimes: REGIMES, epochs: 3, momentum: 0.9 },
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

/** The same questions, asked with fewer points: about five minutes on two cores. */
export const QUICK: Settings = {
  ...FULL,
  trainCount: 3000,
  testCount: 2000,
  depth: {
    ...FULL.depth,
    learningRates: [0.03, 0.1, 0.3],
    replicates: 2,
    depth: 20,
    steps: 300,
    records: 30,
  },
  batchSize: {
    ...FULL.batchSize,
    // A high rate changes nothing that two replicates could show; the full study has it.
    regimes: REGIMES.filter(({ name }) => name !== 'fast').map((regime) => ({
      ...regime,
      batchSizes: [2, 8, 32],
      replicates: 2,
    })),
    epochs: 2,
  },
  inference: { ...FULL.inference, replicates: 1, decays: [0, 0.5, 0.9, 0.99, 0.999] },
}
