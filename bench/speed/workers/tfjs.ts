import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { type BenchCase, parametersOf } from '../cases.js'
import { readFloats } from '../data.js'
import type { Prepare } from '../protocol.js'
import { nanosecondsSince, type Prepared, serve } from './serve.js'

// TensorFlow.js's own layers, on the backend that the first argument names: cpu or wasm. Kernels of both run at once
// when called. Its gradients run their forward again: there is no way to ask for the one without the other.

const [, , backend] = process.argv

/** What `release` frees: tfjs counts references by hand. */
let owned: tf.Tensor[] = []

function newLayer({ layer, layout }: BenchCase, eps: number): tf.layers.Layer | string {
  if (layer === 'LayerNorm') return tf.layers.layerNormalization({ epsilon: eps })
  if (layer !== 'BatchNorm') return `tfjs has no ${layer}`
  return tf.layers.batchNormalization({ axis: layout === 'channels-first' ? 1 : -1, epsilon: eps })
}

function prepare({ bench, eps, inputs }: Prepare): Prepared | string {
  const layer = newLayer(bench, eps)
  if (typeof layer === 'string') return layer
  const read = (name: string, shape: readonly number[]) => {
    const tensor = tf.tensor(readFloats(join(inputs, name)), [...shape])
    owned.push(tensor)
    return tensor
  }
  const x = read('x', bench.shape)
  layer.build([...bench.shape])
  const names = bench.layer === 'BatchNorm' ? ['weight', 'bias', 'mean', 'variance'] : ['weight', 'bias']
  layer.setWeights(names.map((name) => read(name, [parametersOf(bench)])))
  const training = bench.op !== 'inference'
  const forward = () => layer.apply(x, { training }) as tf.Tensor
  if (bench.op !== 'backward') {
    const once = () => ({ y: tf.tidy(() => forward().dataSync() as Float32Array) })
    return { once, time: (iterations) => timeTidied(forward, iterations) }
  }
  const dy = read('dy', bench.shape)
  const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable)
  const gradient = tf.grads((input) => layer.apply(input, { training }) as tf.Tensor)
  const call = () => gradient([x, ...variables], dy)
  const once = () => {
    const [dx, dweight, dbias] = tf.tidy(() => call().map((each) => each.dataSync() as Float32Array))
    return { dx, dweight, dbias }
  }
  return { once, time: (iterations) => timeTidied(call, iterations) }
}

function timeTidied(call: () => tf.TensorContainer, iterations: number): number[] {
  const start = performance.now()
  for (let i = 0; i < iterations; i++) tf.dispose(tf.tidy(call))
  return [nanosecondsSince(start) / iterations]
}

await serve(async () => {
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend '${backend}' here`)
  await tf.ready()
  const release = () => {
    tf.disposeVariables()
    tf.dispose(owned)
    owned = []
  }
  return { version: `tfjs ${tf.version.tfjs} ${backend}`, prepare, release }
})
