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

// The functional forms, and functions that are not layers.

/** A norm that can be folded. */
const loaded = () => new BatchNorm(3).loadStateDict(new BatchNorm(3).stateDict()).eval()

export const FUNCTIONS: readonly Row[] = [
  [
    'a weight that is too short',
    'EVENKEEL_BUFFER',
    'batchNorm: weight needs 3 elements, got 2; give one for each channel.',
    plain(() => batchNorm(some([4, 3]), { weight: new Float32Array(2) })),
  ],
  [
    'a bias of another type',
    'EVENKEEL_DTYPE',
    'batchNorm: bias must be float32 as the input is, got float64; convert it: Float32Array.from(...).',
    plain(() => batchNorm(some([4, 3]), { bias: new Float64Array(3) })),
  ],
  [
    'a weight that is a list',
    'EVENKEEL_DTYPE',
    'batchNorm: weight must be a Float32Array, got [1, 1, 1]; give a Float32Array of 3.',
    plain(() => batchNorm(some([4, 3]), { weight: wrong([1, 1, 1]) })),
  ],
  [
    'a weight that is a switch, as for layers',
    'EVENKEEL_DTYPE',
    'layerNorm: weight must be a Float32Array, got true; give a Float32Array of 8.',
    plain(() => layerNorm(some([4, 8]), { normalizedShape: 8, weight: wrong(true) })),
  ],
  [
    'a weight that is a tensor of another length',
    'EVENKEEL_BUFFER',
    'batchNorm: weight needs 3 elements, got 2; give one for each channel.',
    plain(() => batchNorm(some([4, 3]), { weight: some([2]) })),
  ],
  [
    'a weight whose tensor is empty',
    'EVENKEEL_DTYPE',
    'batchNorm: weight must be a Float32Array, got {}; give a Float32Array of 3.',
    plain(() => batchNorm(some([4, 3]), { weight: wrong({}) })),
  ],
  [
    'given statistics of another length',
    'EVENKEEL_BUFFER',
    'batchNorm: statistics.mean must be a Float32Array or Float64Array of 3, got Float32Array of 2; give one value per channel.',
    plain(() =>
      batchNorm(some([4, 3]), { statistics: { mean: new Float32Array(2), variance: new Float32Array(3) } }),
    ),
  ],
  [
    'a negative variance',
    'EVENKEEL_STATISTICS',
    'batchNorm: statistics.variance must be 0 or more, got -1 in channel 2; pass variances, as in running_var, not standard deviations or logarithms.',
    plain(() =>
      batchNorm(some([4, 3]), {
        statistics: { mean: new Float32Array(3), variance: Float32Array.of(1, 1, -1) },
      }),
    ),
  ],
  [
    'no options',
    'EVENKEEL_OPTION',
    'layerNorm: options must be an object, got undefined; write { normalizedShape: ... }; the options are normalizedShape, axis, weight, bias, eps, out, workspace.',
    plain(() => layerNorm(some([4, 8]), wrong(undefined))),
  ],
  [
    'a normalizedShape that does not fit',
    'EVENKEEL_SHAPE',
    'rmsNorm: input must end in normalizedShape [7], got [4, 8]; give an input that ends in [7], or the last dimensions of yours as normalizedShape; for dimensions further in front pass axis.',
    plain(() => rmsNorm(some([4, 8]), { normalizedShape: 7 })),
  ],
  [
    'groups that do not divide',
    'EVENKEEL_SHAPE',
    'groupNorm: channels (8) must be divisible by groups (3); try groups: 4.',
    plain(() => groupNorm(some([2, 8]), { groups: 3 })),
  ],
  [
    'instanceNorm with groups',
    'EVENKEEL_OPTION',
    'instanceNorm: there is no option groups; the options are layout, weight, bias, eps, out, workspace.',
    plain(() => instanceNorm(some([2, 8, 3]), wrong({ groups: 2 }))),
  ],
  [
    'no threads',
    'EVENKEEL_OPTION',
    'setThreads: the number of threads must be a whole number from 1 to 1024, got 0; os.availableParallelism() is a good choice.',
    plain(() => setThreads(0)),
  ],
  [
    'half a thread',
    'EVENKEEL_OPTION',
    'setThreads: the number of threads must be a whole number from 1 to 1024, got 1.5; os.availableParallelism() is a good choice.',
    plain(() => setThreads(1.5)),
  ],
  [
    'an unknown engine of threads',
    'EVENKEEL_OPTION',
    "setThreads: threading must be 'pool' or 'openmp', got 'omp'; give one of these.",
    plain(() => setThreads(2, { threading: wrong('omp') })),
  ],
  [
    'an unknown option of threads',
    'EVENKEEL_OPTION',
    'setThreads: there is no option engine; the options are threading.',
    plain(() => setThreads(2, wrong({ engine: 'pool' }))),
  ],
  [
    'an unknown kind of layer',
    'EVENKEEL_OPTION',
    "recommend: kind must be 'dense', 'conv' or 'sequence', got 'rnn'; try 'sequence'.",
    plain(() => recommend({ batchSize: 8, kind: wrong('rnn'), channels: 8 })),
  ],
  [
    "a kind by its field's name",
    'EVENKEEL_OPTION',
    "recommend: kind must be 'dense', 'conv' or 'sequence', got 'cnn'; try 'conv'.",
    plain(() => recommend({ batchSize: 8, kind: wrong('cnn'), channels: 8 })),
  ],
  [
    'a kind that nothing is near',
    'EVENKEEL_OPTION',
    "recommend: kind must be 'dense', 'conv' or 'sequence', got 'gan'; give one of these.",
    plain(() => recommend({ batchSize: 8, kind: wrong('gan'), channels: 8 })),
  ],
  [
    "folding by another library's name of the layer",
    'EVENKEEL_OPTION',
    "foldBatchNorm: kind must be 'linear' or 'conv', got 'conv2d'; try 'conv'.",
    plain(() => foldBatchNorm(some([3, 8]), null, loaded(), { kind: wrong('conv2d') })),
  ],
  [
    "folding by recommend()'s name of the layer",
    'EVENKEEL_OPTION',
    "foldBatchNorm: kind must be 'linear' or 'conv', got 'dense'; try 'linear'.",
    plain(() => foldBatchNorm(some([3, 8]), null, loaded(), { kind: wrong('dense') })),
  ],
  [
    'a batch of nothing',
    'EVENKEEL_OPTION',
    'recommend: batchSize must be a whole number from 1 up, got 0; give its extent, as in batchSize: 64.',
    plain(() => recommend({ batchSize: 0, kind: 'conv', channels: 8 })),
  ],
  [
    'folding a norm that trains',
    'EVENKEEL_STATE',
    "foldBatchNorm: the norm is in training mode, where it uses each batch's statistics; call norm.eval().",
    onBatch((l) => foldBatchNorm(some([3, 8]), null, l as BatchNorm, { kind: 'linear' })),
  ],
  [
    'folding a norm that saw nothing',
    'EVENKEEL_STATE',
    'foldBatchNorm: the norm has tracked no batches yet; train it first, or loadStateDict().',
    plain(() => foldBatchNorm(some([3, 8]), null, new BatchNorm(3).eval(), { kind: 'linear' })),
  ],
  [
    'folding a LayerNorm',
    'EVENKEEL_OPTION',
    'foldBatchNorm: only a BatchNorm is constant in inference and can be folded, got LayerNorm; keep the other norms as they are.',
    plain(() => foldBatchNorm(some([3, 8]), null, wrong(new LayerNorm(8)), { kind: 'linear' })),
  ],
  [
    'a bias per channel in layerNorm',
    'EVENKEEL_BUFFER',
    'layerNorm: bias needs 8 elements, got 4; give one for each normalized element.',
    plain(() => layerNorm(some([3, 4, 2]), { normalizedShape: [4, 2], bias: new Float32Array(4) })),
  ],
  [
    'a variance of another length',
    'EVENKEEL_BUFFER',
    'batchNorm: statistics.variance must be a Float32Array or Float64Array of 3, got Float32Array of 2; give one value per channel.',
    plain(() =>
      batchNorm(some([4, 3]), { statistics: { mean: new Float32Array(3), variance: new Float32Array(2) } }),
    ),
  ],
  [
    'statistics that are null',
    'EVENKEEL_BUFFER',
    'batchNorm: statistics.mean must be a Float32Array or Float64Array of 3, got undefined; give one value per channel.',
    plain(() => batchNorm(some([4, 3]), { statistics: wrong(null) })),
  ],
  [
    'a momentum where no average is kept',
    'EVENKEEL_OPTION',
    'batchNorm: there is no option momentum, because it has two meanings: the weight of the new batch in PyTorch, the weight of the old average in Keras; leave it out: this norm keeps no running averages.',
    plain(() => batchNorm(some([4, 3]), wrong({ momentum: 0.1 }))),
  ],
  [
    'groupNorm without groups',
    'EVENKEEL_OPTION',
    'groupNorm: groups must be a whole number from 1 up, got undefined; give a divisor of the channels (8).',
    plain(() => groupNorm(some([2, 8]), wrong({}))),
  ],
  [
    'options without normalizedShape',
    'EVENKEEL_OPTION',
    'layerNorm: normalizedShape must be an array of whole numbers from 1 up, got undefined; give the extents to normalize over, as in [768].',
    plain(() => layerNorm(some([4, 8]), wrong({}))),
  ],
  [
    'rmsNorm with eps NaN',
    'EVENKEEL_OPTION',
    'rmsNorm: eps must be a positive finite number, got NaN; try eps: 1e-5.',
    plain(() => rmsNorm(some([4, 8]), { normalizedShape: 8, eps: Number.NaN })),
  ],
  [
    'eps null',
    'EVENKEEL_OPTION',
    'layerNorm: eps must be a positive finite number, got null; try eps: 1e-5.',
    plain(() => layerNorm(some([4, 8]), { normalizedShape: 8, eps: wrong(null) })),
  ],
]
