// Summaries of timings. Medians and quartiles, because a machine disturbs timings upwards only, and at times by much.

export interface Summary {
  readonly median: number
  /** A quarter of the values lie below the first, a quarter above the second. */
  readonly quartiles: readonly [number, number]
  readonly least: number
  readonly most: number
}

export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    least: sorted[0],
    most: sorted[sorted.length - 1],
  }
}

export function median(values: readonly number[]): number {
  return summarize(values).median
}

/** Between the neighbours of position share * (length - 1), linearly; R's type 7 and NumPy's default. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('no values to summarize')
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}

/** The mean that treats twice as fast and half as fast as opposites. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values to average')
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
