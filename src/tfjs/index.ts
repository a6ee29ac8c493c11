/**
 * Normalization layers for tf.LayersModel, with Keras's arguments and evenkeel's arithmetic.
 *
 * ```ts
 * import * as tf from '@tensorflow/tfjs'
 * import { groupNormalization } from 'evenkeel/tfjs'
 *
 * model.add(groupNormalization({ groups: 8, axis: 1 }))
 * ```
 *
 * An import of this module registers the layers with tf.serialization, so that saved models load. Their names there are
 * `EvenkeelBatchNormalization`, ..., so they do not replace tfjs's own layers. If a program has two copies of this
 * module (ESM and CommonJS), the second registers its classes in place of the first's. Both read the same files.
 *
 * @module evenkeel/tfjs
 */
import * as tf from '@tensorflow/tfjs'
import { BatchNormalization, type BatchNormalizationArgs } from './batch-normalization.js'
import {
  GroupNormalization,
  type GroupNormalizationArgs,
  InstanceNormalization,
  type InstanceNormalizationArgs,
} from './group-normalization.js'
import {
  LayerNormalization,
  type LayerNormalizationArgs,
  RMSNormalization,
  type RMSNormalizationArgs,
} from './layer-normalization.js'

for (const layer of [
  BatchNormalization,
  LayerNormalization,
  GroupNormalization,
  InstanceNormalization,
  RMSNormalization,
]) {
  tf.serialization.registerClass(layer)
}

export type {
  BatchNormalizationArgs,
  GroupNormalizationArgs,
  InstanceNormalizationArgs,
  LayerNormalizationArgs,
  RMSNormalizationArgs,
}
export { BatchNormalization, GroupNormalization, InstanceNormalization, LayerNormalization, RMSNormalization }

/** Mean and variance per channel over the batch; see {@link BatchNormalization}. */
export const batchNormalization = (args?: BatchNormalizationArgs) => new BatchNormalization(args)

/** Mean and variance per sample over the last dimensions; see {@link LayerNormalization}. */
export const layerNormalization = (args?: LayerNormalizationArgs) => new LayerNormalization(args)

/** Mean and variance per sample and group of channels; see {@link GroupNormalization}. */
export const groupNormalization = (args?: GroupNormalizationArgs) => new GroupNormalization(args)

/** Mean and variance per sample and channel; see {@link InstanceNormalization}. */
export const instanceNormalization = (args?: InstanceNormalizationArgs) => new InstanceNormalization(args)

/** The root of the mean square per sample over the last dimensions; see {@link RMSNormalization}. */
export const rmsNormalization = (args?: RMSNormalizationArgs) => new RMSNormalization(args)
