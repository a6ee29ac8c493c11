import {
  BatchNorm,
  type ErrorCode,
  type FloatArray,
  type Layer,
  LayerNorm,
  type Tensor,
} from '../../src/index.js'
import { Random } from '../../src/selftest/random.js'
import { draw } from '../support/tensors.js'

// Helpers for the tables of bad calls.

/** A bad call, and what it must not change. `layer` processes `good` before and after the call. */
export interface Scene {
  readonly call: () => unknown
  readonly layer?: Layer
  readonly good?: Tensor
  readonly arrays?: readonly FloatArray[]
}
export type Row = readonly [title: string, code: ErrorCode, message: string, scene: () => Scene]

/** Lets the compiler accept a wrong argument. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export const wrong = (value: unknown): any => value

export function some(shape: number[], dtype: 'float32' | 'float64' = 'float32', mean = 0): Tensor {
  return draw(new Random(1), dtype, shape, mean)
}
export function filled(shape: number[], value: number): Tensor {
  const x = some(shape)
  x.data[1] = value
  return x
}
export function detached(x: Tensor): Tensor {
  structuredClone(x.data.buffer, { transfer: [x.data.buffer as ArrayBuffer] })
  return x
}

/** [8, [8, [8, ...]]]. */
export function circular(): number[] {
  const shape: unknown[] = [8]
  shape.push(shape)
  return shape as number[]
}

/** A call without a layer that it could change. */
export const plain = (call: () => unknown) => (): Scene => ({ call })
/** A layer that has run on `good`, forward and backward, before the bad call. */
export function used(layer: Layer, good: Tensor, bad: (layer: Layer) => unknown): Scene {
  layer.forward(good)
  layer.backward(some([...good.shape], layer.dtype))
  return { call: () => bad(layer), layer, good }
}
export const onBatch = (bad: (layer: Layer) => unknown) => () => used(new BatchNorm(3), some([4, 3, 5]), bad)
export const onRows = (bad: (layer: Layer) => unknown) => () => used(new LayerNorm(8), some([4, 8]), bad)
