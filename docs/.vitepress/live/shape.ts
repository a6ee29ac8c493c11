/** The share of the values in each of `bins` equal parts of [low, high]. Values outside count for no part. */
export function shares(values: ArrayLike<number>, low: number, high: number, bins: number): number[] {
  const counts: number[] = new Array(bins).fill(0)
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor(((values[i] - low) / (high - low)) * bins)
    if (bin >= 0 && bin < bins) counts[bin]++
    else if (values[i] === high) counts[bins - 1]++
  }
  return counts.map((count) => count / values.length)
}

/** Mean and deviation, in float64. */
export function summary(values: ArrayLike<number>): { mean: number; deviation: number } {
  const list = Array.from(values)
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length
  const deviation = Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length)
  return { mean, deviation }
}

const DIGITS = 3

/** Three digits: 0.998, 12,300, 4.77e-7. */
export function short(value: number): string {
  const size = Math.abs(value)
  if (value === 0) return '0'
  if (size < 1e-3) return value.toExponential(1)
  return Number(value.toPrecision(DIGITS)).toLocaleString('en', { maximumSignificantDigits: DIGITS })
}
