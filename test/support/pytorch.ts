import { readFileSync } from 'node:fs'
import {
  BatchNorm,
  type BatchNormOptions,
  type FloatArray,
  GroupNorm,
  InstanceNorm,
  type Layer,
  LayerNorm,
  RMSNorm,
  type StateDict,
  type StateTensor,
  type Tensor,
} from '../../src/index.js'

// The JSON that the scripts in test/fixtures/pytorch and these tests exchange.

/** data: base64 of the little-endian elements, as this machine (any that Node runs on) has them. */
export interface Encoded {
  readonly dtype: 'float32' | 'float64' | 'int64'
  readonly shape: number[]
  readonly data: string
}

const ARRAYS = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array }

export function decode({ dtype, shape, data }: Encoded): StateTensor {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'))
  return { data: new ARRAYS[dtype](bytes.buffer), shape }
}

export function decodeTensor(encoded: Encoded): Tensor {
  const { data, shape } = decode(encoded)
  return { data: data as FloatArray, shape }
}

export function encode({ data, shape }: StateTensor): Encoded {
  const dtype = data instanceof Float32Array ? 'float32' : data instanceof Float64Array ? 'float64' : 'int64'
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return { dtype, shape: [...shape], data: bytes.toString('base64') }
}

export function decodeState(state: Readonly<Record<string, Encoded>>): StateDict {
  return Object.fromEntries(Object.entries(state).map(([name, entry]) => [name, decode(entry)]))
}

export function fixture(name: string): URL {
  return new URL(`../fixtures/pytorch/${name}`, import.meta.url)
}

export function readFixture<T>(name: string): T & { torch: string } {
  return JSON.parse(readFileSync(fixture(name), 'utf8'))
}

export interface LayerSpec {
  readonly layer: string
  readonly args: readonly unknown[]
  readonly options: object
}

const LAYERS: Readonly<Record<string, new (...args: never[]) => Layer>> = {
  BatchNorm,
  LayerNorm,
  GroupNorm,
  InstanceNorm,
  RMSNorm,
}

/** The evenkeel layer that a fixture names. */
export function layerOf({ layer, args, options }: LayerSpec): Layer {
  const Type = LAYERS[layer] as unknown as new (...args: unknown[]) => Layer
  return new Type(...args, options as BatchNormOptions)
}
