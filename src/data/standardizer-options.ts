import { describe, fail } from '../errors.js'
import { checkBoolean, checkChoice, checkOptions } from '../options.js'
import { NON_FINITE, type NonFinite } from './chunk-statistics.js'
import { CONVENTIONS, PRESETS, type Preset } from './presets.js'

export interface StandardizerOptions {
  /**
   * Whose conventions: 'sklearn' (StandardScaler: biased variance, constant features are centred and not scaled),
   * 'keras' (Normalization: biased variance, deviations of at least 1e-7) or 'spark' (StandardScaler: unbiased
   * variance, not centred, constant features become 0). Default 'sklearn'.
   */
  readonly preset?: Preset | undefined
  /**
   * The dimension of the features, as in NumPy: from 1 up, or from the end if negative. All other dimensions share
   * statistics. Null: all elements are one feature. Default -1, the last dimension. 1 for images [N, C, H, W].
   */
  readonly axis?: number | null | undefined
  /** Whether the mean is subtracted. Default: true, and false for 'spark'. */
  readonly withMean?: boolean | undefined
  /** Whether the result is divided by the deviation. Default true. */
  readonly withStd?: boolean | undefined
  /** What partialFit() does about NaN and Infinity: throw, or count them as missing. Default 'error'. */
  readonly nonFinite?: NonFinite | undefined
  /**
   * The number of the first chunk, if this is one part of a larger fit: the rows before it, divided by chunkRows. Parts
   * that are merged have the same bits as one fit then. Default 0.
   */
  readonly firstChunk?: number | undefined
}

/** Options with a value for each. */
export type Settings = {
  readonly [K in keyof StandardizerOptions]-?: Exclude<StandardizerOptions[K], undefined>
}

const OPTIONS = ['preset', 'axis', 'withMean', 'withStd', 'nonFinite', 'firstChunk'] as const

/** Checks the options and fills in the defaults. */
export function settingsOf(who: string, options: StandardizerOptions): Settings {
  checkOptions(who, options, OPTIONS)
  const { preset = 'sklearn', axis = -1, nonFinite = 'error', firstChunk = 0 } = options
  checkChoice(who, 'preset', preset, PRESETS)
  const { withMean = CONVENTIONS[preset].withMean, withStd = CONVENTIONS[preset].withStd } = options
  checkBoolean(who, 'withMean', withMean)
  checkBoolean(who, 'withStd', withStd)
  checkChoice(who, 'nonFinite', nonFinite, NON_FINITE)
  if (axis !== null && !(Number.isSafeInteger(axis) && axis !== 0))
    fail(
      'EVENKEEL_OPTION',
      who,
      `axis must be a whole number other than 0, or null, got ${describe(axis)}`,
      'give the dimension of the features, such as -1 for the last one; dimension 0 has the rows',
    )
  if (!Number.isSafeInteger(firstChunk) || firstChunk < 0)
    fail(
      'EVENKEEL_OPTION',
      who,
      `firstChunk must be a whole number from 0 up, got ${describe(firstChunk)}`,
      'give the number of rows before this part, divided by chunkRows',
    )
  return { preset, axis, withMean, withStd, nonFinite, firstChunk }
}
