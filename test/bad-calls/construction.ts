import { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from '../../src/index.js'
import { plain, type Row, wrong } from './scene.js'

// Constructors: options that are unknown, out of range, or contradict each other.

export const CONSTRUCTION: readonly Row[] = [
  [
    'no channels',
    'EVENKEEL_OPTION',
    /BatchNorm: the number of channels .* got 0; give/,
    plain(() => new BatchNorm(0)),
  ],
  ['half a channel', 'EVENKEEL_OPTION', /InstanceNorm: .*got 2\.5; give/, plain(() => new InstanceNorm(2.5))],
  [
    'channels as a text',
    'EVENKEEL_OPTION',
    /BatchNorm: .* got 64; give/,
    plain(() => new BatchNorm(wrong('64'))),
  ],
  [
    'channels that groups do not divide',
    'EVENKEEL_SHAPE',
    /GroupNorm: channels \(30\) must be divisible by groups \(4\); try groups: 5\./,
    plain(() => new GroupNorm(4, 30)),
  ],
  [
    'no groups',
    'EVENKEEL_OPTION',
    /GroupNorm: groups .* got 0; try groups: 1/,
    plain(() => new GroupNorm(0, 8)),
  ],
  [
    'half a group',
    'EVENKEEL_OPTION',
    /GroupNorm: groups .* got 2\.5; try/,
    plain(() => new GroupNorm(2.5, 8)),
  ],
  [
    'more groups than channels',
    'EVENKEEL_SHAPE',
    /channels \(4\) .* groups \(32\); try groups: 4/,
    plain(() => new GroupNorm(32, 4)),
  ],
  [
    'an empty normalizedShape',
    'EVENKEEL_OPTION',
    /LayerNorm: .*got \[\]; give/,
    plain(() => new LayerNorm([])),
  ],
  ['an extent of 0', 'EVENKEEL_OPTION', /RMSNorm: .*got \[0\]; give/, plain(() => new RMSNorm(0))],
  [
    'a negative eps',
    'EVENKEEL_OPTION',
    /LayerNorm: eps must be a positive finite number, got -0\.00001; try eps: 1e-5/,
    plain(() => new LayerNorm(8, { eps: -1e-5 })),
  ],
  ['eps 0', 'EVENKEEL_OPTION', /BatchNorm: eps .* got 0; try/, plain(() => new BatchNorm(8, { eps: 0 }))],
  [
    'eps NaN',
    'EVENKEEL_OPTION',
    /RMSNorm: eps .* got NaN; try/,
    plain(() => new RMSNorm(8, { eps: Number.NaN })),
  ],
  [
    'a bare momentum',
    'EVENKEEL_OPTION',
    /no option momentum: PyTorch means .* Keras the opposite.*; use runningAverage: \{ newWeight: 0\.1 \}/,
    plain(() => new BatchNorm(8, wrong({ momentum: 0.1 }))),
  ],
  [
    "Keras's epsilon",
    'EVENKEEL_OPTION',
    /LayerNorm: there is no option epsilon; try eps/,
    plain(() => new LayerNorm(8, wrong({ epsilon: 1e-3 }))),
  ],
  [
    'a misspelt option',
    'EVENKEEL_OPTION',
    /there is no option runingAverage; try runningAverage/,
    plain(() => new BatchNorm(8, wrong({ runingAverage: false }))),
  ],
  [
    'options that are a number',
    'EVENKEEL_OPTION',
    /options must be an object, got 1/,
    plain(() => new BatchNorm(8, wrong(1))),
  ],
  [
    'a layout of another library',
    'EVENKEEL_OPTION',
    /layout must be 'channels-first' or 'channels-last', got NHWC; use/,
    plain(() => new BatchNorm(8, { layout: wrong('NHWC') })),
  ],
  [
    'a type that is not there',
    'EVENKEEL_OPTION',
    /dtype must be 'float32' or 'float64', got float16; try/,
    plain(() => new LayerNorm(8, { dtype: wrong('float16') })),
  ],
  [
    'a new weight above 1',
    'EVENKEEL_OPTION',
    /newWeight must be above 0 and at most 1, got 1\.5; try/,
    plain(() => new BatchNorm(8, { runningAverage: { newWeight: 1.5 } })),
  ],
  [
    'a decay of 1',
    'EVENKEEL_OPTION',
    /decay must be from 0 up and below 1, got 1; try/,
    plain(() => new BatchNorm(8, { runningAverage: { decay: 1 } })),
  ],
  [
    'new weight and decay at once',
    'EVENKEEL_OPTION',
    /runningAverage must be .* got \{"newWeight":0\.1,"decay":0\.9\}; try/,
    plain(() => new BatchNorm(8, { runningAverage: wrong({ newWeight: 0.1, decay: 0.9 }) })),
  ],
  [
    'an unknown variance',
    'EVENKEEL_OPTION',
    /runningVariance must be 'unbiased' or 'population', got biased; try/,
    plain(() => new BatchNorm(8, { runningVariance: wrong('biased') })),
  ],
  [
    'an unknown convention',
    'EVENKEEL_OPTION',
    /convention must be 'pytorch' or 'keras', got tf; try/,
    plain(() => new BatchNorm(8, { convention: wrong('tf') })),
  ],
  [
    'affine off and weight on',
    'EVENKEEL_OPTION',
    /affine: false contradicts weight: true; leave/,
    plain(() => new BatchNorm(8, { affine: false, weight: true })),
  ],
  [
    'a weight that is no switch',
    'EVENKEEL_OPTION',
    /weight must be true or false, got 1; try/,
    plain(() => new LayerNorm(8, { weight: wrong(1) })),
  ],
]
