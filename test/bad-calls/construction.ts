import { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from '../../src/index.js'
import { plain, type Row, some, wrong } from './scene.js'

// Constructors: options that are unknown, out of range, or contradict each other.

/** The largest prime below 2^53. */
const LARGEST_PRIME = 2 ** 53 - 111

export const CONSTRUCTION: readonly Row[] = [
  [
    'no channels',
    'EVENKEEL_OPTION',
    'BatchNorm: the number of channels must be a whole number from 1 up, got 0; give the extent of the channel dimension, as in 64.',
    plain(() => new BatchNorm(0)),
  ],
  [
    'half a channel',
    'EVENKEEL_OPTION',
    'InstanceNorm: the number of channels must be a whole number from 1 up, got 2.5; give the extent of the channel dimension, as in 64.',
    plain(() => new InstanceNorm(2.5)),
  ],
  [
    'channels as a text',
    'EVENKEEL_OPTION',
    "BatchNorm: the number of channels must be a whole number from 1 up, got '64'; give the extent of the channel dimension, as in 64.",
    plain(() => new BatchNorm(wrong('64'))),
  ],
  [
    'channels that groups do not divide',
    'EVENKEEL_SHAPE',
    'GroupNorm: channels (30) must be divisible by groups (4); try groups: 5.',
    plain(() => new GroupNorm(4, 30)),
  ],
  [
    'no groups',
    'EVENKEEL_OPTION',
    'GroupNorm: groups must be a whole number from 1 up, got 0; give a divisor of the channels (8).',
    plain(() => new GroupNorm(0, 8)),
  ],
  [
    'half a group',
    'EVENKEEL_OPTION',
    'GroupNorm: groups must be a whole number from 1 up, got 2.5; give a divisor of the channels (8).',
    plain(() => new GroupNorm(2.5, 8)),
  ],
  [
    'groups and channels swapped',
    'EVENKEEL_SHAPE',
    'GroupNorm: channels (8) must be divisible by groups (64), which come first; for 64 channels in 8 groups write new GroupNorm(8, 64).',
    plain(() => new GroupNorm(64, 8)),
  ],
  [
    'more groups than channels',
    'EVENKEEL_SHAPE',
    'GroupNorm: channels (4) must be divisible by groups (30); try groups: 4.',
    plain(() => new GroupNorm(30, 4)),
  ],
  [
    'groups beside a divisor of many channels',
    'EVENKEEL_SHAPE',
    'GroupNorm: channels (100000000) must be divisible by groups (7); try groups: 8.',
    plain(() => new GroupNorm(7, 1e8)),
  ],
  [
    'groups far from any divisor',
    'EVENKEEL_SHAPE',
    'GroupNorm: channels (9007199254740881) must be divisible by groups (4503599627370496); give groups that divide 9007199254740881.',
    plain(() => new GroupNorm(2 ** 52, LARGEST_PRIME)),
  ],
  [
    'an empty normalizedShape',
    'EVENKEEL_OPTION',
    'LayerNorm: normalizedShape must be an array of whole numbers from 1 up, got []; give the extents to normalize over, as in [768].',
    plain(() => new LayerNorm([])),
  ],
  [
    'an extent of 0',
    'EVENKEEL_OPTION',
    'RMSNorm: normalizedShape must be an array of whole numbers from 1 up, got [0]; give the extents to normalize over, as in [768].',
    plain(() => new RMSNorm(0)),
  ],
  [
    'a negative eps',
    'EVENKEEL_OPTION',
    'LayerNorm: eps must be a positive finite number, got -0.00001; try eps: 1e-5.',
    plain(() => new LayerNorm(8, { eps: -1e-5 })),
  ],
  [
    'eps 0',
    'EVENKEEL_OPTION',
    'BatchNorm: eps must be a positive finite number, got 0; try eps: 1e-5.',
    plain(() => new BatchNorm(8, { eps: 0 })),
  ],
  [
    'eps NaN',
    'EVENKEEL_OPTION',
    'RMSNorm: eps must be a positive finite number, got NaN; try eps: 1e-5.',
    plain(() => new RMSNorm(8, { eps: Number.NaN })),
  ],
  [
    'a bare momentum',
    'EVENKEEL_OPTION',
    "BatchNorm: there is no option momentum: PyTorch means by it the weight of the new batch, Keras the opposite, the weight of the old average; use runningAverage: { newWeight: 0.2 } for PyTorch's momentum 0.2, or runningAverage: { decay: 0.2 } for Keras's.",
    plain(() => new BatchNorm(8, wrong({ momentum: 0.2 }))),
  ],
  [
    "Keras's epsilon",
    'EVENKEEL_OPTION',
    'LayerNorm: there is no option epsilon; try eps; the options are runningAverage, eps, weight, bias, affine, dtype.',
    plain(() => new LayerNorm(8, wrong({ epsilon: 1e-3 }))),
  ],
  [
    'a misspelt option',
    'EVENKEEL_OPTION',
    'BatchNorm: there is no option runingAverage; try runningAverage; the options are layout, runningAverage, runningVariance, convention, eps, weight, bias, affine, dtype.',
    plain(() => new BatchNorm(8, wrong({ runingAverage: false }))),
  ],
  [
    'options that are a number',
    'EVENKEEL_OPTION',
    'BatchNorm: options must be an object, got 1; write { layout: ... }; the options are layout, runningAverage, runningVariance, convention, eps, weight, bias, affine, dtype.',
    plain(() => new BatchNorm(8, wrong(1))),
  ],
  [
    'a layout of another library',
    'EVENKEEL_OPTION',
    "BatchNorm: layout must be 'channels-first' or 'channels-last', got 'NHWC'; use 'channels-first' for [N, C, ...space], 'channels-last' for [N, ...space, C].",
    plain(() => new BatchNorm(8, { layout: wrong('NHWC') })),
  ],
  [
    'a type that is not there',
    'EVENKEEL_OPTION',
    "LayerNorm: dtype must be 'float32' or 'float64', got 'float16'; try 'float32'.",
    plain(() => new LayerNorm(8, { dtype: wrong('float16') })),
  ],
  [
    'a new weight above 1',
    'EVENKEEL_OPTION',
    'BatchNorm: newWeight must be above 0 and at most 1, got 1.5; try { newWeight: 0.1 }, or { decay: ... } if you meant the weight of the old.',
    plain(() => new BatchNorm(8, { runningAverage: { newWeight: 1.5 } })),
  ],
  [
    'a decay of 1',
    'EVENKEEL_OPTION',
    'BatchNorm: decay must be from 0 up and below 1, got 1; try { decay: 0.99 }, or { newWeight: ... } if you meant the weight of the new.',
    plain(() => new BatchNorm(8, { runningAverage: { decay: 1 } })),
  ],
  [
    'new weight and decay at once',
    'EVENKEEL_OPTION',
    'BatchNorm: runningAverage must be { newWeight }, { decay }, \'cumulative\' or false, got {"newWeight":0.1,"decay":0.9}; try { newWeight: 0.1 }, PyTorch\'s default, or { decay: 0.99 }, Keras\'s.',
    plain(() => new BatchNorm(8, { runningAverage: wrong({ newWeight: 0.1, decay: 0.9 }) })),
  ],
  [
    'an unknown variance',
    'EVENKEEL_OPTION',
    "BatchNorm: runningVariance must be 'unbiased' or 'population', got 'biased'; try 'unbiased'.",
    plain(() => new BatchNorm(8, { runningVariance: wrong('biased') })),
  ],
  [
    'an unknown convention',
    'EVENKEEL_OPTION',
    "BatchNorm: convention must be 'pytorch' or 'keras', got 'tf'; try 'pytorch'.",
    plain(() => new BatchNorm(8, { convention: wrong('tf') })),
  ],
  [
    'affine off and weight on',
    'EVENKEEL_OPTION',
    'BatchNorm: affine: false contradicts weight: true; leave affine out, and switch bias off alone.',
    plain(() => new BatchNorm(8, { affine: false, weight: true })),
  ],
  [
    'a weight that is no switch',
    'EVENKEEL_OPTION',
    'LayerNorm: weight must be true or false, got 1; try weight: true.',
    plain(() => new LayerNorm(8, { weight: wrong(1) })),
  ],
  [
    'a fraction in normalizedShape',
    'EVENKEEL_OPTION',
    'RMSNorm: normalizedShape must be an array of whole numbers from 1 up, got [4, 2.5]; give the extents to normalize over, as in [768].',
    plain(() => new RMSNorm([4, 2.5])),
  ],
  [
    'data as normalizedShape',
    'EVENKEEL_OPTION',
    'LayerNorm: normalizedShape must be an array of whole numbers from 1 up, got Array of 9; give the extents to normalize over, as in [768].',
    plain(() => new LayerNorm(Array.from({ length: 9 }, () => 0.5))),
  ],
  [
    'a new weight of 0',
    'EVENKEEL_OPTION',
    'BatchNorm: newWeight must be above 0 and at most 1, got 0; try { newWeight: 0.1 }, or { decay: ... } if you meant the weight of the old.',
    plain(() => new BatchNorm(8, { runningAverage: { newWeight: 0 } })),
  ],
  [
    'a running average that is a switch',
    'EVENKEEL_OPTION',
    "BatchNorm: runningAverage must be { newWeight }, { decay }, 'cumulative' or false, got true; try { newWeight: 0.1 }, PyTorch's default, or { decay: 0.99 }, Keras's.",
    plain(() => new BatchNorm(8, { runningAverage: wrong(true) })),
  ],
  [
    'an array as the weight',
    'EVENKEEL_OPTION',
    'LayerNorm: weight must be true or false, got Float32Array of 8; try weight: true.',
    plain(() => new LayerNorm(8, { weight: wrong(new Float32Array(8)) })),
  ],
  [
    'options that are a list',
    'EVENKEEL_OPTION',
    'RMSNorm: options must be an object, got [0.00001]; write { eps: ... }; the options are eps, weight, bias, affine, dtype.',
    plain(() => new RMSNorm(8, wrong([1e-5]))),
  ],
  [
    'a function as the layout',
    'EVENKEEL_OPTION',
    "GroupNorm: layout must be 'channels-first' or 'channels-last', got the function some; use 'channels-first' for [N, C, ...space], 'channels-last' for [N, ...space, C].",
    plain(() => new GroupNorm(2, 8, { layout: wrong(some) })),
  ],
]
