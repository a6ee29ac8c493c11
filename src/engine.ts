import type { BackwardBuffers, ForwardBuffers } from './backend/backend.js'
import { currentBackend } from './backend/select.js'
import {
  areSeparate,
  checkAffine,
  checkApart,
  checkCompanion,
  checkReplaces,
  isSame,
  outputFor,
  type Statistics,
} from './buffers.js'
import { fail } from './errors.js'
import type { Plan } from './plan.js'
import type { FloatArray, Tensor } from './tensor.js'

/** What a forward pass leaves behind for its gradient. Arrays are held by reference. */
export interface Context extends Statistics {
  readonly plan: Plan
  /** The input's data; null once it was overwritten, in place, by y or by dx. */
  x: FloatArray | null
  readonly weight: FloatArray | null
  readonly bias: FloatArray | null
  /** [slots]: one per channel (batch), per sample and group, or per row. */
  readonly mean: Float64Array
  /** [slots], biased: divided by `count`. */
  readonly variance: Float64Array
  /** How many values stand behind each pair: with it, pairs of several batches can be merged. */
  readonly count: number
}

/** Plan -> buffers -> backend: the one way to a forward pass. Nothing is written before all checks have passed. */
export function runForward(
  plan: Plan,
  x: Tensor,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: Tensor | undefined,
  statistics: Statistics,
): Tensor {
  const { y, io } = prepareForward(plan, x, weight, bias, out, statistics)
  currentBackend().forward(plan, io)
  return y
}

/** All checks of a forward pass, and its output; the pass itself has not run. */
export function prepareForward(
  plan: Plan,
  x: Tensor,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: Tensor | undefined,
  { mean, variance }: Statistics,
): { y: Tensor; io: ForwardBuffers } {
  checkAffine(plan, 'weight', weight)
  checkAffine(plan, 'bias', bias)
  const y = outputFor(plan, out)
  if (out !== undefined && !areSeparate([y.data, x.data, weight, bias])) {
    checkReplaces(plan, y.data, { input: x.data })
    checkApart(plan, 'out', y.data, { weight, bias })
  }
  return { y, io: { x: x.data, y: y.data, weight, bias, mean, variance } }
}

/** The context of a forward pass that has run; it keeps no input that was overwritten. */
export function contextOf(
  plan: Plan,
  x: Tensor,
  y: Tensor,
  weight: FloatArray | null,
  bias: FloatArray | null,
  { mean, variance }: Statistics,
): Context {
  const kept = plan.size > 0 && isSame(x.data, y.data) ? null : x.data
  return { plan, x: kept, weight, bias, mean, variance, count: plan.count }
}

/**
 * The one way to a backward pass; adds into dweight and dbias. Nothing is written before all checks have passed.
 * Where dx replaces x, the context is spent.
 */
export function runBackward(
  context: Context,
  dy: Tensor,
  out: Tensor | undefined,
  dweight: FloatArray | null,
  dbias: FloatArray | null,
): Tensor {
  const { dx, io } = prepareBackward(context, dy, out, dweight, dbias)
  currentBackend().backward(context.plan, io)
  if (out !== undefined) spendIfReplaced(context, dx)
  return dx
}

/** All checks of a backward pass, and its output; the pass itself has not run. */
export function prepareBackward(
  context: Context,
  dy: Tensor,
  out: Tensor | undefined,
  dweight: FloatArray | null,
  dbias: FloatArray | null,
): { dx: Tensor; io: BackwardBuffers } {
  const { plan, weight, mean, variance } = context
  const x = keptInput(context)
  checkCompanion(plan, 'dy', dy)
  checkAffine(plan, 'weight', weight)
  checkAffine(plan, 'dweight', dweight)
  checkAffine(plan, 'dbias', dbias)
  const dx = outputFor(plan, out)
  if (!areSeparate([dx.data, dy.data, x, weight, dweight, dbias])) {
    checkReplaces(plan, dx.data, { dy: dy.data, input: x })
    checkApart(plan, 'out', dx.data, { weight, dweight, dbias })
    checkApart(plan, 'dweight', dweight, { dy: dy.data, input: x, weight, dbias })
    checkApart(plan, 'dbias', dbias, { dy: dy.data, input: x, weight })
  }
  return { dx, io: { dy: dy.data, x, dx: dx.data, weight, mean, variance, dweight, dbias } }
}

/** After the pass: a context whose input dx has replaced has no further gradient. */
export function spendIfReplaced(context: Context, dx: Tensor): void {
  if (context.x !== null && isSame(dx.data, context.x)) context.x = null
}

function keptInput({ plan, x, mean, variance }: Context): FloatArray {
  if (x === null) {
    fail(
      'EVENKEEL_STATE',
      plan.layer,
      'the gradient needs the input, which was overwritten: forward ran in place (out was the input), or an earlier gradient was written over it',
      'run forward again without out, or with out apart from the input',
    )
  }
  if (x.length !== plan.size) {
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `the gradient needs the input that forward saw, of ${plan.size} elements, but it holds ${x.length} now (detached?)`,
      'keep the input attached until its gradient is done',
    )
  }
  if (mean.length !== plan.slots || variance.length !== plan.slots) {
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `the gradient needs the statistics of its forward, ${plan.slots} each, but the context holds ${mean.length} and ${variance.length} now (detached?)`,
      'keep context.mean and context.variance attached until the gradient is done',
    )
  }
  return x
}
