import { fail } from '../errors.js'
import { moments } from '../moments.js'
import { type FloatArray, lengthOf, newArray, type Tensor } from '../tensor.js'
import { extremaOf } from './extrema.js'
import { type FeatureStatistics, noStatistics } from './feature-statistics.js'
import type { Geometry } from './geometry.js'
import { NO_EPS } from './scale.js'

/** What to do where a value is NaN or infinite. */
export type NonFinite = 'error' | 'missing'
export const NON_FINITE: readonly NonFinite[] = ['error', 'missing']

/** Which elements count, and how much. */
export interface Counting {
  /** [samples], 0 or more. 0: the sample does not count. Null: 1 each. */
  readonly weights: Float64Array | null
  /** [samples * features * space]: 0 if the element is missing. Null: none is. */
  readonly mask: Uint8Array | null
  readonly nonFinite: NonFinite
  /** The row of the whole input with which the chunk begins, for messages. */
  readonly firstRow: number
  /** The number of elements in a row. */
  readonly rowSize: number
}

/**
 * The statistics of one chunk. The kernels compute them, unless the elements do not all count alike.
 * @throws EvenkeelError (EVENKEEL_STATISTICS) if a value is not finite, or if the squares leave float64.
 */
export function chunkStatistics(
  who: string,
  data: FloatArray,
  geometry: Geometry,
  counting: Counting,
): FeatureStatistics {
  const all = counting.weights === null && counting.mask === null
  const plain = all ? plainStatistics(data, geometry) : null
  if (plain !== null && areFinite(plain)) return plain
  const statistics = weightedStatistics(who, data, geometry, counting)
  if (areFinite(statistics)) return statistics
  const feature = statistics.m2.findIndex((m2) => !Number.isFinite(m2))
  return fail(
    'EVENKEEL_STATISTICS',
    who,
    `the squared differences from the mean leave float64 in feature ${feature}`,
    'scale the input down',
  )
}

function areFinite({ mean, m2 }: FeatureStatistics): boolean {
  return mean.every(Number.isFinite) && m2.every(Number.isFinite)
}

function plainStatistics(data: FloatArray, { samples, features, space }: Geometry): FeatureStatistics {
  const x: Tensor = { data, shape: space === 1 ? [samples, features] : [samples, features, space] }
  const { count, mean, m2 } = moments(x, { eps: NO_EPS })
  const { min, max } = extremaOf(x)
  return { count, mean, m2, min, max, missing: newArray('float64', features) as Float64Array }
}

/** Two passes over the elements that count: the mean, and then the squared differences from it. */
function weightedStatistics(
  who: string,
  data: FloatArray,
  geometry: Geometry,
  counting: Counting,
): FeatureStatistics {
  const { samples, features, space } = geometry
  const { weights, mask, nonFinite } = counting
  const statistics = noStatistics(features)
  const { count, mean, m2, min, max, missing } = statistics
  const each = (visit: (f: number, value: number, weight: number) => void, skip: (f: number) => void) => {
    let i = 0
    for (let n = 0; n < samples; n++) {
      const weight = weights === null ? 1 : weights[n]
      if (weight === 0) {
        i += features * space
        continue
      }
      for (let f = 0; f < features; f++) {
        for (let s = 0; s < space; s++, i++) {
          const counts =
            (mask === null || mask[i] !== 0) && (Number.isFinite(data[i]) || nonFinite === 'error')
          if (counts) visit(f, data[i], weight)
          else skip(f)
        }
      }
    }
  }
  if (nonFinite === 'error') refuseNonFinite(who, data, geometry, counting)
  each(
    (f, value, weight) => {
      count[f] += weight
      mean[f] += weight * value
      if (value < min[f]) min[f] = value
      if (value > max[f]) max[f] = value
    },
    (f) => {
      missing[f]++
    },
  )
  for (let f = 0; f < features; f++) mean[f] = count[f] > 0 ? mean[f] / count[f] : 0
  // The mean was rounded. What is left of it corrects it, and m2 (Chan, Golub and LeVeque 1983, the corrected
  // two-pass algorithm).
  const rest = new Float64Array(features)
  each(
    (f, value, weight) => {
      const delta = value - mean[f]
      rest[f] += weight * delta
      m2[f] += weight * delta * delta
    },
    () => {},
  )
  for (let f = 0; f < features; f++) {
    if (count[f] === 0) continue
    const correction = rest[f] / count[f]
    mean[f] += correction
    m2[f] = Math.max(0, m2[f] - rest[f] * correction)
    // +0, so that the bits do not depend on which of the two zeroes came first.
    min[f] += 0
    max[f] += 0
  }
  return statistics
}

function refuseNonFinite(
  who: string,
  data: FloatArray,
  { features, space }: Geometry,
  { weights, mask, firstRow, rowSize }: Counting,
): void {
  const size = features * space
  for (let i = 0; i < lengthOf(data); i++) {
    if (Number.isFinite(data[i]) || mask?.[i] === 0 || weights?.[Math.floor(i / size)] === 0) continue
    const row = firstRow + Math.floor(i / rowSize)
    const feature = Math.floor(i / space) % features
    fail(
      'EVENKEEL_STATISTICS',
      who,
      `all values must be finite, got ${data[i]} in row ${row}, feature ${feature}`,
      "set nonFinite: 'missing' to leave such values out",
    )
  }
}
