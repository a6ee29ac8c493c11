import type { Plan } from '../../src/engine/plan.js'
import type { DType } from '../../src/tensor.js'
import { EXACT, Exact } from './exact.js'
import { type Asked, type Given, judgeIn, type Verdict } from './oracle.js'
import { type Forward, type Judged, membersOf, type Norm } from './textbook.js'
import { SUBNORMAL_SPACING } from './tolerance.js'

// The judge at the ends of the range, where float64 is none: the textbook in exact arithmetic, and beside each value how
// large the numbers on its way become, and what roundings to subnormal numbers may come to.

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

export type ExactVerdict = { readonly [field in keyof Verdict<Exact>]: Truth[] | null }

const one = Exact.ONE
const larger = (a: Exact, b: Exact) => (a.isAbove(b) ? a : b)
const largest = (values: readonly Exact[], least: Exact) => values.reduce(larger, least)
/** Squares below it are lost. */
const ROUNDOFF_OF_A_SQUARE: Readonly<Record<DType, Exact>> = {
  float32: Exact.of(2 ** -148),
  float64: Exact.of(2 ** -1060),
}

/** What a backend should have written for these finite inputs. `dweight` and `dbias`: what they held before. */
export function judgeExactly(plan: Plan, given: Given, asked: Asked): ExactVerdict {
  const { verdict, norm, terms } = judgeIn(EXACT, plan, given, asked)
  const { y, mean, variance, dx, dweight, dbias } = verdict
  const dy = Array.from(asked.dy, Exact.of)
  const spacing = Exact.of(SUBNORMAL_SPACING[plan.dtype])
  return {
    y: truths(y, limitsOfY(terms, spacing)),
    mean: truths(mean, (s) => [spacing, terms.slots[s].mean.abs()]),
    variance: truths(variance, (s) => [
      ROUNDOFF_OF_A_SQUARE[plan.dtype],
      terms.slots[s].variance.times(Exact.of(plan.count)),
    ]),
    dx: truths(dx, limitsOfDx(plan, terms, dy, dx, spacing)),
    dweight: dweight && truths(dweight, limitsOfDweight(norm, terms, dy, asked.dweight!, dweight, spacing)),
    dbias: dbias && truths(dbias, (p) => [spacing, dbias.scale[p]]),
  }
}

/** The floor and the reach of one value. */
type Limits = (i: number) => readonly [floor: Exact, reach: Exact]

function truths({ value, scale }: Judged<Exact>, limits: Limits): Truth[] {
  return value.map((each, i) => {
    const [floor, reach] = limits(i)
    return { value: each, scale: scale[i], floor, reach }
  })
}

function limitsOfY({ xhat, weight, bias }: Forward<Exact>, spacing: Exact): Limits {
  return (i) => {
    const [size, factor] = [xhat[i].abs(), weight[i].abs()]
    return [spacing.times(one.plus(factor)), larger(size, size.times(factor).plus(bias[i].abs()))]
  }
}

function limitsOfDx(
  { given, dtype, stages }: Plan,
  { slots, slack, weight }: Forward<Exact>,
  dy: readonly Exact[],
  { scale }: Judged<Exact>,
  spacing: Exact,
): Limits {
  const limits: (readonly [Exact, Exact])[] = []
  for (const { members, rstd } of slots) {
    const size = (i: number) => dy[i].times(weight[i]).abs()
    const total = (term: (i: number) => Exact) => EXACT.sum(members, term)
    const [size1, size2] = given
      ? [Exact.ZERO, Exact.ZERO]
      : [total(size), total((i) => size(i).times(slack[i]))]
    const sums = total((i) => dy[i].abs().times(one.plus(slack[i])))
    const most = largest(
      members.map((i) => weight[i].abs()),
      one,
    )
    const factor = one.plus(rstd).times(most.plus(size1.over(Exact.of(members.length))))
    // A stage of its own rounds each of them to the element type.
    const stored = stages === null ? Exact.ZERO : largest(members.map(size), Exact.ZERO)
    for (const i of members) {
      // float64 has no wider type: the sums themselves have to stay within it.
      const summed = dtype === 'float64' || given
      const reach = summed
        ? larger(scale[i], size(i).plus(size1).plus(size2).plus(sums))
        : larger(scale[i], stored)
      limits[i] = [spacing.times(factor.times(one.plus(slack[i]))), reach]
    }
  }
  return (i) => limits[i]
}

function limitsOfDweight(
  { parameters, parameterCount }: Norm,
  { xhat }: Forward<Exact>,
  dy: readonly Exact[],
  before: ArrayLike<number>,
  { scale }: Judged<Exact>,
  spacing: Exact,
): Limits {
  const members = membersOf(parameters, parameterCount)
  return (p) => {
    const sizes = EXACT.sum(members[p], (i) => dy[i].abs())
    const reach = larger(
      scale[p],
      Exact.of(before[p])
        .abs()
        .plus(
          largest(
            members[p].map((i) => xhat[i].abs()),
            Exact.ZERO,
          ),
        ),
    )
    return [spacing.times(Exact.of(dy.length).plus(sizes)), reach]
  }
}
