import type { Statistics } from '../engine/buffers.js'
import type { Plan } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { checkChoice } from '../options.js'
import {
  type DType,
  type FloatArray,
  isFloatArray,
  lengthOf,
  newArray,
  sizeOf,
  type Tensor,
} from '../tensor.js'
import { warnOnce } from '../warnings.js'

/**
 * How a batch's statistic b changes a running average r:
 * `{ newWeight: w }`: r = (1 - w) r + w b (PyTorch calls w momentum); 0 < w <= 1.
 * `{ decay: d }`: r = d r + (1 - d) b (Keras calls d momentum); 0 <= d < 1.
 * `'cumulative'`: the plain mean of all batches so far, w = 1/n. This is not the variance of a whole data set. It is
 * the mean of the variances within the batches, and ignores the differences between the means of the batches. The two
 * are close for shuffled batches of one size. They are not close for sorted data, or if each batch has one kind of
 * data.
 */
export type RunningAverage = { readonly newWeight: number } | { readonly decay: number } | 'cumulative'
/**
 * Which variance of a batch goes into the running average: divided by n - 1 ('unbiased', PyTorch) or by n
 * ('population', Keras). The batch itself is always normalized with the variance that is divided by n.
 */
export type RunningVariance = 'unbiased' | 'population'

export interface RunningOptions {
  readonly average: RunningAverage
  readonly variance: RunningVariance
}

/**
 * Checks the options of running averages. Returns null if there are none. Throws if an option does not have a
 * documented form or is out of its range.
 */
export function checkRunning(who: string, average: unknown, variance: unknown): RunningOptions | null {
  checkChoice<RunningVariance>(who, 'runningVariance', variance, ['unbiased', 'population'])
  if (average === false) return null
  if (average === 'cumulative') return { average, variance }
  const { newWeight, decay } = (typeof average === 'object' && average !== null ? average : {}) as {
    newWeight?: unknown
    decay?: unknown
  }
  if (typeof newWeight === 'number' && decay === undefined) {
    checkRange(who, 'newWeight', newWeight, newWeight > 0 && newWeight <= 1, 'above 0 and at most 1', 0.1)
    return { average: { newWeight }, variance }
  }
  if (typeof decay === 'number' && newWeight === undefined) {
    checkRange(who, 'decay', decay, decay >= 0 && decay < 1, 'from 0 up and below 1', 0.99)
    return { average: { decay }, variance }
  }
  fail(
    'EVENKEEL_OPTION',
    who,
    `runningAverage must be { newWeight }, { decay }, 'cumulative' or false, got ${describe(average)}`,
    "try { newWeight: 0.1 }, PyTorch's default, or { decay: 0.99 }, Keras's",
  )
}

function checkRange(who: string, name: string, value: number, fits: boolean, range: string, usual: number) {
  if (fits) return
  const other = name === 'decay' ? 'newWeight' : 'decay'
  fail(
    'EVENKEEL_OPTION',
    who,
    `${name} must be ${range}, got ${value}`,
    `try { ${name}: ${usual} }, or { ${other}: ... } if you meant the weight of the ${name === 'decay' ? 'new' : 'old'}`,
  )
}

/** Exponentially weighted or cumulative averages of batch statistics, kept in the layer's type. */
export class RunningStatistics {
  /** The running average of the mean. 0 before the first batch. */
  readonly mean: Tensor
  /** The running average of the variance. 1 before the first batch. */
  readonly variance: Tensor
  /** How many batches went into the averages. */
  batches = 0
  /** Whether a state dict was loaded. */
  loaded = false
  readonly #options: RunningOptions
  readonly #nextMean: FloatArray
  readonly #nextVariance: FloatArray

  /** `shape`: [channels], or [] if all slots share one mean and one variance. */
  constructor(dtype: DType, shape: readonly number[], options: RunningOptions) {
    const length = sizeOf(shape)
    this.mean = { data: newArray(dtype, length), shape: [...shape] }
    this.variance = { data: newArray(dtype, length).fill(1), shape: [...shape] }
    this.#nextMean = newArray(dtype, length)
    this.#nextVariance = newArray(dtype, length)
    this.#options = options
  }

  /** Whether the averages come from data: from batches, or from a state dict. */
  get fromData(): boolean {
    return this.loaded || this.batches > 0
  }

  /** Throws if the buffer of an average was transferred. */
  checkAttached(who: string): void {
    const length = this.#nextMean.length
    if (isWhole(this.mean, length) && isWhole(this.variance, length)) return
    fail(
      'EVENKEEL_BUFFER',
      who,
      'the running averages are detached: the buffer of runningMean or runningVariance was transferred',
      'construct a new layer, and loadStateDict() a saved state; copy arrays before a transfer, as stateDict() does',
    )
  }

  /**
   * Writes the averages into all slots. Every sample (or row) gets the same averages. Warns once if the averages do
   * not come from data.
   */
  spreadInto(who: string, { mean, variance }: Statistics): void {
    if (!this.fromData) {
      warnOnce(
        `${who}: eval mode uses running averages, and these have seen no data: mean 0 and variance 1 stand in. ` +
          'Train first, or loadStateDict().',
      )
    }
    const length = this.#nextMean.length
    for (let first = 0; first < mean.length; first += length) {
      mean.set(this.mean.data, first)
      variance.set(this.variance.data, first)
    }
  }

  /**
   * Updates the averages with a batch's statistics. If the batch has statistics for each sample, their mean over the
   * samples is used. The averages are computed in float64 and rounded once. A batch without elements changes nothing.
   * @throws EvenkeelError if a statistic, or the new average in this layer's type, is not finite. Then nothing has
   * changed.
   */
  update(plan: Plan, { mean, variance }: Statistics): void {
    if (plan.size === 0) return
    this.checkAttached(plan.layer)
    checkFinite(plan, mean, variance)
    const [keep, take] = this.#weights()
    const length = this.#nextMean.length
    const repeats = plan.slots / length
    const unbias = this.#options.variance === 'unbiased' ? plan.count / (plan.count - 1) : 1
    for (let c = 0; c < length; c++) {
      let meanSum = 0
      let varianceSum = 0
      for (let slot = c; slot < plan.slots; slot += length) {
        meanSum += mean[slot]
        varianceSum += variance[slot]
      }
      this.#nextMean[c] = keep * this.mean.data[c] + take * (meanSum / repeats)
      this.#nextVariance[c] = keep * this.variance.data[c] + take * ((varianceSum / repeats) * unbias)
      if (!Number.isFinite(this.#nextMean[c]) || !Number.isFinite(this.#nextVariance[c])) overflow(plan, c)
    }
    this.mean.data.set(this.#nextMean)
    this.variance.data.set(this.#nextVariance)
    this.batches++
  }

  /** The weight of the old average, and the weight of the new batch. */
  #weights(): readonly [number, number] {
    const { average } = this.#options
    if (average === 'cumulative') return [this.batches / (this.batches + 1), 1 / (this.batches + 1)]
    return 'decay' in average
      ? [average.decay, 1 - average.decay]
      : [1 - average.newWeight, average.newWeight]
  }
}

/**
 * Whether all slots share one running mean and variance. This is so for a norm over a normalizedShape. Its pattern
 * can be rows, or columns with stages.
 */
function isOfRows({ scope, stages }: Plan): boolean {
  return scope === 'row' || stages !== null
}

function isWhole({ data }: Tensor, length: number): boolean {
  return isFloatArray(data) && lengthOf(data) === length
}

function checkFinite(plan: Plan, mean: Float64Array, variance: Float64Array): void {
  for (let slot = 0; slot < plan.slots; slot++) {
    if (Number.isFinite(mean[slot]) && Number.isFinite(variance[slot])) continue
    fail(
      'EVENKEEL_STATISTICS',
      plan.layer,
      `the batch's statistics are not finite in ${placeOf(plan, slot)} (mean ${mean[slot]}, variance ${variance[slot]}); the running averages were left as they are`,
      'look for NaN or Infinity in the input, or a learning rate that is too high',
    )
  }
}

function overflow(plan: Plan, channel: number): never {
  const place = isOfRows(plan) ? 'the rows' : `channel ${channel}`
  fail(
    'EVENKEEL_STATISTICS',
    plan.layer,
    `the running averages of ${place} would overflow ${plan.dtype}; they were left as they are`,
    plan.dtype === 'float32' ? "scale the input down, or use dtype: 'float64'" : 'scale the input down',
  )
}

function placeOf(plan: Plan, slot: number): string {
  if (isOfRows(plan)) return `row ${slot}`
  if (plan.scope === 'batch') return `channel ${slot}`
  return `channel ${slot % plan.groups} of sample ${Math.floor(slot / plan.groups)}`
}
