import { currentBackend } from './backend/select.js'
import { checkCompanion, type Named, outputFor, type Statistics } from './buffers.js'
import { type Context, checkBackward, checkForward, keptInput, spendIfReplaced } from './engine.js'
import { fail } from './errors.js'
import type { Plan } from './plan.js'
import type { FloatArray, Tensor } from './tensor.js'

/** A later turn of the event loop; browsers have no setImmediate. */
function nextTurn(): Promise<void> {
  const later = globalThis.setImmediate ?? setTimeout
  return new Promise((resolve) => later(() => resolve()))
}

/**
 * What to wait for before a pass is prepared: where the backend runs only on this thread, a later turn of the event
 * loop, so that other work comes between. Null otherwise: then the call's checks are made at once.
 */
export function turnToWaitFor(): Promise<void> | null {
  return currentBackend().forwardAsync === undefined ? nextTurn() : null
}

/** runForward() on another thread where there is one. All checks are made before it returns its promise. */
export async function runForwardAsync(
  plan: Plan,
  x: Tensor,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: Tensor | undefined,
  { mean, variance }: Statistics,
): Promise<Tensor> {
  const y = outputFor(plan, out)
  const io = { x: x.data, y: y.data, weight, bias, mean, variance }
  checkForward(plan, io, out === undefined)
  checkFixed(plan, { input: io.x, out: io.y, weight, bias })
  const backend = currentBackend()
  if (backend.forwardAsync) await backend.forwardAsync(plan, io)
  else backend.forward(plan, io)
  return y
}

/** runBackward() likewise. */
export async function runBackwardAsync(
  context: Context,
  dy: Tensor,
  out: Tensor | undefined,
  dweight: FloatArray | null,
  dbias: FloatArray | null,
): Promise<Tensor> {
  const { plan, weight, mean, variance } = context
  const x = keptInput(context)
  checkCompanion(plan, 'dy', dy)
  const dx = outputFor(plan, out)
  const io = { dy: dy.data, x, dx: dx.data, weight, mean, variance, dweight, dbias }
  checkBackward(plan, io)
  checkFixed(plan, { dy: io.dy, input: x, out: io.dx, weight, dweight, dbias })
  const backend = currentBackend()
  if (backend.backwardAsync) await backend.backwardAsync(plan, io)
  else backend.backward(plan, io)
  if (out !== undefined) spendIfReplaced(context, dx)
  return dx
}

/**
 * Throws where an array's memory can be taken away while another thread uses it: a resizable ArrayBuffer gives pages
 * back when it shrinks. Shared memory only grows, in place. Every backend refuses it, so that programs run on all.
 */
function checkFixed(plan: Plan, arrays: Named): void {
  for (const name in arrays) {
    // In Node 20, but not in the library's types.
    const buffer = arrays[name]?.buffer as { readonly resizable?: boolean } | undefined
    if (buffer?.resizable !== true) continue
    fail(
      'EVENKEEL_BUFFER',
      plan.layer,
      `${name} lies in a resizable ArrayBuffer, which may shrink while another thread uses it`,
      'copy it with slice(), or use a SharedArrayBuffer, which may grow',
    )
  }
}
