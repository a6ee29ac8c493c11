import { sizeOf } from '../../src/tensor.js'

// What is timed: shapes of real models, each in every operation and layout that it has.

export type LayerName = 'LayerNorm' | 'RMSNorm' | 'BatchNorm' | 'GroupNorm' | 'InstanceNorm'
/** forward: in training; inference: with given statistics, where that differs (BatchNorm). */
export type Op = 'forward' | 'inference' | 'backward'
/** plain: the shape has one layout only. */
export type Layout = 'plain' | 'channels-first' | 'channels-last'

/** One operation on one shape, float32 with weight and (but for RMSNorm) bias. */
export interface BenchCase {
  /** 'BatchNorm channels-last [32, 56, 56, 64] backward' */
  readonly name: string
  readonly layer: LayerName
  readonly layout: Layout
  /** As it lies in memory. */
  readonly shape: readonly number[]
  readonly op: Op
  /** Of GroupNorm; else 1. */
  readonly groups: number
  /** Part of --quick. */
  readonly quick: boolean
}

/** The same for all, given to each. */
export const EPS = 1e-5
const GROUPS = 32

interface Row {
  readonly layer: LayerName
  /** Channels first where it has channels. */
  readonly shapes: readonly (readonly number[])[]
  readonly ops: readonly Op[]
  readonly quick: readonly number[]
}

const ROW_SHAPES = [
  [8, 64],
  [32, 768],
  [512, 768],
  [4096, 768],
  [16384, 1024],
  [2048, 8192],
  [65536, 64],
  [1, 1048576],
]

/** `quick`: indices of the shapes of --quick, one of each size class where there is one. */
const ROWS: readonly Row[] = [
  { layer: 'LayerNorm', shapes: ROW_SHAPES, ops: ['forward', 'backward'], quick: [0, 1, 3, 4] },
  { layer: 'RMSNorm', shapes: ROW_SHAPES, ops: ['forward', 'backward'], quick: [3] },
  {
    layer: 'BatchNorm',
    shapes: [
      [1024, 512],
      [65536, 256],
      [32, 64, 56, 56],
      [32, 256, 56, 56],
      [2, 64, 512, 512],
    ],
    ops: ['forward', 'inference', 'backward'],
    quick: [0, 2],
  },
  {
    layer: 'GroupNorm',
    shapes: [
      [8, 256, 28, 28],
      [32, 256, 56, 56],
      [1, 512, 128, 128],
    ],
    ops: ['forward', 'backward'],
    quick: [0],
  },
  {
    layer: 'InstanceNorm',
    shapes: [
      [8, 64, 56, 56],
      [1, 64, 512, 512],
    ],
    ops: ['forward', 'backward'],
    quick: [0],
  },
]

export function allCases(): BenchCase[] {
  return ROWS.flatMap(({ layer, shapes, ops, quick }) =>
    shapes.flatMap((shape, i) =>
      layoutsOf(shape).flatMap(([layout, inMemory]) =>
        ops.map((op) => benchCase(layer, layout, inMemory, op, quick.includes(i))),
      ),
    ),
  )
}

export function benchCase(
  layer: LayerName,
  layout: Layout,
  shape: readonly number[],
  op: Op,
  quick = false,
): BenchCase {
  const words = [layer, ...(layout === 'plain' ? [] : [layout]), `[${shape.join(', ')}]`, op]
  return {
    name: words.join(' '),
    layer,
    layout,
    shape,
    op,
    groups: layer === 'GroupNorm' ? GROUPS : 1,
    quick,
  }
}

function layoutsOf(shape: readonly number[]): readonly [Layout, readonly number[]][] {
  if (shape.length === 2) return [['plain', shape]]
  const [samples, channels, ...space] = shape
  return [
    ['channels-first', shape],
    ['channels-last', [samples, ...space, channels]],
  ]
}

export function elementsOf({ shape }: Pick<BenchCase, 'shape'>): number {
  return sizeOf(shape)
}

/** Weight's length (and bias's): the normalized row's, or the channels'. */
export function parametersOf({ layer, layout, shape }: BenchCase): number {
  const isRows = layer === 'LayerNorm' || layer === 'RMSNorm'
  return isRows || layout !== 'channels-first' ? shape[shape.length - 1] : shape[1]
}

/** PyTorch's RMSNorm has no bias, and no other contender's. */
export function hasBias({ layer }: Pick<BenchCase, 'layer'>): boolean {
  return layer !== 'RMSNorm'
}
