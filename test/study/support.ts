import { type Dataset, loadDataset } from '../../study/data/dataset.js'
import type { Regime, Settings } from '../../study/settings.js'

const REGIME: Regime = {
  name: 'small',
  norms: ['batch', 'group'],
  batchSizes: [4, 16],
  replicates: 2,
  learningRate: 0.05,
  runLength: 1,
  shape: { channels: [4, 8], convolutionsPerStage: 1 },
}

/** A study of seconds: every kind of cell once or twice. */
export const TINY: Settings = {
  trainCount: 120,
  testCount: 60,
  depth: {
    norms: ['none', 'layer'],
    learningRates: [0.05],
    replicates: 1,
    depth: 3,
    width: 8,
    batchSize: 16,
    steps: 6,
    records: 3,
  },
  batchSize: {
    regimes: [
      { ...REGIME, name: 'small', norms: ['none', 'batch', 'group'] },
      {
        ...REGIME,
        name: 'deep',
        batchSizes: [4],
        replicates: 1,
        shape: { channels: [4, 8], convolutionsPerStage: 2 },
      },
      { ...REGIME, name: 'runs', batchSizes: [4], replicates: 1, runLength: 4 },
    ],
    epochs: 1,
    momentum: 0.9,
  },
  inference: {
    replicates: 1,
    batchSize: 16,
    epochs: 1,
    learningRate: 0.05,
    momentum: 0.9,
    decays: [0, 0.9],
    testBatchSizes: [1, 4],
    checkpoints: [0.5, 1],
  },
}

export const SEED = 3

export function tinyData(seed = SEED): Dataset {
  return loadDataset({ seed, trainCount: TINY.trainCount, testCount: TINY.testCount })
}
