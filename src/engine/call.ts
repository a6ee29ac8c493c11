import type { CachedCall } from '../backend/backend.js'
import { type Operands, type OperandTable, PASSES, type PassName, placeOf } from '../backend/operands.js'
import { currentExecutor } from '../backend/select.js'
import { fail, ours } from '../errors.js'
import { type FloatArray, lengthOf, type Tensor } from '../tensor.js'
import { type Arena, releases, wasReleased } from '../workspace.js'
import { checkFixed, checkOperands, companionData, newResult, outData, type Statistics } from './buffers.js'
import { isSame, overlaps } from './overlap.js'
import type { Plan } from './plan.js'

/** What a forward pass leaves for its gradient. The context refers to the arrays and does not copy them. */
export interface Context<T extends FloatArray = FloatArray> extends Statistics {
  readonly plan: Plan
  /** The input's data. Null after this context's own y or dx was written over the input. */
  x: T | null
  /** The gradient reads the weight again. Change a weight only after the gradients of the passes that used it. */
  readonly weight: T | null
  readonly bias: T | null
  /** Shape `[slots]`: one per channel (scope batch), one per sample and group, or one per row. */
  readonly mean: Float64Array
  /** [slots]. The variance is biased: the sum is divided by `count`. */
  readonly variance: Float64Array
  /** How many elements share each pair of mean and variance. With it, the pairs of several batches can be merged. */
  readonly count: number
  /**
   * How many releases of workspaces there were before this pass. Memory that a later release took back does not hold
   * the input any more.
   */
  readonly releases: number
}

/** A pass whose result is a tensor. `input` and `result` are indices into its table of operands. */
interface Direction {
  readonly pass: PassName
  readonly table: OperandTable
  readonly input: number
  readonly result: number
}

function directionOf(pass: PassName): Direction {
  const table: OperandTable = PASSES[pass]
  const input = placeOf(pass, 'x')
  const result = table.findIndex(({ kind, written }) => kind === 'data' && written)
  return { pass, table, input, result }
}

const forward = directionOf('forward')
const backward = directionOf('backward')

/** The places of a context's arrays among the operands of its forward pass. */
const KEPT = {
  x: forward.input,
  weight: placeOf('forward', 'weight'),
  bias: placeOf('forward', 'bias'),
  mean: placeOf('forward', 'mean'),
  variance: placeOf('forward', 'variance'),
} as const

/**
 * One call of a pass: the plan and all arrays. The properties of the caller's objects were read once, when the call
 * was built, and are not read again.
 */
export interface Call {
  readonly direction: Direction
  readonly plan: Plan
  readonly operands: Operands
  readonly result: Tensor
  /** Whether the result was allocated for this call, so that it overlaps no other operand. */
  readonly fresh: boolean
  /** The workspace that the result was drawn from. Null if it was not. */
  readonly workspace: Arena | null
  /** The context whose gradient a backward call computes. Null for a forward call. */
  readonly context: Context | null
  /** How many releases of workspaces there were when the caller passed the input. */
  readonly releases: number
  /** Whether the pass has begun to write. */
  begun: boolean
}

/**
 * Builds a forward call. The pass writes its result into y, the data of `out`. If `out` is undefined, the result is a
 * new tensor, or a tensor from the workspace. The pass writes mean and variance, or reads them if the plan's
 * statistics are given. `since`: how many releases of workspaces there were when the caller passed x.
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
  // An array from a workspace can overlap a result that the workspace took back. So it is checked like a given `out`.
  const fresh = out === undefined && workspace === null
  return {
    direction: forward,
    plan,
    operands,
    result,
    fresh,
    workspace: out === undefined ? workspace : null,
    context: null,
    releases: since,
    begun: false,
  }
}

/**
 * Builds a backward call for a context. The pass adds the parameters' gradients to dweight and dbias.
 * @throws EvenkeelError if dy or `out` does not fit, or if the context's input was overwritten or its memory is gone.
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
    workspace: out === undefined ? workspace : null,
    context,
    releases: releases(),
    begun: false,
  }
}

/**
 * Runs a call on this thread. All checks come before the first write. If the operands are those of the last call of
 * `cached`, the checks are skipped.
 * @returns whether the result replaced the input. Then no gradient of this call can be computed.
 * @throws EvenkeelError if an operand does not fit the plan, or if a written operand overlaps another operand.
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
  // repeat() checks and runs the pass at once. If it fails, the pass may have begun to write.
  call.begun = true
  if (cached?.repeat(plan, operands, fresh)) return false
  call.begun = false
  checkOperands(plan, direction.table, operands, fresh)
  const replaced = replacesInput(call)
  call.begun = true
  // A cached call is one pass of the backend. A plan with stages runs several passes, so it is not cached. A call that
  // replaces its input is not cached either.
  if (cached === null || replaced || plan.stages !== null)
    currentExecutor().run(direction.pass, plan, operands)
  else cached.run(plan, operands)
  return replaced
}

/**
 * The same as run(), on another thread if the backend has one. All checks are done before runAsync() returns its
 * promise. A call that fails a check rejects the promise.
 */
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

/** Runs the forward call of a functional form. Returns its context. */
export function runForward(call: Call): Context {
  try {
    return contextOf(call, run(call))
  } catch (error) {
    giveBack(call)
    throw error
  }
}

/**
 * Runs the backward call of a context. If dx replaces the context's input, or if the call fails after it began to write
 * over the input, the context loses its input and gives no more gradients.
 */
export function runGradient(context: Context, call: Call): void {
  try {
    if (run(call)) context.x = null
  } catch (error) {
    spendIfBegun(context, call)
    giveBack(call)
    throw error
  }
}

/** To be called once after a call failed: what it drew from a workspace is free for the next call. */
export function giveBack({ workspace, result }: Call): void {
  workspace?.putBack(result.data)
}

/** To be called after a call failed. If the call had begun to write over the context's input, the input is lost. */
export function spendIfBegun(context: Context, { direction, operands, begun }: Call): void {
  const result = operands[direction.result]
  // A frozen context cannot be changed. It gives no gradient in any case: backwardCall() refuses it.
  if (!begun || context.x === null || result === null || Object.isFrozen(context)) return
  if (overlaps(result, context.x)) context.x = null
}

function replacesInput({ direction, operands, fresh }: Call): boolean {
  return !fresh && isSame(operands[direction.result]!, operands[direction.input]!)
}

/** The context of a forward call that has run. If the result replaced the input, the context has no input. */
export function contextOf({ plan, operands, releases }: Call, replaced: boolean): Context {
  // The operands are read by index. Destructuring would run the array's iterator, which the user's code can replace.
  return {
    plan,
    x: replaced ? null : operands[KEPT.x],
    weight: operands[KEPT.weight],
    bias: operands[KEPT.bias],
    mean: operands[KEPT.mean] as Float64Array,
    variance: operands[KEPT.variance] as Float64Array,
    count: plan.count,
    releases,
  }
}

/**
 * Runs a pass that only reduces x. It writes mean and m2, or min and max, as `first` and `second`, which must be new
 * arrays.
 * @throws EvenkeelError if x does not have the plan's type and length.
 */
export function runReduction(
  pass: 'moments' | 'extrema',
  plan: Plan,
  x: FloatArray,
  first: Float64Array,
  second: Float64Array,
): void {
  const operands = [x, first, second]
  try {
    checkOperands(plan, PASSES[pass], operands, true)
    currentExecutor().run(pass, plan, operands)
  } catch (error) {
    throw ours(error)
  }
}

/** The input that the context's forward pass read. Throws if the input was overwritten or its memory is gone. */
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
