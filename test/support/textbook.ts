import type { Arithmetic } from './arithmetic.js'

// What every norm is, written once, as a textbook has it: element by element, in two passes. All tests that need a true
// value take it from here. It shares no code with src; test/textbook.test.ts holds its gradients to finite differences.

/** A norm of so many elements. */
export interface Norm {
  /** For each element, which statistics it takes part in. */
  readonly slots: ArrayLike<number>
  readonly slotCount: number
  /** For each element, which entry of weight and bias it takes. */
  readonly parameters: ArrayLike<number>
  readonly parameterCount: number
  /** False: the mean square takes the variance's place. */
  readonly centred: boolean
  readonly eps: number
  /** Statistics by slot where they are given, as constants. */
  readonly given: { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> } | null
  /** Whether the mean is rounded to the elements' own type, as that of float64 elements is. */
  readonly meanIsRounded: boolean
}

export interface Inputs {
  readonly x: ArrayLike<number>
  readonly weight: ArrayLike<number> | null
  readonly bias: ArrayLike<number> | null
}

/** True values, and beside each the sum of the magnitudes it is made of: what rounding errors are relative to. */
export interface Judged<N> {
  readonly value: N[]
  readonly scale: N[]
}

export interface Slot<N> {
  /** The elements that take part. */
  readonly members: readonly number[]
  readonly mean: N
  readonly variance: N
  readonly rstd: N
}

export interface Forward<N> {
  readonly slots: readonly Slot<N>[]
  readonly y: Judged<N>
  readonly mean: Judged<N>
  readonly variance: Judged<N>
  /** For each element: its normalized value, what the error of that is relative to, and its weight and bias. */
  readonly xhat: readonly N[]
  readonly slack: readonly N[]
  readonly weight: readonly N[]
  readonly bias: readonly N[]
}

/** mean = sum of x / n, variance = sum of (x - mean)^2 / n, xhat = (x - mean) / sqrt(variance + eps), y = xhat * weight + bias. */
export function forward<N>(a: Arithmetic<N>, norm: Norm, inputs: Inputs): Forward<N> {
  const x = Array.from(inputs.x, a.of)
  const ofElement = (values: ArrayLike<number> | null, absent: number) => {
    const all = values && Array.from(values, a.of)
    return x.map((_, i) => all?.[norm.parameters[i]] ?? a.of(absent))
  }
  const [weight, bias] = [ofElement(inputs.weight, 1), ofElement(inputs.bias, 0)]
  const xhat: N[] = new Array(x.length)
  const slack: N[] = new Array(x.length)
  const slots = membersOf(norm.slots, norm.slotCount).map((members, s) => {
    const { difference, ...slot } = statisticsOf(a, norm, x, members, s)
    for (const i of members) {
      xhat[i] = a.times(difference(i), slot.rstd)
      slack[i] = slackOf(a, norm, xhat[i], slot)
    }
    return slot
  })
  const y = judged(x, (i) => [
    a.plus(a.times(xhat[i], weight[i]), bias[i]),
    a.plus(a.times(slack[i], a.abs(weight[i])), a.abs(bias[i])),
  ])
  return { slots, y, ...judgeStatistics(a, norm, slots), xhat, slack, weight, bias }
}

/** dx = rstd * (g - mean of g - xhat * mean of g * xhat) with g = dy * weight: the second term where centred, both unless given. */
export function inputGradient<N>(
  a: Arithmetic<N>,
  norm: Norm,
  { slots, xhat, slack, weight }: Forward<N>,
  cotangent: ArrayLike<number>,
): Judged<N> {
  const g = Array.from(cotangent, (dy, i) => a.times(a.of(dy), weight[i]))
  const dx: Judged<N> = { value: new Array(g.length), scale: new Array(g.length) }
  for (const { members, rstd } of slots) {
    // Through given statistics nothing flows back, not even the NaN of an element: they are constants.
    const flows = norm.given === null
    const flow = flows ? flowBack(a, norm, members, (i) => g[i], xhat) : null
    const flowScale = flows ? flowBack(a, norm, members, (i) => a.abs(g[i]), slack) : null
    for (const i of members) {
      dx.value[i] = a.times(rstd, flow ? a.minus(g[i], flow(i)) : g[i])
      dx.scale[i] = a.times(rstd, flowScale ? a.plus(a.abs(g[i]), flowScale(i)) : a.abs(g[i]))
    }
  }
  return dx
}

/** mean of g + xhat * mean of g * xhat: what reaches x by way of the statistics; the first term where centred. */
function flowBack<N>(
  a: Arithmetic<N>,
  { centred }: Norm,
  members: readonly number[],
  g: (i: number) => N,
  xhat: readonly N[],
): (i: number) => N {
  const average = averageOver(a, members)
  const mean1 = centred ? average(g) : a.of(0)
  const mean2 = average((i) => a.times(g(i), xhat[i]))
  return (i) => a.plus(mean1, a.times(xhat[i], mean2))
}

/** The sums of dy * xhat (weight) or dy (bias) for each parameter, added to what was there before. */
export function parameterGradient<N>(
  a: Arithmetic<N>,
  norm: Norm,
  { xhat, slack }: Forward<N>,
  cotangent: ArrayLike<number>,
  of: 'weight' | 'bias',
  before: ArrayLike<number>,
): Judged<N> {
  const dy = Array.from(cotangent, a.of)
  const value = (i: number) => (of === 'weight' ? a.times(dy[i], xhat[i]) : dy[i])
  const scale = (i: number) => (of === 'weight' ? a.times(a.abs(dy[i]), slack[i]) : a.abs(dy[i]))
  const members = membersOf(norm.parameters, norm.parameterCount)
  return judged(members, (p) => {
    const first = a.of(before[p])
    return [a.sum(members[p], value, first), a.sum(members[p], scale, a.abs(first))]
  })
}

function statisticsOf<N>(
  a: Arithmetic<N>,
  { given, centred, eps }: Norm,
  x: readonly N[],
  members: readonly number[],
  slot: number,
) {
  const average = averageOver(a, members)
  const ownMean = given === null && centred
  const mean = given ? a.of(given.mean[slot]) : ownMean ? average((i) => x[i]) : a.of(0)
  // float64 cannot hold the mean of float64 numbers closely enough: this is the rest of it.
  const rest = ownMean ? average((i) => a.minus(x[i], mean)) : a.of(0)
  const difference = (i: number) => a.minus(a.minus(x[i], mean), rest)
  const squared = (i: number) => a.times(difference(i), difference(i))
  const variance = given ? a.of(given.variance[slot]) : average(squared)
  const rstd = a.over(a.of(1), a.root(a.plus(variance, a.of(eps))))
  return { members, mean, variance, rstd, difference }
}

/** Nothing has an average of 0. */
function averageOver<N>(a: Arithmetic<N>, members: readonly number[]) {
  const count = a.of(Math.max(members.length, 1))
  return (term: (i: number) => N) => a.over(a.sum(members, term), count)
}

/**
 * To what xhat's error is relative. 1 is the mean's error, which is relative to the deviation; |mean| * rstd is how far its
 * rounding moves xhat.
 */
function slackOf<N>(a: Arithmetic<N>, norm: Norm, xhat: N, { mean, rstd }: Slot<N>): N {
  if (!norm.centred) return a.abs(xhat)
  const moved = norm.meanIsRounded ? a.times(a.abs(mean), rstd) : a.of(0)
  return a.plus(a.plus(a.abs(xhat), a.of(1)), moved)
}

/** float32 elements have their statistics in float64. */
const FINER_THAN_FLOAT32 = 2 ** -29

/**
 * The mean's error is relative to the deviation, and the rounding of the result (a float64 in either case) to itself.
 * The variance's is relative to itself: the error that the mean's rounding brings is that of a second-order term.
 */
function judgeStatistics<N>(a: Arithmetic<N>, norm: Norm, slots: readonly Slot<N>[]) {
  const own = a.of(norm.meanIsRounded ? 1 : FINER_THAN_FLOAT32)
  const mean = judged(slots, (s) => {
    const { mean, variance } = slots[s]
    return [mean, a.plus(a.root(variance), a.times(a.abs(mean), own))]
  })
  const variance = judged(slots, (s) => {
    const { mean, variance } = slots[s]
    return [variance, a.plus(variance, a.times(a.times(a.abs(mean), a.root(variance)), own))]
  })
  return { mean, variance }
}

/** The indices that have each key. */
export function membersOf(keys: ArrayLike<number>, count: number): number[][] {
  const members: number[][] = Array.from({ length: count }, () => [])
  for (let i = 0; i < keys.length; i++) members[keys[i]].push(i)
  return members
}

function judged<N>(like: readonly unknown[], at: (i: number) => readonly [value: N, scale: N]): Judged<N> {
  const value: N[] = new Array(like.length)
  const scale: N[] = new Array(like.length)
  for (let i = 0; i < like.length; i++) [value[i], scale[i]] = at(i)
  return { value, scale }
}
