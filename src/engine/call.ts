import type { CachedCall } from '../backend/backend.js'
import { type Operands, type OperandTable, PASSES, type PassName } from '../backend/operands.js'
import { currentExecutor } from '../backend/select.js'
import { fail, ours } from '../errors.js'
import { type FloatArray, lengthOf, type Tensor } from '../tensor.js'
import { type Arena, releases, wasReleased } from '../workspace.js'
import { checkFixed, checkOperands, companionData, newResult, outData, type Statistics } from './buffers.js'
import { isSame, overlaps } from './overlap.js'
import type { Plan } from './plan.js'

/** What a forward pass leaves behind for its gradient. Arrays are held by reference. */
export interface Context<T extends FloatArray = FloatArray> extends Statistics {
  readonly plan: Plan
  /** The input's data; null once this context's own y or dx was written over it. */
  x: T | null
  /** The gradient reads it again: change weights after the gradients of the passes that used them. */
  readonly weight: T | null
  readonly bias: T | null
  /** [slots]: one per channel (batch), per sample and group, or per row. */
  readonly mean: Float64Array
  /** [slots], biased: divided by `count`. */
  readonly variance: Float64Array
  /** How many values stand behind each pair: with it, pairs of several batches can be merged. */
  readonly count: number
  /** How many releases of workspaces came before: memory that one has taken back since holds the input no more. */
  readonly releases: number
}

/** A pass whose result is a tensor: its operands, and which of them are the saved input and the result. */
interface Direction {
  readonly pass: PassName
  readonly table: OperandTable
  readonly input: number
  readonly result: number
}

function directionOf(pass: PassName): Direction {
  const table: OperandTable = PASSES[pass]
  const input = table.findIndex(({ field }) => field === 'x')
  const result = table.findIndex(({ kind, written }) => kind === 'data' && written)
  return { pass, table, input, result }
}

const forward = directionOf('forward')
const backward = directionOf('backward')

/** A pass with its arrays in hand. The caller's properties were read once, and are not read again. */
export interface Call {
  readonly direction: Direction
  readonly plan: Plan
  readonly operands: Operands
  readonly result: Tensor
  readonly fresh: boolean
  /** Whose gradient it is; null for a forward. */
  readonly context: Context | null
  /** How many releases of workspaces there were when its input was handed over. */
  readonly releases: number
  /** Whether the pass has begun to write. */
  begun: boolean
}

/**
 * The forward pass of x into `out`, whose data are y; where `out` is undefined, into a new tensor, or one of the workspace.
 * Statistics: written, or read where the plan's are given. `since`: how many releases of workspaces there were when the
 * caller handed x over.
 */
export function forwardCall(
  plan: Plan,
  x: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: Tensor | undefined,
  y: FloatArray | null,
  { mean, variance }: Statistics,
  workspace: Arena | null = null,
  since = releases(),
): Call {
  const result = out ?? newResult(plan, workspace, x)
  const operands = [x, out === undefined ? result.data : y, weight, bias, mean, variance]
  // What a workspace gives may overlap a result that it took back: that is checked as for a given `out`.
  const fresh = out === undefined && workspace === null
  return {
    direction: forward,
    plan,
    operands,
    result,
    fresh,
    context: null,
    releases: since,
    begun: false,
  }
}

/**
 * The backward pass of a context; adds into dweight and dbias.
 * @throws EvenkeelError where dy or `out` does not fit, or the context's input was overwritten or taken away.
 */
export function backwardCall(
  context: Context,
  dy: Tensor,
  out: Tensor | undefined,
  dweight: FloatArray | null,
  dbias: FloatArray | null,
  workspace: Arena | null = null,
): Call {
  const { plan, weight, mean, variance } = context
  if (Object.isFrozen(context)) {
    fail(
      'EVENKEEL_STATE',
      plan.layer,
      'the context is frozen, so that it cannot tell when its input is gone',
      'pass the context as it came',
    )
  }
  const gradient = companionData(plan, 'dy', dy)
  const dx = outData(plan, out)
  const x = keptInput(context)
  const result = out ?? newResult(plan, workspace, gradient)
  const written = out === undefined ? result.data : dx
  const operands = [gradient, x, written, weight, mean, variance, dweight, dbias]
  const fresh = out === undefined && workspace === null
  return {
    direction: backward,
    plan,
    operands,
    result,
    fresh,
    context,
    releases: releases(),
    begun: false,
  }
}

/**
 * Runs a call. All checks come before the first write; `cached` spares those that its last call has passed.
 * @returns whether the result has replaced the input, so that there is no gradient any more.
 * @throws EvenkeelError where an operand does not fit the plan, or a written one overlaps another.
 */
export function run(call: Call, cached: CachedCall | null = null): boolean {
  try {
    return checkAndRun(call, cached)
  } catch (error) {
    throw ours(error)
  }
}

function checkAndRun(call: Call, cached: CachedCall | null): boolean {
  const { direction, plan, operands, fresh } = call
  call.begun = true
  if (cached?.repeat(plan, operands, fresh)) return false
  call.begun = false
  checkOperands(plan, direction.table, operands, fresh)
  const replaced = replacesInput(call)
  call.begun = true
  // A cached call is one call of a backend.
  if (cached === null || replaced || plan.stages !== null)
    currentExecutor().run(direction.pass, plan, operands)
  else cached.run(plan, operands)
  return replaced
}

/** run() on another thread where there is one. All checks are made before it returns its promise. */
export async function runAsync(call: Call): Promise<boolean> {
  try {
    return await checkAndRunAsync(call)
  } catch (error) {
    throw ours(error)
  }
}

async function checkAndRunAsync(call: Call): Promise<boolean> {
  const { direction, plan, operands, fresh } = call
  checkOperands(plan, direction.table, operands, fresh)
  checkFixed(plan, direction.table, operands)
  const replaced = replacesInput(call)
  call.begun = true
  const executor = currentExecutor()
  if (executor.runAsync === null) executor.run(direction.pass, plan, operands)
  else await executor.runAsync(direction.pass, plan, operands)
  return replaced
}

/**
 * run() for the backward call of a context, which is spent where dx has replaced its input, or had begun to when the call
 * failed.
 */
export function runGradient(context: Context, call: Call, cached: CachedCall | null = null): void {
  try {
    if (run(call, cached)) context.x = null
  } catch (error) {
    spendIfBegun(context, call)
    throw error
  }
}

/** After a call that failed: the input of a context that it had begun to write over is gone. */
export function spendIfBegun(context: Context, { direction, operands, begun }: Call): void {
  const result = operands[direction.result]
  // A frozen context has no gradient: backwardCall() refuses it.
  if (!begun || context.x === null || result === null || Object.isFrozen(context)) return
  if (overlaps(result, context.x)) context.x = null
}

function replacesInput({ direction, operands, fresh }: Call): boolean {
  return !fresh && isSame(operands[direction.result]!, operands[direction.input]!)
}

/** The context of a forward call that has run; it keeps no input that was replaced. */
export function contextOf({ plan, operands, releases }: Call, replaced: boolean): Context {
  // By index, in the order of forwardCall(): taking a list apart runs its iterator.
  return {
    plan,
    x: replaced ? null : operands[0],
    weight: operands[2],
    bias: operands[3],
    mean: operands[4] as Float64Array,
    variance: operands[5] as Float64Array,
    count: plan.count,
    releases,
  }
}

/**
 * Writes the moments of x into mean and m2, which are new arrays.
 * @throws EvenkeelError where x is not of the plan's type and length.
 */
export function runMoments(plan: Plan, x: FloatArray, mean: Float64Array, m2: Float64Array): void {
  const operands = [x, mean, m2]
  try {
    checkOperands(plan, PASSES.moments, operands, true)
    currentExecutor().run('moments', plan, operands)
  } catch (error) {
    throw ours(error)
  }
}

/** The input that a context's forward saw. Throws where it is gone. */
function keptInput({ plan, x, weight, releases: since }: Context): FloatArray {
  if (since !== releases() && (wasReleased(x, since) || wasReleased(weight, since))) refuseReleased(plan)
  if (x === null) {
    fail(
      'EVENKEEL_STATE',
      plan.layer,
      'the gradient needs the input, which was overwritten: forward ran in place (out was the input), or an earlier gradient was written over it, or a later forward that failed',
      'run forward again without out, or with out apart from the input',
    )
  }
  const length = lengthOf(x)
  if (length !== plan.size) {
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `the gradient needs the input that forward saw, of ${plan.size} elements, but it holds ${length} now (detached?)`,
      'keep the input attached until its gradient is done',
    )
  }
  return x
}

function refuseReleased({ layer }: Plan): never {
  fail(
    'EVENKEEL_STATE',
    layer,
    'the gradient needs the input and the weight, but they lie in memory that a workspace has taken back',
    'call release() after the gradients of a step, or keep() a result that is needed longer',
  )
}
