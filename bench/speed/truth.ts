import { type BenchCase, EPS, hasBias } from './cases.js'
import { type Geometry, geometryOf, slotAt, slotsOf } from './geometry.js'

// The judge of the contenders: the formulas in float64, in two passes over every element. test/bench holds it to the
// oracle of the tests, which is too slow for 25 million elements.

/** float32 arrays of one case, and the statistics of its inference. */
export interface Inputs {
  readonly x: Float32Array
  readonly dy: Float32Array
  readonly weight: Float32Array
  readonly bias: Float32Array
  readonly mean: Float32Array
  readonly variance: Float32Array
}

/** What a contender wrote: y, or the gradients; dbias is empty where there is no bias. */
export interface Outputs {
  readonly y?: Float32Array
  readonly dx?: Float32Array
  readonly dweight?: Float32Array
  readonly dbias?: Float32Array
}

/** In the order in which workers write them. */
export function outputNames({ op, layer }: BenchCase): (keyof Outputs)[] {
  if (op !== 'backward') return ['y']
  return hasBias({ layer }) ? ['dx', 'dweight', 'dbias'] : ['dx', 'dweight']
}

/**
 * Of the largest element. float32 results in any order of summing lie within it by far (npm run accuracy tells how
 * far), and a wrong formula, axis or statistic does not.
 */
const TOLERANCE = 1e-3

interface Sums {
  readonly one: Float64Array
  readonly two: Float64Array
}

export class Truth {
  private readonly geometry: Geometry
  private readonly mean: Float64Array
  private readonly rstd: Float64Array
  private gradient: { slots: Sums; parameters: Sums } | null = null

  constructor(
    private readonly bench: BenchCase,
    private readonly inputs: Inputs,
  ) {
    this.geometry = geometryOf(bench)
    const [mean, variance] = bench.op === 'inference' ? [inputs.mean, inputs.variance] : this.statistics()
    this.mean = Float64Array.from(mean)
    this.rstd = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + EPS))
  }

  /** What is wrong with a contender's results, or null. */
  fault(outputs: Outputs): string | null {
    for (const name of outputNames(this.bench)) {
      const error = this.errorOf(name, outputs[name])
      if (!(error <= TOLERANCE)) return `${name} is off by ${error.toExponential(1)} of its largest element`
    }
    return null
  }

  /** Largest error over largest element; NaN where anything is. */
  private errorOf(name: keyof Outputs, actual: Float32Array | undefined): number {
    if (actual === undefined) return Number.NaN
    if (name === 'y') return this.errorOfY(actual)
    this.gradient ??= this.gradientSums()
    if (name === 'dx') return this.errorOfDx(actual, this.gradient.slots)
    const { one, two } = this.gradient.parameters
    const worst = new Worst()
    const truth = name === 'dweight' ? two : one
    truth.forEach((value, p) => void worst.add(actual[p], value))
    return worst.share
  }

  /** Calls body once per run of elements that share sample and channel. */
  private runs(body: (first: number, slot: number, c: number) => void): void {
    const { geometry } = this
    const { samples, channels, sampleStride, channelStride } = geometry
    for (let n = 0; n < samples; n++) {
      for (let c = 0; c < channels; c++) {
        body(n * sampleStride + c * channelStride, slotAt(geometry, n, c), c)
      }
    }
  }

  private statistics(): [Float64Array, Float64Array] {
    const { spatial, spatialStride, samples, channels } = this.geometry
    const { x } = this.inputs
    const slots = slotsOf(this.geometry)
    const count = (samples * channels * spatial) / slots
    const mean = new Float64Array(slots)
    const variance = new Float64Array(slots)
    if (this.bench.layer !== 'RMSNorm') {
      this.runs((first, slot) => {
        let sum = 0
        for (let s = 0, i = first; s < spatial; s++, i += spatialStride) sum += x[i]
        mean[slot] += sum / count
      })
    }
    this.runs((first, slot) => {
      let sum = 0
      for (let s = 0, i = first; s < spatial; s++, i += spatialStride) sum += (x[i] - mean[slot]) ** 2
      variance[slot] += sum / count
    })
    return [mean, variance]
  }

  private errorOfY(y: Float32Array): number {
    const { x, weight, bias } = this.inputs
    const { spatial, spatialStride } = this.geometry
    const worst = new Worst()
    this.runs((first, slot, c) => {
      const b = hasBias(this.bench) ? bias[c] : 0
      for (let s = 0, i = first; s < spatial; s++, i += spatialStride) {
        worst.add(y[i], (x[i] - this.mean[slot]) * this.rstd[slot] * weight[c] + b)
      }
    })
    return worst.share
  }

  /** Per slot the means of g = dy * weight and of g * xhat, per parameter the sums of dy and of dy * xhat. */
  private gradientSums() {
    const { dy, x, weight } = this.inputs
    const { samples, channels, spatial, spatialStride } = this.geometry
    const length = slotsOf(this.geometry)
    const count = (samples * channels * spatial) / length
    const slots: Sums = { one: new Float64Array(length), two: new Float64Array(length) }
    const parameters: Sums = { one: new Float64Array(channels), two: new Float64Array(channels) }
    this.runs((first, slot, c) => {
      let one = 0
      let two = 0
      for (let s = 0, i = first; s < spatial; s++, i += spatialStride) {
        one += dy[i]
        two += dy[i] * (x[i] - this.mean[slot]) * this.rstd[slot]
      }
      parameters.one[c] += one
      parameters.two[c] += two
      slots.one[slot] += (one * weight[c]) / count
      slots.two[slot] += (two * weight[c]) / count
    })
    return { slots, parameters }
  }

  private errorOfDx(dx: Float32Array, { one, two }: Sums): number {
    const { dy, x, weight } = this.inputs
    const { spatial, spatialStride } = this.geometry
    const centred = this.bench.layer !== 'RMSNorm'
    const worst = new Worst()
    this.runs((first, slot, c) => {
      const r = this.rstd[slot]
      for (let s = 0, i = first; s < spatial; s++, i += spatialStride) {
        const xhat = (x[i] - this.mean[slot]) * r
        worst.add(dx[i], r * (dy[i] * weight[c] - (centred ? one[slot] : 0) - xhat * two[slot]))
      }
    })
    return worst.share
  }
}

/** The largest error and the largest element of a stream of results. */
class Worst {
  private error = 0
  private largest = 0

  add(actual: number, truth: number): void {
    const error = Math.abs(actual - truth)
    // Once NaN, it stays: nothing is above NaN.
    if (error > this.error || Number.isNaN(error)) this.error = error
    if (Math.abs(truth) > this.largest) this.largest = Math.abs(truth)
  }

  get share(): number {
    return this.error / this.largest
  }
}
