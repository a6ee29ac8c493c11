import { describe, test } from 'vitest'
import { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from '../../src/index.js'
import { type BadCall, expectError, wrong } from './support.js'

const CONSTRUCTORS: readonly BadCall[] = [
  {
    title: 'momentum',
    call: () => new BatchNorm(4, wrong({ momentum: 0.2 })),
    code: 'EVENKEEL_OPTION',
    message:
      "BatchNorm: there is no option momentum: PyTorch means by it the weight of the new batch, Keras the opposite, the weight of the old average; use runningAverage: { newWeight: 0.2 } for PyTorch's momentum 0.2, or runningAverage: { decay: 0.2 } for Keras's.",
  },
  {
    title: 'a misspelt option',
    call: () => new BatchNorm(4, wrong({ esp: 1e-3 })),
    code: 'EVENKEEL_OPTION',
    message:
      'BatchNorm: there is no option esp; try eps; the options are layout, runningAverage, runningVariance, convention, eps, weight, bias, affine, dtype.',
  },
  {
    title: "another library's name for an option",
    call: () => new LayerNorm(4, wrong({ epsilon: 1e-3 })),
    code: 'EVENKEEL_OPTION',
    message:
      'LayerNorm: there is no option epsilon; try eps; the options are runningAverage, eps, weight, bias, affine, dtype.',
  },
  {
    title: 'options that are a number',
    call: () => new RMSNorm(4, wrong(1e-5)),
    code: 'EVENKEEL_OPTION',
    message:
      'RMSNorm: options must be an object, got 0.00001; write { eps: ... }; the options are eps, weight, bias, affine, dtype.',
  },
  {
    title: 'no channels',
    call: () => new BatchNorm(0),
    code: 'EVENKEEL_OPTION',
    message:
      'BatchNorm: the number of channels must be a whole number from 1 up, got 0; give the extent of the channel dimension, as in 64.',
  },
  {
    title: 'channels that are text',
    call: () => new InstanceNorm(wrong('64')),
    code: 'EVENKEEL_OPTION',
    message:
      'InstanceNorm: the number of channels must be a whole number from 1 up, got 64; give the extent of the channel dimension, as in 64.',
  },
  {
    title: 'negative eps',
    call: () => new BatchNorm(4, { eps: -1e-5 }),
    code: 'EVENKEEL_OPTION',
    message: 'BatchNorm: eps must be a positive finite number, got -0.00001; try eps: 1e-5.',
  },
  {
    title: 'eps 0',
    call: () => new GroupNorm(1, 4, { eps: 0 }),
    code: 'EVENKEEL_OPTION',
    message: 'GroupNorm: eps must be a positive finite number, got 0; try eps: 1e-5.',
  },
  {
    title: 'channels that groups do not divide',
    call: () => new GroupNorm(4, 30),
    code: 'EVENKEEL_SHAPE',
    message: 'GroupNorm: channels (30) must be divisible by groups (4); try groups: 5.',
  },
  {
    title: 'no groups',
    call: () => new GroupNorm(0, 30),
    code: 'EVENKEEL_OPTION',
    message: 'GroupNorm: groups must be a whole number from 1 up, got 0; try groups: 1.',
  },
  {
    title: 'an empty normalizedShape',
    call: () => new LayerNorm([]),
    code: 'EVENKEEL_OPTION',
    message:
      'LayerNorm: normalizedShape must be an array of whole numbers from 1 up, got []; give the extents to normalize over, as in [768].',
  },
  {
    title: 'a fraction in normalizedShape',
    call: () => new RMSNorm([4, 2.5]),
    code: 'EVENKEEL_OPTION',
    message:
      'RMSNorm: normalizedShape must be an array of whole numbers from 1 up, got [4, 2.5]; give the extents to normalize over, as in [768].',
  },
  {
    title: 'an unknown layout',
    call: () => new BatchNorm(4, { layout: wrong('NHWC') }),
    code: 'EVENKEEL_OPTION',
    message:
      "BatchNorm: layout must be 'channels-first' or 'channels-last', got NHWC; use 'channels-first' for [N, C, ...space], 'channels-last' for [N, ...space, C].",
  },
  {
    title: 'an unknown dtype',
    call: () => new RMSNorm(4, { dtype: wrong('float16') }),
    code: 'EVENKEEL_OPTION',
    message: "RMSNorm: dtype must be 'float32' or 'float64', got float16; try 'float32'.",
  },
  {
    title: 'newWeight 0',
    call: () => new BatchNorm(4, { runningAverage: { newWeight: 0 } }),
    code: 'EVENKEEL_OPTION',
    message:
      'BatchNorm: newWeight must be above 0 and at most 1, got 0; try { newWeight: 0.1 }, or { decay: ... } if you meant the weight of the old.',
  },
  {
    title: 'newWeight above 1',
    call: () => new InstanceNorm(4, { runningAverage: { newWeight: 1.5 } }),
    code: 'EVENKEEL_OPTION',
    message:
      'InstanceNorm: newWeight must be above 0 and at most 1, got 1.5; try { newWeight: 0.1 }, or { decay: ... } if you meant the weight of the old.',
  },
  {
    title: 'decay 1',
    call: () => new LayerNorm(4, { runningAverage: { decay: 1 } }),
    code: 'EVENKEEL_OPTION',
    message:
      'LayerNorm: decay must be from 0 up and below 1, got 1; try { decay: 0.99 }, or { newWeight: ... } if you meant the weight of the new.',
  },
  {
    title: 'newWeight and decay together',
    call: () => new BatchNorm(4, { runningAverage: { newWeight: 0.1, decay: 0.9 } }),
    code: 'EVENKEEL_OPTION',
    message:
      'BatchNorm: runningAverage must be { newWeight }, { decay }, \'cumulative\' or false, got {"newWeight":0.1,"decay":0.9}; try { newWeight: 0.1 }, PyTorch\'s default, or { decay: 0.99 }, Keras\'s.',
  },
  {
    title: 'runningAverage: true',
    call: () => new BatchNorm(4, { runningAverage: wrong(true) }),
    code: 'EVENKEEL_OPTION',
    message:
      "BatchNorm: runningAverage must be { newWeight }, { decay }, 'cumulative' or false, got true; try { newWeight: 0.1 }, PyTorch's default, or { decay: 0.99 }, Keras's.",
  },
  {
    title: 'an unknown runningVariance',
    call: () => new BatchNorm(4, { runningVariance: wrong('biased') }),
    code: 'EVENKEEL_OPTION',
    message: "BatchNorm: runningVariance must be 'unbiased' or 'population', got biased; try 'unbiased'.",
  },
  {
    title: 'an unknown convention',
    call: () => new BatchNorm(4, { convention: wrong('tensorflow') }),
    code: 'EVENKEEL_OPTION',
    message: "BatchNorm: convention must be 'pytorch' or 'keras', got tensorflow; try 'pytorch'.",
  },
  {
    title: 'affine: false with weight: true',
    call: () => new GroupNorm(1, 4, { affine: false, weight: true }),
    code: 'EVENKEEL_OPTION',
    message:
      'GroupNorm: affine: false contradicts weight: true; leave affine out, and switch bias off alone.',
  },
  {
    title: 'a weight instead of whether there is one',
    call: () => new LayerNorm(4, { weight: wrong(new Float32Array(4)) }),
    code: 'EVENKEEL_OPTION',
    message: 'LayerNorm: weight must be true or false, got 0,0,0,0; try weight: true.',
  },
]

describe('constructors', () => {
  test.each(CONSTRUCTORS)('$title', ({ call, code, message }) => expectError(call, code, message))
})
