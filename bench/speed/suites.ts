import { type BenchCase, benchCase, type LayerName, type Layout, type Op } from './cases.js'
import type { ContenderName } from './contenders.js'

// What is timed: suites of cases. Each suite answers one question, with the contenders that the question is about.

/** Cases that are timed with the same contenders and numbers of threads. */
export interface Suite {
  readonly cases: readonly BenchCase[]
  readonly threads: readonly number[]
  /** Who is timed where --contenders names none. */
  readonly contenders: readonly string[]
  /** Milliseconds of one contender's share of a round, where the usual ones are too few. */
  readonly timeSlice?: number
}

/** Every operation and layout of each shape is a case. */
interface Row {
  readonly layers: readonly LayerName[]
  /** Channels first where it has channels. */
  readonly shapes: readonly (readonly number[])[]
  readonly ops?: readonly Op[]
  /** How many of the shapes, from the first, are part of --quick. */
  readonly quick?: number
}

const TRAINING: readonly Op[] = ['forward', 'backward']
const CHANNEL_LAYERS: readonly LayerName[] = ['BatchNorm', 'GroupNorm', 'InstanceNorm']

/** Shapes of transformers, ResNets and segmentation networks, and the extremes. */
const MODELS: readonly Row[] = [
  {
    layers: ['LayerNorm', 'RMSNorm'],
    shapes: [
      [4096, 768],
      [32, 768],
      [16384, 1024],
      [512, 768],
      [2048, 8192],
      [65536, 64],
      [1, 1048576],
    ],
    quick: 3,
  },
  {
    layers: ['BatchNorm'],
    shapes: [
      [1024, 512],
      [32, 64, 56, 56],
      [65536, 256],
      [32, 256, 56, 56],
      [2, 64, 512, 512],
    ],
    ops: ['forward', 'inference', 'backward'],
    quick: 2,
  },
  {
    layers: ['GroupNorm'],
    shapes: [
      [8, 256, 28, 28],
      [32, 256, 56, 56],
      [1, 512, 128, 128],
    ],
    quick: 1,
  },
  {
    layers: ['InstanceNorm'],
    shapes: [
      [8, 64, 56, 56],
      [1, 64, 512, 512],
    ],
    quick: 1,
  },
]

/** The last stages of a ResNet: many planes, each of 49 or 196 elements. */
const SMALL_PLANES: readonly Row[] = [
  {
    layers: CHANNEL_LAYERS,
    shapes: [
      [32, 512, 7, 7],
      [16, 2048, 7, 7],
      [16, 1024, 14, 14],
    ],
    quick: 1,
  },
]

/** At most 8,192 elements: what a call costs counts more than the arithmetic. */
const SMALL_CALLS: readonly Row[] = [
  {
    layers: ['LayerNorm', 'RMSNorm', 'BatchNorm', 'GroupNorm'],
    shapes: [
      [8, 64],
      [64, 128],
    ],
    quick: 1,
  },
  {
    layers: CHANNEL_LAYERS,
    shapes: [
      [8, 64, 4, 4],
      [2, 64, 8, 8],
    ],
    quick: 1,
  },
]

/** Windows of a vision transformer, heads of an attention. */
const SHORT_ROWS: readonly Row[] = [
  {
    layers: ['LayerNorm'],
    shapes: [
      [6272, 96],
      [16384, 128],
    ],
    quick: 1,
  },
]

/** 3 MiB, 32 and 256 KiB, 8 and 32 MiB an array. */
const LOOPS: readonly Row[] = [
  {
    layers: ['LayerNorm'],
    shapes: [
      [768, 1024],
      [8, 1024],
      [64, 1024],
      [2048, 1024],
      [8192, 1024],
    ],
    quick: 1,
  },
  {
    layers: ['BatchNorm'],
    shapes: [
      [3072, 256],
      [32, 256],
      [256, 256],
      [8192, 256],
      [32768, 256],
    ],
    quick: 1,
  },
]

const BOTH_PYTORCH: readonly ContenderName[] = ['pytorch', 'pytorch-tcmalloc']
const BEFORE_AND_AFTER: readonly ContenderName[] = ['evenkeel', 'baseline']
const WITH_LIMIT: readonly ContenderName[] = [...BEFORE_AND_AFTER, 'limit', ...BOTH_PYTORCH]
const OTHERS: readonly ContenderName[] = ['evenkeel-portable', 'onnxruntime', 'tfjs-cpu', 'tfjs-wasm']
/** Every way in which a result comes about. */
const RESULTS: readonly ContenderName[] = [
  ...BEFORE_AND_AFTER,
  'evenkeel-allocating',
  'baseline-allocating',
  'evenkeel-workspace',
]

/** By the names that --suites takes. */
export const SUITES = {
  models: {
    cases: casesOf(MODELS),
    threads: [1, 2],
    contenders: [...WITH_LIMIT, ...OTHERS],
  },
  'small-planes': { cases: casesOf(SMALL_PLANES), threads: [1, 2], contenders: WITH_LIMIT },
  'small-calls': {
    cases: casesOf(SMALL_CALLS),
    threads: [1, 2],
    // No limit: copies of a few kilobytes take nanoseconds.
    contenders: [...BEFORE_AND_AFTER, ...BOTH_PYTORCH],
  },
  'short-rows': { cases: casesOf(SHORT_ROWS), threads: [1, 2], contenders: WITH_LIMIT },
  /** Calls without `out`, one after another: what new arrays cost, and what a workspace saves. */
  loops: {
    cases: casesOf(LOOPS),
    threads: [1],
    contenders: [...RESULTS, ...BOTH_PYTORCH],
    // Several calls of the largest: the first new array after a pause costs more than those that follow.
    timeSlice: 100,
  },
} as const satisfies Record<string, Suite>

export type SuiteName = keyof typeof SUITES
export const SUITE_NAMES = Object.keys(SUITES) as SuiteName[]

function casesOf(rows: readonly Row[]): BenchCase[] {
  return rows.flatMap(({ layers, shapes, ops = TRAINING, quick = 0 }) =>
    layers.flatMap((layer) =>
      shapes.flatMap((shape, i) =>
        layoutsOf(shape).flatMap(([layout, inMemory]) =>
          ops.map((op) => benchCase(layer, layout, inMemory, op, i < quick)),
        ),
      ),
    ),
  )
}

function layoutsOf(shape: readonly number[]): readonly [Layout, readonly number[]][] {
  if (shape.length === 2) return [['plain', shape]]
  const [samples, channels, ...space] = shape
  return [
    ['channels-first', shape],
    ['channels-last', [samples, ...space, channels]],
  ]
}
