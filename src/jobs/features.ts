import { CONVENTIONS } from '../data/presets.js'
import type { Saved } from './saved.js'

/** What is known of a feature. */
export interface Feature {
  readonly name: string | null
  readonly count: number
  readonly mean: number
  /** By the preset's rule: of the population, or unbiased. */
  readonly deviation: number
  readonly min: number
  readonly max: number
  readonly missing: number
  /** Whether the preset takes it as constant. */
  readonly constant: boolean
}

/** The features of what a fit has learned, for people to look at. */
export function featuresOf({ standardizer, names }: Saved): Feature[] {
  const { count, mean, m2, min, max, missing } = standardizer.statistics
  const { constant, preset } = standardizer
  return constant.map((each, f) => ({
    name: names?.[f] ?? null,
    count: count[f],
    mean: mean[f],
    deviation: Math.sqrt(CONVENTIONS[preset].variance(m2[f], count[f])),
    min: min[f],
    max: max[f],
    missing: missing[f],
    constant: each,
  }))
}
