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
  readonly norm: tf.layers.Layer | null
  readonly activate: boolean
  /** True: what comes in is flattened to [N, features] first. */
  readonly flatten: boolean
}

/** The ConvNet's channels, layer by layer. */
export const CONV_CHANNELS: readonly number[] = [8, 16, 32, 64]

/** GroupNorm's groups in each of them: 2 to 16 channels in a group. */
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
   * ones). `observe` sees what enters each activation: the linear layer's output after its norm.
   */
  logits(x: tf.Tensor, training: boolean, observe?: (block: number, z: tf.Tensor) => void): tf.Tensor {
    return this.blocks.reduce((input, block, i) => {
      const flat = block.flatten ? tf.reshape(input, [input.shape[0], -1]) : input
      let z = block.linear.apply(flat) as tf.Tensor
      if (block.norm) z = block.norm.apply(z, { training }) as tf.Tensor
      observe?.(i, z)
      return block.activate ? tf.relu(z) : z
    }, x)
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

/**
 * Four 3x3 convolutions with stride 2 (a 28 x 28 image becomes 14, 7, 4 and 2 across), each followed by norm and ReLU,
 * and a dense layer. He initialisation; a bias only where no norm follows, whose shift replaces it.
 */
export function convNet(data: Dataset, options: NormOptions, seed: number, key: string): Network {
  const convolutions = CONV_CHANNELS.map((filters, i) => ({
    linear: tf.layers.conv2d({
      filters,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      useBias: options.norm === 'none',
      kernelInitializer: heNormal(seed, key, i),
    }),
    norm: normalization(options, [1, 2, 3]),
    activate: true,
    flatten: false,
  }))
  return new Network([...convolutions, classifier(data.classes, seed, key)], data)
}

/** `depth` hidden dense layers of `width`, each followed by norm and ReLU, and the classifier. He initialisation. */
export function deepNet(
  data: Dataset,
  size: { readonly depth: number; readonly width: number },
  options: NormOptions,
  seed: number,
  key: string,
): Network {
  const hidden = Array.from({ length: size.depth }, (_, i) => ({
    linear: tf.layers.dense({
      units: size.width,
      useBias: options.norm === 'none',
      kernelInitializer: heNormal(seed, key, i),
    }),
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
