import type { FloatArray } from '../../tensor.js'
import type { CachedCall, CachedCalls, Executor } from '../backend.js'
import { executorOf } from '../executor.js'
import { PASSES, type PassName } from '../operands.js'
import type { Calls } from '../stages.js'
import { type Addon, addon } from './addon.js'
import { asyncRun } from './async.js'
import { NativeCachedCall } from './cached-calls.js'

// All that knows the addon is in this folder.

export { binary, loadErrors } from './addon.js'

/** The addon as one backend per instruction set, best first; none where it did not load. */
export const nativeExecutors: readonly Executor[] =
  addon === null ? [] : addon.isas().map((isa, index) => executorFor(addon as Addon, isa, index))

function executorFor(native: Addon, isa: string, index: number): Executor {
  const calls: Calls = {
    run: (pass, plan, operands) => native[pass](index, plan.descriptor, ...operands),
    runAsync: asyncRun(native, index),
  }
  return executorOf(`native-${isa}`, calls, {
    cachedCalls: () => cachedCalls(native, index),
    adviseHugePages: (array) => adviseHugePages(native, array),
  })
}

/**
 * Passes with a memory. No method of a Backend, because backends() gives those away, and a NativeCachedCall trusts its
 * caller.
 */
function cachedCalls(native: Addon, isa: number): CachedCalls {
  return { forward: cachedCall(native, isa, 'forward'), backward: cachedCall(native, isa, 'backward') }
}

function cachedCall(native: Addon, isa: number, pass: PassName): CachedCall {
  return new NativeCachedCall(native, PASSES[pass], (descriptor, operands, frame) =>
    native[`${pass}Kept`](isa, descriptor, ...operands, frame),
  )
}

/**
 * From how many bytes on a new array gets huge pages. Smaller ones the allocator often gives from memory that was used
 * before, and whole huge pages would be mostly slack.
 */
const HUGE_PAGES_BYTES = 8 * 2 ** 20

/** Asks for huge pages in a new array, where it is large: touching its memory for the first time then costs a fifth. */
function adviseHugePages(native: Addon, array: FloatArray): void {
  if (array.byteLength >= HUGE_PAGES_BYTES) native.adviseHugePages(array)
}
