import * as tf from '@tensorflow/tfjs'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  rmsNormalization,
} from '../../src/tfjs/index.js'
import type { Dataset } from '../data/dataset.js'
import { seedFor } from '../data/random.js'

/** What stands between each linear layer and its activation. */
export type NormName = 'none' | 'batch' | 'layer' | 'group' | 'instance' | 'rms'

export interface NormOptions {
  readonly norm: NormName
  /** How much of BatchNorm's running averages stays at each step. */
  readonly decay?: number
}

/** One linear layer, the norm after it, and whether a ReLU follows. */
interface Block {
  readonly linear: tf.layers.Layer
  /** True: the sum that the block before computed, before its norm, is added to this linear layer's output. */
  readonly residual?: boolean
  readonly norm: tf.layers.Layer | null
  readonly activate: boolean
  /** True: what comes in is flattened to [N, features] first. */
  readonly flatten: boolean
}

/** GroupNorm's groups in each layer: 2 to 16 channels in a group. */
export const GROUPS = 4

/** Inside the root, the same for every norm: PyTorch's default. Keras's 1e-3 would weigh on small variances. */
const EPS = 1e-5

/** A plain chain of layers, made of tfjs's dense and convolution layers and evenkeel's norms. */
export class Network {
  constructor(
    readonly blocks: readonly Block[],
    { height, width }: Pick<Dataset, 'height' | 'width'>,
  ) {
    // The first image makes the layers create their weights.
    tf.tidy(() => this.logits(tf.zeros([1, height, width, 1]), false))
  }

  /**
   * The logits of a batch. `training` lets BatchNorm use the batch's own statistics (and update its running
   * ones). `observe` sees what enters each activation, and what leaves it (the same where there is none).
   */
  logits(
    x: tf.Tensor,
    training: boolean,
    observe?: (z: tf.Tensor, activation: tf.Tensor) => void,
  ): tf.Tensor {
    let activation = x
    let stream: tf.Tensor | undefined
    for (const { linear, residual, norm, activate, flatten } of this.blocks) {
      const flat = flatten ? tf.reshape(activation, [activation.shape[0], -1]) : activation
      const output = linear.apply(flat) as tf.Tensor
      stream = residual && stream ? tf.add(stream, output) : output
      const z = norm ? (norm.apply(stream, { training }) as tf.Tensor) : stream
      activation = activate ? tf.relu(z) : z
      observe?.(z, activation)
    }
    return activation
  }

  /** The norms of the hidden layers; empty for 'none'. */
  get norms(): tf.layers.Layer[] {
    return this.blocks.flatMap(({ norm }) => norm ?? [])
  }

  /** The name under which tfjs knows block i's weight matrix, in gradients. */
  kernelName(i: number): string {
    return this.blocks[i].linear.trainableWeights[0].name
  }
}

/** What a ConvNet is made of. */
export interface ConvShape {
  /** Per stage; each begins with a stride of 2: a 28 x 28 image becomes 14, 7, 4, 2 and 1 across. */
  readonly channels: readonly number[]
  readonly convolutionsPerStage: number
}

export const SMALL_CONV: ConvShape = { channels: [8, 16, 32, 64], convolutionsPerStage: 1 }

/**
 * 3x3 convolutions in stages, each followed by norm and ReLU, and a dense layer. He initialisation; a bias only where
 * no norm follows, whose shift replaces it.
 */
export function convNet(
  data: Dataset,
  { channels, convolutionsPerStage }: ConvShape,
  options: NormOptions,
  seed: number,
  key: string,
): Network {
  const convolutions = channels.flatMap((filters, stage) =>
    Array.from({ length: convolutionsPerStage }, (_, i) => ({
      linear: tf.layers.conv2d({
        filters,
        kernelSize: 3,
        strides: i === 0 ? 2 : 1,
        padding: 'same',
        useBias: options.norm === 'none',
        kernelInitializer: heNormal(seed, key, stage * convolutionsPerStage + i),
      }),
      norm: normalization(options, [1, 2, 3]),
      activate: true,
      flatten: false,
    })),
  )
  return new Network([...convolutions, classifier(data.classes, seed, key)], data)
}

export interface DeepShape {
  /** Hidden layers, and units in each. */
  readonly depth: number
  readonly width: number
  /**
   * True: each hidden layer but the first adds its output to the sum that it began from, and takes its input from
   * that sum by norm and ReLU. The norm then stands before each branch ("pre-norm").
   */
  readonly residual: boolean
}

/** `depth` hidden dense layers of `width`, each followed by norm and ReLU, and the classifier. He initialisation. */
export function deepNet(
  data: Dataset,
  { depth, width, residual }: DeepShape,
  options: NormOptions,
  seed: number,
  key: string,
): Network {
  const hidden = Array.from({ length: depth }, (_, i) => ({
    linear: tf.layers.dense({
      units: width,
      useBias: options.norm === 'none',
      kernelInitializer: heNormal(seed, key, i),
    }),
    residual: residual && i > 0,
    norm: normalization(options, [1]),
    activate: true,
    flatten: i === 0,
  }))
  return new Network([...hidden, classifier(data.classes, seed, key)], data)
}

/** @param features the dimensions of one sample, over which LayerNorm and RMSNorm normalize */
function normalization({ norm, decay = 0.99 }: NormOptions, features: number[]): tf.layers.Layer | null {
  switch (norm) {
    case 'none':
      return null
    case 'batch':
      return batchNormalization({ epsilon: EPS, momentum: decay })
    case 'layer':
      return layerNormalization({ epsilon: EPS, axis: features })
    case 'group':
      return groupNormalization({ epsilon: EPS, groups: GROUPS })
    case 'instance':
      return instanceNormalization({ epsilon: EPS })
    case 'rms':
      return rmsNormalization({ epsilon: EPS, axis: features })
  }
}

/** Glorot initialisation, as no ReLU follows. */
function classifier(classes: number, seed: number, key: string): Block {
  const kernelInitializer = tf.initializers.glorotNormal({ seed: seedFor(seed, key, 'classifier') })
  const linear = tf.layers.dense({ units: classes, kernelInitializer })
  return { linear, norm: null, activate: false, flatten: true }
}

function heNormal(seed: number, key: string, layer: number) {
  return tf.initializers.heNormal({ seed: seedFor(seed, key, 'layer', layer) })
}
