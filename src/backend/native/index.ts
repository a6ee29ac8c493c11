import type { FloatArray } from '../../tensor.js'
import type { CachedCall, CachedCalls, Executor } from '../backend.js'
import { executorOf } from '../executor.js'
import { PASSES, type PassName } from '../operands.js'
import type { Calls } from '../stages.js'
import { type Addon, addon } from './addon.js'
import { asyncRun } from './async.js'
import { NativeCachedCall } from './cached-calls.js'

// Only the files of this folder use the addon.

export { binary, loadErrors } from './addon.js'

/** The executors of the addon, one for each instruction set. The best one is first. Empty if the addon did not load. */
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
 * The cached calls of one owner. They are not part of the public Backend, because a cached call relies on its caller to
 * check the operands.
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
 * The smallest size, in bytes, of a new array that gets huge pages. For smaller arrays, the allocator often uses
 * memory that was used before, and most of a huge page would be unused.
 */
const HUGE_PAGES_BYTES = 8 * 2 ** 20

/** Requests huge pages for a new array, if it is large. The first access to its memory then costs a fifth. */
function adviseHugePages(native: Addon, array: FloatArray): void {
  if (array.byteLength >= HUGE_PAGES_BYTES) native.adviseHugePages(array)
}
