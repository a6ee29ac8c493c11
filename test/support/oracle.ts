import type { BackwardBuffers, ForwardBuffers } from '../../src/backend/backend.js'
import type { Plan } from '../../src/engine/plan.js'
import type { FloatArray } from '../../src/tensor.js'

// The judge of every backend: the formulas as a textbook has them, in float64, element by element, in two passes.
// It shares no code with src; of a plan it reads the extents only.

/** True values, and beside each the sum of the magnitudes it is made of: what rounding errors are relative to. */
export interface Judged {
  readonly value: Float64Array
  readonly scale: Float64Array
}

export interface Verdict {
  readonly y: Judged
  readonly mean: Judged
  readonly variance: Judged
  readonly dx: Judged
  readonly dweight: Judged | null
  readonly dbias: Judged | null
}

type Extents = Pick<Plan, 'pattern' | 'scope' | 'samples' | 'channels' | 'spatial' | 'groups'>

/** Which statistics element i takes part in. */
export function slotOfElement(plan: Extents, i: number): number {
  const { pattern, scope, samples, channels, spatial, groups } = plan
  if (pattern === 'rows') return Math.floor(i / spatial)
  const sample = Math.floor(i / (channels * spatial))
  const channel = channelOfElement(plan, i)
  if (scope === 'batch') return channel
  const group = Math.floor(channel / (channels / groups))
  return Math.min(sample, samples - 1) * groups + group
}

function channelOfElement({ pattern, channels, spatial }: Extents, i: number): number {
  return pattern === 'columns' ? i % channels : Math.floor(i / spatial) % channels
}

/** Which entry of weight and bias element i takes. */
export function parameterOfElement(plan: Extents, i: number): number {
  return plan.pattern === 'rows' ? i % plan.spatial : channelOfElement(plan, i)
}

/** Sums per key that keep what each addition rounds off (Neumaier), so that they are exact to the last bit or two. */
class Sums {
  private readonly high: Float64Array
  private readonly low: Float64Array

  constructor(length: number) {
    this.high = new Float64Array(length)
    this.low = new Float64Array(length)
  }

  add(key: number, value: number): void {
    const before = this.high[key]
    const sum = before + value
    this.high[key] = sum
    const rest = Math.abs(before) >= Math.abs(value) ? before - sum + value : value - sum + before
    // Infinities and NaN have no rest, they are the sum.
    if (Number.isFinite(rest)) this.low[key] += rest
  }

  get(key: number): number {
    return this.high[key] + this.low[key]
  }

  all(): Float64Array {
    return this.high.map((_, key) => this.get(key))
  }
}

interface Statistics {
  /** The mean as a pair, because float64 itself cannot hold the mean of float64 numbers closely enough. */
  readonly mean: Float64Array
  readonly meanRest: Float64Array
  readonly variance: Float64Array
}

function statisticsOf(plan: Plan, x: FloatArray, slots: Int32Array): Statistics {
  const counts = new Float64Array(plan.slots)
  for (const slot of slots) counts[slot]++
  const average = (value: (i: number) => number) => {
    const sums = new Sums(plan.slots)
    for (let i = 0; i < x.length; i++) sums.add(slots[i], value(i))
    // Nothing has mean 0 and variance 0.
    return sums.all().map((sum, slot) => sum / Math.max(counts[slot], 1))
  }
  const zeros = new Float64Array(plan.slots)
  const mean = plan.centred ? average((i) => x[i]) : zeros
  const meanRest = plan.centred ? average((i) => x[i] - mean[slots[i]]) : zeros
  const variance = average((i) => (x[i] - mean[slots[i]] - meanRest[slots[i]]) ** 2)
  return { mean, meanRest, variance }
}

/**
 * What a backend should have written for these inputs (which must still hold what they held before the call).
 * `prior`: what dweight and dbias held before.
 */
export function judge(
  plan: Plan,
  forward: Pick<ForwardBuffers, 'x' | 'weight' | 'bias' | 'mean' | 'variance'>,
  backward: Pick<BackwardBuffers, 'dy' | 'dweight' | 'dbias'>,
): Verdict {
  const { x, weight, bias } = forward
  const { dy, dweight, dbias } = backward
  const slots = Int32Array.from(x, (_, i) => slotOfElement(plan, i))
  const statistics: Statistics = plan.given
    ? { mean: forward.mean, meanRest: new Float64Array(plan.slots), variance: forward.variance }
    : statisticsOf(plan, x, slots)
  const rstd = statistics.variance.map((variance) => 1 / Math.sqrt(variance + plan.eps))
  const xhat = new Float64Array(x.length)
  const slack = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) {
    const slot = slots[i]
    xhat[i] = (x[i] - statistics.mean[slot] - statistics.meanRest[slot]) * rstd[slot]
    slack[i] = xhatScale(plan, xhat[i], statistics.mean[slot], rstd[slot])
  }

  const y = emptyJudged(x.length)
  const g = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) {
    const p = parameterOfElement(plan, i)
    const w = weight === null ? 1 : weight[p]
    const b = bias === null ? 0 : bias[p]
    y.value[i] = xhat[i] * w + b
    y.scale[i] = slack[i] * Math.abs(w) + Math.abs(b)
    g[i] = dy[i] * w
  }
  return {
    y,
    ...judgeStatistics(plan, statistics),
    dx: judgeDx(plan, slots, rstd, g, xhat, slack),
    dweight: dweight && judgeSums(plan, dweight, (i) => [dy[i] * xhat[i], Math.abs(dy[i]) * slack[i]]),
    dbias: dbias && judgeSums(plan, dbias, (i) => [dy[i], Math.abs(dy[i])]),
  }
}

/**
 * To what xhat's error is relative. 1 is the mean's error, which is relative to the deviation. float32 data have their
 * mean in float64, float64 data do not: |mean| * rstd is how far its rounding moves xhat.
 */
function xhatScale(plan: Plan, xhat: number, mean: number, rstd: number): number {
  const meanRounding = plan.dtype === 'float64' ? Math.abs(mean) * rstd : 0
  return Math.abs(xhat) + (plan.centred ? 1 + meanRounding : 0)
}

/** dx = rstd * (g - mean of g - xhat * mean of g * xhat), with g = dy * weight; the middle term only where centred. */
function judgeDx(
  plan: Plan,
  slots: Int32Array,
  rstd: Float64Array,
  g: Float64Array,
  xhat: Float64Array,
  slack: Float64Array,
): Judged {
  const sums = Array.from({ length: 4 }, () => new Sums(plan.slots))
  for (let i = 0; i < g.length; i++) {
    sums[0].add(slots[i], g[i])
    sums[1].add(slots[i], g[i] * xhat[i])
    sums[2].add(slots[i], Math.abs(g[i]))
    sums[3].add(slots[i], Math.abs(g[i]) * slack[i])
  }
  const [g1, g2, size1, size2] = sums.map((each) => each.all().map((sum) => sum / Math.max(plan.count, 1)))
  const dx = emptyJudged(g.length)
  for (let i = 0; i < g.length; i++) {
    const slot = slots[i]
    const flow = plan.given ? 0 : (plan.centred ? g1[slot] : 0) + xhat[i] * g2[slot]
    const flowScale = plan.given ? 0 : (plan.centred ? size1[slot] : 0) + slack[i] * size2[slot]
    dx.value[i] = rstd[slot] * (g[i] - flow)
    dx.scale[i] = rstd[slot] * (Math.abs(g[i]) + flowScale)
  }
  return dx
}

function judgeSums(
  plan: Plan,
  prior: FloatArray,
  term: (i: number) => [value: number, scale: number],
): Judged {
  const values = new Sums(prior.length)
  const scales = new Sums(prior.length)
  prior.forEach((value, p) => {
    values.add(p, value)
    scales.add(p, Math.abs(value))
  })
  for (let i = 0; i < plan.size; i++) {
    const [value, scale] = term(i)
    values.add(parameterOfElement(plan, i), value)
    scales.add(parameterOfElement(plan, i), scale)
  }
  return { value: values.all(), scale: scales.all() }
}

/**
 * The mean's error is relative to the deviation, and the rounding of the result (a float64 in either case) to itself.
 * The variance's is relative to itself: the error that the mean's rounding brings is that of a second-order term.
 */
function judgeStatistics(plan: Plan, { mean, variance }: Statistics) {
  const ownRounding = plan.dtype === 'float64' ? 1 : 2 ** -29
  const meanScale = mean.map((m, slot) => Math.sqrt(variance[slot]) + Math.abs(m) * ownRounding)
  const varianceScale = variance.map((v, slot) => v + Math.abs(mean[slot]) * Math.sqrt(v) * ownRounding)
  return { mean: { value: mean, scale: meanScale }, variance: { value: variance, scale: varianceScale } }
}

function emptyJudged(length: number): Judged {
  return { value: new Float64Array(length), scale: new Float64Array(length) }
}
