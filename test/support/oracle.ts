import type { BackwardBuffers, ForwardBuffers } from '../../src/backend/backend.js'
import type { Plan } from '../../src/engine/plan.js'
import { type Arithmetic, FLOAT64 } from './arithmetic.js'
import type { Extrema } from './run.js'
import { forward, inputGradient, type Judged, type Norm, parameterGradient } from './textbook.js'

// The textbook on the arrays of a backend's call: the judge of every backend. Of a plan it reads the extents only.

export interface Verdict<N> {
  readonly y: Judged<N>
  readonly mean: Judged<N>
  readonly variance: Judged<N>
  readonly dx: Judged<N>
  readonly dweight: Judged<N> | null
  readonly dbias: Judged<N> | null
}

export type Given = Pick<ForwardBuffers, 'x' | 'weight' | 'bias' | 'mean' | 'variance'>
export type Asked = Pick<BackwardBuffers, 'dy' | 'dweight' | 'dbias'>

/**
 * What a backend should have written for these inputs (which must still hold what they held before the call), in
 * float64. dweight and dbias: what they held before.
 */
export function judge(plan: Plan, given: Given, asked: Asked): Verdict<number> {
  return judgeIn(FLOAT64, plan, given, asked).verdict
}

/** The same in any arithmetic, with the terms that it was computed from. */
export function judgeIn<N>(a: Arithmetic<N>, plan: Plan, given: Given, { dy, dweight, dbias }: Asked) {
  const norm = normOf(plan, given)
  const terms = forward(a, norm, given)
  const { y, mean, variance } = terms
  const verdict: Verdict<N> = {
    y,
    mean,
    variance,
    dx: inputGradient(a, norm, terms, dy),
    dweight: dweight && parameterGradient(a, norm, terms, dy, 'weight', dweight),
    dbias: dbias && parameterGradient(a, norm, terms, dy, 'bias', dbias),
  }
  return { verdict, norm, terms }
}

/** The least and the greatest value of each slot, exactly: -Infinity < -1 < 0 < 1 < Infinity, no NaN, and 0 for -0. */
export function judgeExtrema(plan: Plan, { x }: Pick<Given, 'x'>): Extrema {
  const min = new Float64Array(plan.slots).fill(Number.POSITIVE_INFINITY)
  const max = new Float64Array(plan.slots).fill(Number.NEGATIVE_INFINITY)
  for (const [i, value] of x.entries()) {
    if (Number.isNaN(value)) continue
    const slot = slotOfElement(plan, i)
    min[slot] = Math.min(min[slot], value) || 0
    max[slot] = Math.max(max[slot], value) || 0
  }
  return { min, max }
}

function normOf(plan: Plan, { x, mean, variance }: Given): Norm {
  return {
    slots: Int32Array.from(x, (_, i) => slotOfElement(plan, i)),
    slotCount: plan.slots,
    parameters: Int32Array.from(x, (_, i) => parameterOfElement(plan, i)),
    parameterCount: plan.affineLength,
    centred: plan.centred,
    eps: plan.eps,
    given: plan.given ? { mean, variance } : null,
    meanIsRounded: plan.dtype === 'float64',
  }
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
function parameterOfElement(plan: Plan, i: number): number {
  // Along the normalized elements of columns.
  if (plan.stages !== null) return Math.floor(i / plan.channels) % plan.spatial
  return plan.pattern === 'rows' ? i % plan.spatial : channelOfElement(plan, i)
}
