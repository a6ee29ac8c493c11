import { describe, fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { checkLength, type DType, formatShape, readTensor, sizeOf, type Tensor } from '../tensor.js'
import { chunkStatistics, type NonFinite } from './chunk-statistics.js'
import { maskOf, weightsOf, weightsOfSamples } from './counting.js'
import { type FeatureStatistics, mergeStatistics, noStatistics } from './feature-statistics.js'
import { chunkRowsOf, geometryOf } from './geometry.js'
import { OrderedFold } from './ordered-fold.js'
import { type Preset, type Scaling, scalingOf } from './presets.js'
import { type Scale, scale } from './scale.js'
import {
  decodeBytes,
  decodeJSON,
  encodeBytes,
  encodeJSON,
  type Saved,
  type StandardizerJSON,
} from './standardizer-format.js'
import { type StandardizerOptions, settingsOf } from './standardizer-options.js'

export interface PartialFitOptions {
  /** [rows]. How much each row counts, 0 or more. Default 1. */
  readonly weights?: ArrayLike<number> | undefined
  /** [rows], or as many values as the input: true or 1 where the element counts. Default: all count. */
  readonly mask?: ArrayLike<number | boolean> | undefined
  /** The number of the first row, for messages about values that are not finite. Default 0. */
  readonly firstRow?: number | undefined
}

export interface TransformOptions {
  /** Where the result is written: a tensor of the input's shape. It can be the input. Default: a new tensor. */
  readonly out?: Tensor | undefined
  /** The type of a new result. Default: the input's. */
  readonly dtype?: DType | undefined
}

/**
 * Learns the mean and the deviation of each feature from data of any size, and scales data by them: y = (x - mean) /
 * deviation. It has the conventions of scikit-learn's StandardScaler, Keras's Normalization or Spark's StandardScaler.
 *
 * Rows are taken in chunks of `chunkRows`, and the statistics of the chunks are merged as a binary tree. So the same
 * rows give the same bits for any number of threads, and for any calls of partialFit() that end where a chunk ends.
 */
export class Standardizer {
  readonly preset: Preset
  readonly axis: number | null
  readonly withMean: boolean
  readonly withStd: boolean
  readonly nonFinite: NonFinite
  #features: number | undefined
  /** The number of elements in a row. */
  #rowSize: number | undefined
  readonly #fold = new OrderedFold<FeatureStatistics>(mergeStatistics)
  #next: number
  #scaling: Scaling | undefined

  /** @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown or out of range. */
  constructor(options: StandardizerOptions = {}) {
    const settings = settingsOf('Standardizer', options)
    this.preset = settings.preset
    this.axis = settings.axis
    this.withMean = settings.withMean
    this.withStd = settings.withStd
    this.nonFinite = settings.nonFinite
    this.#next = settings.firstChunk
  }

  /** The number of features. Undefined before the first rows. */
  get features(): number | undefined {
    return this.#features
  }

  /**
   * The number of rows in a chunk: a power of 2 that follows from the size of a row. Undefined before the first rows,
   * and after fromJSON() or fromBytes() until the next ones.
   */
  get chunkRows(): number | undefined {
    return this.#rowSize === undefined ? undefined : chunkRowsOf(this.#rowSize)
  }

  /** The statistics so far, per feature. New arrays. */
  get statistics(): FeatureStatistics {
    const features = this.#fitted('statistics')
    return mergeStatistics(noStatistics(features), this.#fold.result() ?? noStatistics(features))
  }

  /** [features]. What is subtracted: the mean, or 0 without withMean. */
  get mean(): Float64Array {
    return this.#scalingNow('mean').mean.slice()
  }

  /** [features]. What the difference is divided by. 0 for a feature that becomes 0 ('spark'). */
  get scale(): Float64Array {
    const { variance, zeroed } = this.#scalingNow('scale')
    return variance.map((value, f) => (zeroed[f] === 1 ? 0 : Math.sqrt(value)))
  }

  /** [features]. Whether the feature is constant, by the preset's rule. */
  get constant(): boolean[] {
    return Array.from(this.#scalingNow('constant').constant, Boolean)
  }

  /**
   * Adds rows.
   * @param x [rows, ...]. The dimension `axis` has the features. [rows] is one feature.
   * @throws EvenkeelError if x does not fit, or has another number of features than before; if a weight is negative; if
   * a value is not finite and nonFinite is 'error'. Then nothing was added.
   */
  partialFit(x: Tensor, options: PartialFitOptions = {}): this {
    const who = 'Standardizer.partialFit'
    checkOptions(who, options, ['weights', 'mask', 'firstRow'])
    // Each is read once, before the input: a getter can transfer the input's buffer.
    const { firstRow = 0, weights: givenWeights, mask: givenMask } = options
    const { data, shape } = readTensor(who, x)
    const { features } = geometryOf(who, shape, this.axis)
    this.#checkFeatures(who, features, shape)
    const [rows] = shape
    const rowSize = sizeOf(shape.slice(1))
    const weights = weightsOf(who, givenWeights, rows)
    const mask = maskOf(who, givenMask, rows, rowSize)
    // The lists can have getters, too.
    checkLength(who, 'input', data, sizeOf(shape), formatShape(shape))
    const chunkRows = chunkRowsOf(rowSize)
    const found: FeatureStatistics[] = []
    for (let row = 0; row < rows; row += chunkRows) {
      const end = Math.min(rows, row + chunkRows)
      const geometry = geometryOf(who, [end - row, ...shape.slice(1)], this.axis)
      const counting = {
        weights: weights === null ? null : weightsOfSamples(weights.subarray(row, end), geometry.samples),
        mask: mask === null ? null : mask.subarray(row * rowSize, end * rowSize),
        nonFinite: this.nonFinite,
        firstRow: firstRow + row,
        rowSize,
      }
      found.push(chunkStatistics(who, data.subarray(row * rowSize, end * rowSize), geometry, counting))
    }
    this.#features = features
    this.#rowSize = rowSize
    for (const statistics of found) this.#add(statistics)
    return this
  }

  /**
   * Adds the rows of all tensors, in order. Give tensors of `chunkRows` rows, or multiples of it, for bits that do not
   * depend on where they were cut.
   * @throws EvenkeelError as partialFit(). The tensors before the one that failed were added.
   */
  async fit(tensors: AsyncIterable<Tensor> | Iterable<Tensor>): Promise<this> {
    for await (const x of tensors) this.partialFit(x)
    return this
  }

  /**
   * Adds what another Standardizer has learned. If the chunks of both have different numbers (`firstChunk`), the result
   * has the bits of one fit of all rows. Otherwise all of the other's rows count as one further chunk.
   * @throws EvenkeelError if the other has other features or options. Then nothing was added.
   */
  merge(other: Standardizer): this {
    const who = 'Standardizer.merge'
    if (!(other instanceof Standardizer))
      fail(
        'EVENKEEL_OPTION',
        who,
        `needs a Standardizer, got ${describe(other)}`,
        'pass Standardizer.fromJSON(...)',
      )
    for (const name of ['preset', 'axis', 'withMean', 'withStd'] as const) {
      if (this[name] === other[name]) continue
      const problem = `both must have the same ${name}, got ${describe(this[name])} and ${describe(other[name])}`
      fail('EVENKEEL_OPTION', who, problem, `construct both with the same ${name}`)
    }
    if (other.#features === undefined) return this
    this.#checkFeatures(who, other.#features, [other.#features])
    this.#features = other.#features
    this.#rowSize ??= other.#rowSize
    const total = other.#fold.result()
    if (total === undefined) return this
    if (this.#fold.addAll(other.#fold.nodes)) {
      this.#next = Math.max(this.#next, other.#next)
      this.#scaling = undefined
    } else this.#add(total)
    return this
  }

  /**
   * Scales rows: y = (x - mean) / deviation, by the preset's conventions. NaN stays NaN.
   * @param x as for partialFit().
   * @returns y, of x's shape.
   * @throws EvenkeelError (EVENKEEL_STATE) before the first rows, and if x or `out` does not fit.
   */
  transform(x: Tensor, options: TransformOptions = {}): Tensor {
    const { mean, variance, zeroed } = this.#scalingNow('transform')
    return this.#map('Standardizer.transform', x, options, { mean, variance, zeroed, bias: null })
  }

  /**
   * The inverse of transform(): x = y * deviation + mean. A feature that became 0 is the mean (0 without withMean).
   * @throws as transform().
   */
  inverseTransform(y: Tensor, options: TransformOptions = {}): Tensor {
    const { mean, variance, zeroed } = this.#scalingNow('inverseTransform')
    const inverse = {
      mean: new Float64Array(mean.length),
      variance: variance.map((v) => 1 / v),
      zeroed,
      bias: mean,
    }
    return this.#map('Standardizer.inverseTransform', y, options, inverse)
  }

  /** For JSON.stringify(). The numbers are exact, and NaN and Infinity are strings. `summary` is for people. */
  toJSON(): StandardizerJSON {
    return encodeJSON(this.#saved())
  }

  /**
   * Reads what toJSON() gave, after JSON.parse().
   * @throws EvenkeelError (EVENKEEL_OPTION) if the value is not that, or of another version.
   */
  static fromJSON(json: unknown): Standardizer {
    return Standardizer.#from(decodeJSON(json))
  }

  /**
   * The same as a safetensors file. Other programs find `mean`, `variance`, `count`, `min`, `max`, `missing` and `scale`
   * in it, [features] of float64.
   */
  toBytes(): Uint8Array {
    return encodeBytes(this.#saved(), { mean: this.mean, scale: this.scale })
  }

  /** Reads what toBytes() gave. @throws EvenkeelError (EVENKEEL_BUFFER) if the bytes are not that. */
  static fromBytes(bytes: Uint8Array): Standardizer {
    return Standardizer.#from(decodeBytes(bytes))
  }

  static #from({ options, features, nodes }: Saved): Standardizer {
    const made = new Standardizer(options)
    made.#features = features
    if (!made.#fold.addAll(nodes))
      fail('EVENKEEL_OPTION', 'Standardizer', 'the chunks of this file overlap', 'fit it again')
    const last = made.#fold.nodes.at(-1)
    if (last !== undefined) made.#next = last.first + last.length
    return made
  }

  #saved(): Saved {
    const features = this.#fitted('toJSON')
    const { preset, axis, withMean, withStd, nonFinite } = this
    return {
      options: { preset, axis, withMean, withStd, nonFinite },
      features,
      nodes: this.#fold.nodes,
      summary: this.statistics,
    }
  }

  /** Adds the statistics of the next chunk. */
  #add(statistics: FeatureStatistics): void {
    while (!this.#fold.add(this.#next, statistics)) this.#next++
    this.#next++
    this.#scaling = undefined
  }

  #fitted(name: string): number {
    if (this.#features !== undefined) return this.#features
    return fail(
      'EVENKEEL_STATE',
      `Standardizer.${name}`,
      'it has seen no rows yet',
      'call fit() or partialFit() first',
    )
  }

  #scalingNow(name: string): Scaling {
    this.#fitted(name)
    this.#scaling ??= scalingOf(this.statistics, this.preset, this.withMean, this.withStd)
    return this.#scaling
  }

  #checkFeatures(who: string, features: number, shape: readonly number[]): void {
    if (this.#features === undefined || this.#features === features) return
    fail(
      'EVENKEEL_SHAPE',
      who,
      `expected ${this.#features} features, got ${features} in an input of ${formatShape(shape)}`,
      'give rows with the same features',
    )
  }

  #map(who: string, x: Tensor, options: TransformOptions, by: Scale): Tensor {
    checkOptions(who, options, ['out', 'dtype'])
    const input = readTensor(who, x)
    const geometry = geometryOf(who, input.shape, this.axis)
    this.#checkFeatures(who, geometry.features, input.shape)
    return scale(who, input, geometry, by, options)
  }
}
