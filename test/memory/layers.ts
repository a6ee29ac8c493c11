import {
  BatchNorm,
  type DType,
  GroupNorm,
  InstanceNorm,
  type Layer,
  LayerNorm,
  RMSNorm,
  type Tensor,
} from '../../src/index.js'
import { newArray, sizeOf } from '../../src/tensor.js'

// Every kind of layer on every pattern, with all choices of parameters, on a small input.

export interface Affine {
  readonly weight: boolean
  readonly bias: boolean
}

export const AFFINES: Readonly<Record<string, Affine>> = {
  'weight and bias': { weight: true, bias: true },
  'weight only': { weight: true, bias: false },
  'bias only': { weight: false, bias: true },
  neither: { weight: false, bias: false },
}

export interface LayerRow {
  readonly shape: readonly number[]
  make(affine: Affine): Layer
}

const LAST = 'channels-last'

export const LAYERS: Readonly<Record<string, LayerRow>> = {
  LayerNorm: { shape: [4, 8], make: (affine) => new LayerNorm(8, affine) },
  'LayerNorm, float64': {
    shape: [4, 8],
    make: (affine) => new LayerNorm(8, { ...affine, dtype: 'float64' }),
  },
  RMSNorm: { shape: [4, 8], make: (affine) => new RMSNorm(8, affine) },
  'BatchNorm over planes': { shape: [3, 4, 5], make: (affine) => new BatchNorm(4, affine) },
  'BatchNorm over columns': { shape: [7, 4], make: (affine) => new BatchNorm(4, affine) },
  'GroupNorm over planes': { shape: [2, 4, 5], make: (affine) => new GroupNorm(2, 4, affine) },
  'GroupNorm over columns': {
    shape: [2, 5, 4],
    make: (affine) => new GroupNorm(2, 4, { ...affine, layout: LAST }),
  },
  InstanceNorm: { shape: [2, 4, 5], make: (affine) => new InstanceNorm(4, affine) },
  'InstanceNorm with averages': {
    shape: [2, 5, 4],
    make: (affine) => new InstanceNorm(4, { ...affine, layout: LAST, runningAverage: { newWeight: 0.1 } }),
  },
}

/** Numbers that differ for each index and seed. */
export function numbers(dtype: DType, shape: readonly number[], seed: number): Tensor {
  const data = newArray(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(seed + i * i)
  return { data, shape }
}
