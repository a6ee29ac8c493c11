import {
  BatchNorm,
  batchNorm,
  foldBatchNorm,
  groupNorm,
  instanceNorm,
  LayerNorm,
  layerNorm,
  recommend,
  rmsNorm,
  setThreads,
} from '../../src/index.js'
import { onBatch, plain, type Row, some, wrong } from './scene.js'

// The functional forms, and what is around the layers.

export const FUNCTIONS: readonly Row[] = [
  [
    'a weight that is too short',
    'EVENKEEL_BUFFER',
    /batchNorm: weight needs 3 elements, got 2; give one for each channel/,
    plain(() => batchNorm(some([4, 3]), { weight: new Float32Array(2) })),
  ],
  [
    'a bias of another type',
    'EVENKEEL_DTYPE',
    /bias must be float32 as the input is, got float64; convert/,
    plain(() => batchNorm(some([4, 3]), { bias: new Float64Array(3) })),
  ],
  [
    'a weight that is a tensor',
    'EVENKEEL_DTYPE',
    /weight must be a Float32Array, got a tensor of \[3\].*; pass the bare array/,
    plain(() => batchNorm(some([4, 3]), { weight: wrong(some([3])) })),
  ],
  [
    'given statistics of another length',
    'EVENKEEL_BUFFER',
    /statistics\.mean must be .* of 3, got Float32Array of 2; give/,
    plain(() =>
      batchNorm(some([4, 3]), { statistics: { mean: new Float32Array(2), variance: new Float32Array(3) } }),
    ),
  ],
  [
    'a negative variance',
    'EVENKEEL_STATISTICS',
    /statistics\.variance must be 0 or more, got -1 in channel 2; pass variances/,
    plain(() =>
      batchNorm(some([4, 3]), {
        statistics: { mean: new Float32Array(3), variance: Float32Array.of(1, 1, -1) },
      }),
    ),
  ],
  [
    'no normalizedShape',
    'EVENKEEL_OPTION',
    /layerNorm: .*; (write|give)/,
    plain(() => layerNorm(some([4, 8]), wrong(undefined))),
  ],
  [
    'a normalizedShape that does not fit',
    'EVENKEEL_SHAPE',
    /rmsNorm: input must end in normalizedShape \[7\], got \[4, 8\]/,
    plain(() => rmsNorm(some([4, 8]), { normalizedShape: 7 })),
  ],
  [
    'groups that do not divide',
    'EVENKEEL_SHAPE',
    /groupNorm: channels \(8\) must be divisible by groups \(3\); try groups: 4/,
    plain(() => groupNorm(some([2, 8]), { groups: 3 })),
  ],
  [
    'instanceNorm with groups',
    'EVENKEEL_OPTION',
    /instanceNorm: there is no option groups; the options are/,
    plain(() => instanceNorm(some([2, 8, 3]), wrong({ groups: 2 }))),
  ],
  ['no threads', 'EVENKEEL_OPTION', /setThreads: .* from 1 to 1024, got 0; os/, plain(() => setThreads(0))],
  ['half a thread', 'EVENKEEL_OPTION', /setThreads: .* got 1\.5; os/, plain(() => setThreads(1.5))],
  [
    'an unknown kind of layer',
    'EVENKEEL_OPTION',
    /recommend: kind must be 'dense', 'conv' or 'sequence', got rnn; try/,
    plain(() => recommend({ batchSize: 8, kind: wrong('rnn'), channels: 8 })),
  ],
  [
    'a batch of nothing',
    'EVENKEEL_OPTION',
    /recommend: batchSize .* got 0; give/,
    plain(() => recommend({ batchSize: 0, kind: 'conv', channels: 8 })),
  ],
  [
    'folding a norm that trains',
    'EVENKEEL_STATE',
    /foldBatchNorm: the norm is in training mode.*; call norm\.eval\(\)/,
    onBatch((l) => foldBatchNorm(some([3, 8]), null, l as BatchNorm, { kind: 'linear' })),
  ],
  [
    'folding a norm that saw nothing',
    'EVENKEEL_STATE',
    /has tracked no batches yet; train it first/,
    plain(() => foldBatchNorm(some([3, 8]), null, new BatchNorm(3).eval(), { kind: 'linear' })),
  ],
  [
    'folding a LayerNorm',
    'EVENKEEL_OPTION',
    /only a BatchNorm .* got LayerNorm; keep/,
    plain(() => foldBatchNorm(some([3, 8]), null, wrong(new LayerNorm(8)), { kind: 'linear' })),
  ],
]
