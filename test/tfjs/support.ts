import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { Random } from '../../src/selftest/random.js'

/** The backends of tfjs that run in plain Node. */
export const TFJS_BACKENDS = ['cpu', 'wasm'] as const

setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)

export async function useBackend(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`tfjs backend ${name} did not start`)
}

export function randomTensor(random: Random, shape: number[], scale = 1, shift = 0): tf.Tensor {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () =>
    Math.fround(random.normal() * scale + shift),
  )
  return tf.tensor(values, shape)
}

/** Replaces gamma and beta, which are 1 and 0 at first, by numbers that differ, so that a wrong order is noticed. */
export function randomizeTrainable(random: Random, layer: tf.layers.Layer): void {
  for (const weight of layer.trainableWeights)
    weight.write(randomTensor(random, weight.shape as number[], 0.5, 1))
}

export function apply(layer: tf.layers.Layer, x: tf.Tensor, training = false): tf.Tensor {
  return layer.apply(x, { training }) as tf.Tensor
}

export function valuesOf(tensor: tf.Tensor | tf.LayerVariable): number[] {
  return Array.from(('read' in tensor ? tensor.read() : tensor).dataSync())
}

/** The largest difference of two tensors. NaN if one of them contains NaN. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} values, expected ${expected.length}`)
  return Math.max(...Array.from(actual, (value, i) => Math.abs(value - expected[i])))
}

/** Keeps the files of a model in memory, in the form of tf.io. */
export async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    }),
  )
  if (artifacts === undefined) throw new Error('nothing was saved')
  // By way of JSON text, as with files.
  return { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) }
}

export { Random }
