import type { FloatArray, Layer, Tensor } from '../../src/index.js'
import { snapshot } from '../layers/support.js'
import { some } from './scene.js'

// What a bad call must leave as it was.

/** Copies of all that a layer holds, and of the arrays. */
export function copies(layer: Layer | undefined, arrays: readonly FloatArray[]) {
  return { layer: layer && snapshot(layer), arrays: arrays.map((array) => array.slice()) }
}

/** What the layer computes after the bad call: first the gradient of the last good forward, then another forward. */
export function goesOn(layer: Layer, good: Tensor) {
  const dy = some([...good.shape], layer.dtype)
  return [layer.backward(dy), layer.forward(good), layer.backward(dy), snapshot(layer)]
}
