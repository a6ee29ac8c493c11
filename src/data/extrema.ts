import type { Tensor } from '../tensor.js'

/** The least and the greatest value of each channel, [C], of x [N, C] or [N, C, S]. NaN is skipped. */
export function extremaOf({ data, shape }: Tensor): { min: Float64Array; max: Float64Array } {
  const [samples, channels, space = 1] = shape
  const min = new Float64Array(channels).fill(Number.POSITIVE_INFINITY)
  const max = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY)
  let i = 0
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < channels; c++) {
      for (let s = 0; s < space; s++, i++) {
        const value = data[i]
        if (value < min[c]) min[c] = value
        if (value > max[c]) max[c] = value
      }
    }
  }
  for (let c = 0; c < channels; c++) {
    min[c] += 0
    max[c] += 0
  }
  return { min, max }
}
