import type { BackwardBuffers, ForwardBuffers } from './backend/backend.js'
import type { PreparedPass } from './backend/prepared.js'
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
import { backwardOperands, forwardOperands } from './operands.js'
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

/**
 * Plan -> buffers -> backend: the one way to a forward pass. Nothing is written before all checks have passed; `prepared`
 * spares those that its last call has passed.
 */
export function runForward(
  plan: Plan,
  x: Tensor,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: Tensor | undefined,
  { mean, variance }: Statistics,
  prepared: PreparedPass | null = null,
): Tensor {
  const y = outputFor(plan, out)
  const io = { x: x.data, y: y.data, weight, bias, mean, variance }
  const operands = forwardOperands(io)
  if (prepared?.again(plan, operands, out === undefined)) return y
  checkForward(plan, io, out === undefined)
  if (prepared !== null && !isSame(io.x, io.y)) prepared.run(plan, operands)
  else currentBackend().forward(plan, io)
  return y
}

/** Throws where a forward pass's parameters do not fit, or y, unless it is `fresh`, overlaps another array. */
export function checkForward(plan: Plan, { x, y, weight, bias }: ForwardBuffers, fresh: boolean): void {
  checkAffine(plan, 'weight', weight)
  checkAffine(plan, 'bias', bias)
  if (fresh || areSeparate([y, x, weight, bias])) return
  checkReplaces(plan, y, { input: x })
  checkApart(plan, 'out', y, { weight, bias })
}

/** The context of a forward pass that has run; it keeps no input that was overwritten. `apart`: it surely was not. */
export function contextOf(
  plan: Plan,
  x: Tensor,
  y: Tensor,
  weight: FloatArray | null,
  bias: FloatArray | null,
  { mean, variance }: Statistics,
  apart = false,
): Context {
  const kept = !apart && plan.size > 0 && isSame(x.data, y.data) ? null : x.data
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
  prepared: PreparedPass | null = null,
): Tensor {
  const { plan, weight, mean, variance } = context
  const x = keptInput(context)
  checkCompanion(plan, 'dy', dy)
  const dx = outputFor(plan, out)
  const io = { dy: dy.data, x, dx: dx.data, weight, mean, variance, dweight, dbias }
  const operands = backwardOperands(io)
  if (prepared?.again(plan, operands, out === undefined)) return dx
  checkBackward(plan, io)
  if (prepared !== null) prepared.run(plan, operands)
  else currentBackend().backward(plan, io)
  if (out !== undefined && isSame(io.dx, x)) {
    context.x = null
    prepared?.forget()
  }
  return dx
}

/** After a pass elsewhere: a context whose input dx has replaced has no further gradient. */
export function spendIfReplaced(context: Context, dx: Tensor): void {
  if (context.x !== null && isSame(dx.data, context.x)) context.x = null
}

/** Throws where a backward pass's parameters or their gradients do not fit, or a written array overlaps another. */
export function checkBackward(plan: Plan, io: BackwardBuffers): void {
  const { dy, x: input, dx, weight, dweight, dbias } = io
  checkAffine(plan, 'weight', weight)
  checkAffine(plan, 'dweight', dweight)
  checkAffine(plan, 'dbias', dbias)
  if (areSeparate([dx, dy, input, weight, dweight, dbias])) return
  checkReplaces(plan, dx, { dy, input })
  checkApart(plan, 'out', dx, { weight, dweight, dbias })
  checkApart(plan, 'dweight', dweight, { dy, input, weight, dbias })
  checkApart(plan, 'dbias', dbias, { dy, input, weight })
}

/** The input that a context's forward saw. Throws where it or the statistics are gone. */
export function keptInput({ plan, x, mean, variance }: Context): FloatArray {
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
