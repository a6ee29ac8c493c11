import { geometryOf } from '../data/geometry.js'
import { fail } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { type JobEvents, Meter } from './events.js'
import { expandPaths, type InputOptions, openInputs } from './inputs.js'
import { reading } from './reading.js'
import type { Saved } from './saved.js'

/** The bars of a histogram: enough to see two hills, few enough to be seen each. */
export const BINS = 40

/**
 * How many values of each feature lie in each of BINS equal parts of its range: [features][BINS]. Values beyond the
 * range, and those that are not finite, are left out.
 * @throws EvenkeelError that names the file if one cannot be read, or has other features.
 */
export async function histogramsOf(
  { standardizer }: Saved,
  paths: readonly string[],
  options: InputOptions = {},
  events: JobEvents = {},
): Promise<Float64Array[]> {
  const { min, max } = standardizer.statistics
  const bins = Array.from(min, () => new Float64Array(BINS))
  const factor = min.map((least, f) => (max[f] > least ? BINS / (max[f] - least) : 0))
  const inputs = await openInputs(await expandPaths(paths), options)
  const meter = new Meter(
    events,
    inputs.reduce((sum, { size }) => sum + size, 0),
  )
  for (const input of inputs) {
    await reading(input, options, events.signal, async ({ chunks }) => {
      for await (const x of chunks()) count(input.path, x, standardizer.axis, bins, min, max, factor)
    })
    meter.add(input.size)
  }
  return bins
}

function count(
  path: string,
  { data, shape }: Tensor,
  axis: number | null,
  bins: readonly Float64Array[],
  min: Float64Array,
  max: Float64Array,
  factor: Float64Array,
): void {
  const { samples, features, space } = geometryOf(path, shape, axis)
  if (features !== bins.length)
    fail(
      'EVENKEEL_SHAPE',
      path,
      `it has ${features} features, and the statistics have ${bins.length}`,
      'give the files that were fitted',
    )
  let i = 0
  for (let n = 0; n < samples; n++) {
    for (let f = 0; f < features; f++) {
      for (let s = 0; s < space; s++, i++) {
        const value = data[i]
        // The greatest value lies in the last part. NaN is in no range.
        if (value >= min[f] && value <= max[f])
          bins[f][Math.min(BINS - 1, Math.floor((value - min[f]) * factor[f]))]++
      }
    }
  }
}
