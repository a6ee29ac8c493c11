import * as tf from '@tensorflow/tfjs'
import { expectTypeOf } from 'vitest'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  type LayerNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'

// Code that must compile, and code that must not, under exactOptionalPropertyTypes. test/tfjs/types.test.ts compiles
// it.

declare const maybe: {
  name: string | undefined
  trainable: boolean | undefined
  inputShape: tf.Shape | undefined
  epsilon: number | undefined
  scale: boolean | undefined
  axis: number | readonly number[] | undefined
}

export const layers: tf.layers.Layer[] = [
  batchNormalization({ ...maybe, center: undefined, momentum: undefined, movingMeanInitializer: undefined }),
  layerNormalization({ ...maybe, betaRegularizer: null, gammaConstraint: undefined }),
  groupNormalization({ ...maybe, groups: undefined }),
  instanceNormalization(maybe),
  rmsNormalization({ ...maybe, gammaInitializer: tf.initializers.constant({ value: 2 }) }),
  batchNormalization({ axis: [3] }),
  layerNormalization({ axis: [1, 2] as const }),
  // @ts-expect-error there is no such option
  batchNormalization({ eps: 1e-3 }),
  // @ts-expect-error there is no such option
  rmsNormalization({ center: false }),
  // @ts-expect-error an instance norm has no groups
  instanceNormalization({ groups: 4 }),
  // @ts-expect-error an axis is a number
  layerNormalization({ axis: 'last' }),
]

export function write(layer: LayerNormalization): void {
  expectTypeOf(layer.axis).toEqualTypeOf<number | readonly number[]>()
  layer.epsilon = 1e-5
  // @ts-expect-error it cannot be replaced
  layer.axis = 2
  expectTypeOf(batchNormalization().axis).toEqualTypeOf<number>()
  expectTypeOf(batchNormalization().momentum).toEqualTypeOf<number>()
}
