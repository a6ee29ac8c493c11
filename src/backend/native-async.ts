import type { FloatArray } from '../tensor.js'
import type { Backend } from './backend.js'
import type { Addon } from './native.js'

/** A pass of the addon as native/binding/async.cc has it: `held` keeps the memory of all arrays until it is done. */
export type OffThread<Pass extends (...args: never[]) => void> = (
  ...args: [...Parameters<Pass>, held: ArrayBuffer]
) => Promise<void>

/** What native/binding/memory.cc exports. */
export interface MemoryAddon {
  /** What it returns keeps the arrays' memory, whatever becomes of their buffers: until it is collected or detached. */
  hold(...arrays: readonly (FloatArray | null)[]): ArrayBuffer
}

/** The passes on other threads; none without the means to keep an array's memory when its buffer is transferred. */
export function asyncPasses(
  native: Addon,
  memory: MemoryAddon | null,
  isa: number,
): Pick<Backend, 'forwardAsync' | 'backwardAsync'> {
  if (memory === null) return {}
  return {
    forwardAsync: ({ descriptor }, { x, y, weight, bias, mean, variance }) => {
      const held = memory.hold(x, y, weight, bias, mean, variance)
      return native.forwardAsync(isa, descriptor, x, y, weight, bias, mean, variance, held)
    },
    backwardAsync: ({ descriptor }, { dy, x, dx, weight, mean, variance, dweight, dbias }) => {
      const held = memory.hold(dy, x, dx, weight, mean, variance, dweight, dbias)
      return native.backwardAsync(isa, descriptor, dy, x, dx, weight, mean, variance, dweight, dbias, held)
    },
  }
}
