import { expect } from 'vitest'
import type { FloatArray, Layer, Tensor } from '../../src/index.js'
import { firstDifference } from '../support/run.js'

export const SHAPE = [4, 8]
export const SIZE = 32
export const LENGTH = 8

export const numbers = (length: number, seed = 1) =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + i * i))
export const tensorOf = (data: FloatArray): Tensor => ({ data, shape: SHAPE })
export const tensor = (seed = 1) => tensorOf(numbers(SIZE, seed))
export const zeros = () => tensorOf(new Float32Array(SIZE))
export const give = (owner: object, data: FloatArray) => Object.assign(owner, { data })

/** Throws unless the layer's forward and backward on x give what a layer without a past gives, with out and without. */
export function expectAsNew(layer: Layer, fresh: Layer, x: Tensor, out = zeros(), dx = zeros()): void {
  const dy = tensorOf(numbers(SIZE, 9))
  for (const options of [[{ out }, { out: dx }] as const, [{}, {}] as const]) {
    layer.zeroGrad()
    fresh.zeroGrad()
    const pairs = [
      [layer.forward(x, options[0]), fresh.forward(x)],
      [layer.backward({ ...dy, shape: x.shape }, options[1]), fresh.backward({ ...dy, shape: x.shape })],
      [layer.weight!.grad, fresh.weight!.grad],
    ]
    for (const [actual, expected] of pairs) expect(firstDifference(actual.data, expected.data)).toBe(null)
  }
}
