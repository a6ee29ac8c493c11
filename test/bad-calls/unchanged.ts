import type { FloatArray, Layer, Tensor } from '../../src/index.js'
import { snapshot } from '../layers/support.js'
import { some } from './scene.js'

// Checks that a bad call changes nothing.

/** Copies of all arrays of a layer, and of the given arrays. */
export function copies(layer: Layer | undefined, arrays: readonly FloatArray[]) {
  return { layer: layer && snapshot(layer), arrays: arrays.map((array) => array.slice()) }
}

/** The results of the layer after the bad call: the gradient of the last good forward, then another forward. */
export function goesOn(layer: Layer, good: Tensor) {
  const dy = some([...good.shape], layer.dtype)
  return [layer.backward(dy), layer.forward(good), layer.backward(dy), snapshot(layer)]
}
