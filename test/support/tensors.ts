import type { DType, FloatArray, Tensor } from '../../src/index.js'
import type { Random } from '../../src/selftest/random.js'

// What several tests need to make and compare tensors.

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

export function drawArray(random: Random, dtype: DType, length: number, mean = 0): FloatArray {
  const Type = dtype === 'float64' ? Float64Array : Float32Array
  return new Type(length).map(() => mean + random.normal())
}

export function draw(random: Random, dtype: DType, shape: readonly number[], mean = 0): Tensor {
  return { data: drawArray(random, dtype, sizeOf(shape), mean), shape }
}

/** [N, C, ...space] as [N, ...space, C]. */
export function toChannelsLast({ data, shape }: Tensor): Tensor {
  const [samples, channels, ...space] = shape
  const spatial = sizeOf(space)
  const moved = data.map((_, i) => {
    const channel = i % channels
    const position = Math.floor(i / channels) % spatial
    const sample = Math.floor(i / (channels * spatial))
    return data[(sample * channels + channel) * spatial + position]
  })
  return { data: moved, shape: [samples, ...space, channels] }
}

export function largestDifference(a: FloatArray, b: FloatArray): number {
  if (a.length !== b.length) throw new Error(`lengths ${a.length} and ${b.length}`)
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]))
  return most
}
