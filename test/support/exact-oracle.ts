import type { BackwardBuffers, ForwardBuffers } from '../../src/backend/backend.js'
import type { Plan } from '../../src/engine/plan.js'
import type { DType, FloatArray } from '../../src/tensor.js'
import { Exact } from './exact.js'
import { parameterOfElement, slotOfElement } from './oracle.js'
import { SUBNORMAL_SPACING } from './tolerance.js'

// The judge at the ends of the range, where float64 is none: the textbook's formulas in exact arithmetic. It shares no
// code with src; of a plan it reads the extents only.

/** A true value, and what a backend's error may be relative to. */
export interface Truth {
  readonly value: Exact
  /** The sum of the magnitudes that the value is made of: roundings are relative to it. */
  readonly scale: Exact
  /** What a rounding to a subnormal number may come to, by all that it is multiplied with. */
  readonly floor: Exact
  /** The largest magnitude on the way. Where it leaves the type, so may the result. */
  readonly reach: Exact
}

export type ExactVerdict = Record<'y' | 'mean' | 'variance' | 'dx', Truth[]> &
  Record<'dweight' | 'dbias', Truth[] | null>

interface SlotTruth {
  readonly mean: Exact
  readonly variance: Exact
  readonly rstd: Exact
  /** How far a rounding of a float64 mean moves xhat; float32 data have their mean in float64. */
  readonly meanRounding: Exact
}

const exact = (values: FloatArray) => Array.from(values, Exact.of)
const one = Exact.ONE
const ROUNDOFF_OF_A_SQUARE = { float32: Exact.of(2 ** -148), float64: Exact.of(2 ** -1060) }

/** What a backend should have written for these finite inputs. `prior`: what dweight and dbias held before. */
export function judgeExactly(
  plan: Plan,
  forward: Pick<ForwardBuffers, 'x' | 'weight' | 'bias' | 'mean' | 'variance'>,
  backward: Pick<BackwardBuffers, 'dy' | 'dweight' | 'dbias'>,
): ExactVerdict {
  const x = exact(forward.x)
  const dy = exact(backward.dy)
  const slots = x.map((_, i) => slotOfElement(plan, i))
  const parameters = x.map((_, i) => parameterOfElement(plan, i))
  const weights = forward.weight === null ? null : exact(forward.weight)
  const biases = forward.bias === null ? null : exact(forward.bias)
  const weight = parameters.map((p) => weights?.[p] ?? one)
  const bias = parameters.map((p) => biases?.[p] ?? Exact.ZERO)
  const truths = plan.given
    ? Array.from(forward.mean, (mean, slot) =>
        slotTruth(plan, Exact.of(mean), Exact.of(forward.variance[slot])),
      )
    : statisticsOf(plan, x, slots)
  const xhat = x.map((value, i) => value.minus(truths[slots[i]].mean).times(truths[slots[i]].rstd))
  const slack = xhat.map((value, i) =>
    plan.centred ? value.abs().plus(one).plus(truths[slots[i]].meanRounding) : value.abs(),
  )
  const spacing = Exact.of(SUBNORMAL_SPACING[plan.dtype])
  const y = xhat.map((value, i): Truth => {
    const size = weight[i].abs()
    return {
      value: value.times(weight[i]).plus(bias[i]),
      scale: slack[i].times(size).plus(bias[i].abs()),
      floor: spacing.times(one.plus(size)),
      reach: larger(value.abs(), value.abs().times(size).plus(bias[i].abs())),
    }
  })
  const terms = { plan, slots, parameters, truths, dy, weight, xhat, slack, spacing }
  return {
    y,
    mean: truths.map((truth) => judgeMean(plan.dtype, truth, spacing)),
    variance: truths.map((truth) => judgeVariance(plan, truth)),
    dx: judgeDx(terms),
    dweight: backward.dweight && judgeSums(terms, backward.dweight, true),
    dbias: backward.dbias && judgeSums(terms, backward.dbias, false),
  }
}

function slotTruth(plan: Plan, mean: Exact, variance: Exact): SlotTruth {
  const rstd = one.over(variance.plus(Exact.of(plan.eps)).root())
  const meanRounding = plan.dtype === 'float64' ? mean.abs().times(rstd) : Exact.ZERO
  return { mean, variance, rstd, meanRounding }
}

function statisticsOf(plan: Plan, x: readonly Exact[], slots: readonly number[]): SlotTruth[] {
  const members = membersOf(plan, slots)
  const count = Exact.of(plan.count)
  return members.map((list) => {
    const mean = plan.centred ? Exact.sum(list.map((i) => x[i])).over(count) : Exact.ZERO
    const squares = list.map((i) => x[i].minus(mean)).map((d) => d.times(d))
    return slotTruth(plan, mean, Exact.sum(squares).over(count))
  })
}

function membersOf(plan: Plan, slots: readonly number[]): number[][] {
  const members: number[][] = Array.from({ length: plan.slots }, () => [])
  for (const [i, slot] of slots.entries()) members[slot].push(i)
  return members
}

const larger = (a: Exact, b: Exact) => (a.isAbove(b) ? a : b)

/** The mean's error is relative to the deviation; its own rounding is a float64's in either case. */
function judgeMean(dtype: DType, { mean, variance }: SlotTruth, spacing: Exact): Truth {
  const own = mean.abs().times(Exact.of(dtype === 'float64' ? 1 : 2 ** -29))
  return { value: mean, scale: variance.root().plus(own), floor: spacing, reach: mean.abs() }
}

/** On its way is m2. */
function judgeVariance({ dtype, count }: Plan, { mean, variance }: SlotTruth): Truth {
  const own = mean
    .abs()
    .times(variance.root())
    .times(Exact.of(dtype === 'float64' ? 1 : 2 ** -29))
  const reach = variance.times(Exact.of(count))
  return { value: variance, scale: variance.plus(own), floor: ROUNDOFF_OF_A_SQUARE[dtype], reach }
}

interface Terms {
  readonly plan: Plan
  readonly slots: readonly number[]
  readonly parameters: readonly number[]
  readonly truths: readonly SlotTruth[]
  readonly dy: readonly Exact[]
  readonly weight: readonly Exact[]
  readonly xhat: readonly Exact[]
  readonly slack: readonly Exact[]
  readonly spacing: Exact
}

/** dx = rstd * (g - mean of g - xhat * mean of g * xhat), with g = dy * weight; the middle term only where centred. */
function judgeDx({ plan, slots, truths, dy, weight, xhat, slack, spacing }: Terms): Truth[] {
  const g = dy.map((value, i) => value.times(weight[i]))
  const count = Exact.of(plan.count)
  const groups = membersOf(plan, slots).map((list) => ({
    g1: plan.given || !plan.centred ? Exact.ZERO : Exact.sum(list.map((i) => g[i])).over(count),
    g2: plan.given ? Exact.ZERO : Exact.sum(list.map((i) => g[i].times(xhat[i]))).over(count),
    size1: plan.given ? Exact.ZERO : Exact.sum(list.map((i) => g[i].abs())),
    size2: plan.given ? Exact.ZERO : Exact.sum(list.map((i) => g[i].abs().times(slack[i]))),
    weight: list.map((i) => weight[i].abs()).reduce(larger, one),
    sums: Exact.sum(list.map((i) => dy[i].abs().times(one.plus(slack[i])))),
  }))
  return g.map((value, i) => {
    const { rstd } = truths[slots[i]]
    const { g1, g2, size1, size2, weight: most, sums } = groups[slots[i]]
    const flow = plan.given ? Exact.ZERO : g1.plus(xhat[i].times(g2))
    const mean1 = plan.centred ? size1.over(count) : Exact.ZERO
    const scale = rstd.times(
      value
        .abs()
        .plus(mean1)
        .plus(slack[i].times(size2.over(count))),
    )
    const moved = one
      .plus(rstd)
      .times(one.plus(slack[i]))
      .times(most.plus(size1.over(count)))
    return {
      value: rstd.times(value.minus(flow)),
      scale,
      floor: spacing.times(moved),
      // float64 has no wider type: the sums themselves have to stay within it.
      reach:
        plan.dtype === 'float64' || plan.given
          ? larger(scale, value.abs().plus(size1).plus(size2).plus(sums))
          : scale,
    }
  })
}

/** The sums of dy * xhat, or of dy, for each parameter, and what was there before. */
function judgeSums(
  { plan, parameters, dy, xhat, slack, spacing }: Terms,
  prior: FloatArray,
  scaled: boolean,
) {
  const members: number[][] = Array.from(prior, () => [])
  for (const [i, parameter] of parameters.entries()) members[parameter].push(i)
  return members.map((list, p): Truth => {
    const before = Exact.of(prior[p])
    const sum = (term: (i: number) => Exact) => Exact.sum(list.map(term))
    const value = scaled ? sum((i) => dy[i].times(xhat[i])) : sum((i) => dy[i])
    const scale = scaled ? sum((i) => dy[i].abs().times(slack[i])) : sum((i) => dy[i].abs())
    const reach = scaled ? larger(scale, list.map((i) => xhat[i].abs()).reduce(larger, Exact.ZERO)) : scale
    return {
      value: before.plus(value),
      scale: before.abs().plus(scale),
      floor: scaled
        ? spacing.times(Exact.of(plan.size)).plus(spacing.times(sum((i) => dy[i].abs())))
        : spacing,
      reach: before.abs().plus(reach),
    }
  })
}
