import { batchNorm, groupNorm, layerNorm, type Tensor, tensor } from '../../../src/index.js'
import { Hash } from '../../../src/selftest/hash.js'
import { Random } from '../../../src/selftest/random.js'
import type { Norm, Setting } from './settings.js'

export const CHANNELS = 8
const SIDE = 8
/** The values of one channel of one sample. */
export const SPACE = SIDE * SIDE
const EPS = 1e-5
const SEED = 14
/** How far the channels and the samples of the input differ: the bounds of their deviations and means. */
const CONTRAST = { channel: 2, sample: 1.5 }

/**
 * [batch, CHANNELS, SIDE, SIDE]: nearly normal, with a mean and a deviation of its own for each channel and each sample.
 * Only integers and exact scaling: the numbers are the same on every machine.
 */
export function inputOf({ batch, ratio }: Setting): Tensor<Float32Array> {
  const random = new Random(SEED)
  const signed = (bound: number) => (2 * random.uniform() - 1) * bound
  const data = new Float32Array(batch * CHANNELS * SPACE)
  const channels = Array.from({ length: CHANNELS }, () => ({
    mean: signed(CONTRAST.channel),
    deviation: 0.5 + random.uniform(),
  }))
  for (let n = 0, i = 0; n < batch; n++) {
    const shift = signed(CONTRAST.sample)
    for (const { mean, deviation } of channels)
      for (let s = 0; s < SPACE; s++) data[i++] = ratio + mean + shift + deviation * random.normal()
  }
  return tensor(data, [batch, CHANNELS, SIDE, SIDE])
}

/** The output of evenkeel, float32. */
export function normalized(norm: Norm, x: Tensor<Float32Array>, groups: number): Float32Array {
  if (norm === 'BatchNorm') return batchNorm(x, { eps: EPS }).y.data
  if (norm === 'GroupNorm') return groupNorm(x, { groups, eps: EPS }).y.data
  return layerNorm(x, { normalizedShape: x.shape.slice(1), eps: EPS }).y.data
}

/** Which slot each plane (one channel of one sample) belongs to. The planes of a slot share mean and variance. */
export function slotOf(norm: Norm, groups: number): (n: number, c: number) => number {
  if (norm === 'BatchNorm') return (_, c) => c
  if (norm === 'LayerNorm') return (n) => n
  return (n, c) => n * groups + Math.floor((c * groups) / CHANNELS)
}

/** The indices of the elements of each slot. */
function slots(norm: Norm, { data }: Tensor<Float32Array>, groups: number): readonly number[][] {
  const slot = slotOf(norm, groups)
  const found: number[][] = []
  for (let i = 0; i < data.length; i++) {
    const plane = Math.floor(i / SPACE)
    const into = slot(Math.floor(plane / CHANNELS), plane % CHANNELS)
    found[into] ??= []
    found[into].push(i)
  }
  return found
}

/** The formula that the textbook gives, with every step in float32: the variance is E[x^2] - E[x]^2, and not below 0. */
export function naive(norm: Norm, x: Tensor<Float32Array>, groups: number): Float32Array {
  const f = Math.fround
  const y = new Float32Array(x.data.length)
  for (const slot of slots(norm, x, groups)) {
    let sum = 0
    let squares = 0
    for (const i of slot) {
      sum = f(sum + x.data[i])
      squares = f(squares + f(x.data[i] * x.data[i]))
    }
    const mean = f(sum / slot.length)
    const variance = Math.max(0, f(f(squares / slot.length) - f(mean * mean)))
    const scale = f(1 / f(Math.sqrt(f(variance + EPS))))
    for (const i of slot) y[i] = f(f(x.data[i] - mean) * scale)
  }
  return y
}

/** The same norm in float64 and in two passes: the mean, then the squared differences from it. */
export function oracle(norm: Norm, x: Tensor<Float32Array>, groups: number): Float64Array {
  const y = new Float64Array(x.data.length)
  for (const slot of slots(norm, x, groups)) {
    const mean = slot.reduce((sum, i) => sum + x.data[i], 0) / slot.length
    const variance = slot.reduce((sum, i) => sum + (x.data[i] - mean) ** 2, 0) / slot.length
    for (const i of slot) y[i] = (x.data[i] - mean) / Math.sqrt(variance + EPS)
  }
  return y
}

/** The largest absolute difference. */
export function largestError(y: Float32Array, truth: Float64Array): number {
  return y.reduce((largest, value, i) => Math.max(largest, Math.abs(value - truth[i])), 0)
}

/** 16 hexadecimal digits that follow from every bit of the output. */
export function digestOf(y: Float32Array): string {
  return new Hash().add(y).toString()
}

/** The values of one channel, of all samples. data: [N, CHANNELS, SPACE]. */
export function channelOf(data: Float32Array, channel: number): Float32Array {
  return data.filter((_, i) => Math.floor(i / SPACE) % CHANNELS === channel)
}

/** The values of one sample, of all channels. */
export function sampleOf(data: Float32Array, sample: number): Float32Array {
  return data.subarray(sample * CHANNELS * SPACE, (sample + 1) * CHANNELS * SPACE)
}
