import type { Executor } from '../backend.js'
import type { Addon } from './addon.js'

/**
 * The passes on other threads (native/binding/async.cc), which keep the memory of all arrays until they are done; null
 * where an array's memory cannot be kept when its buffer is transferred.
 */
export function asyncRun(addon: Addon, isa: number): Executor['runAsync'] {
  if (addon.forwardAsync === undefined) return null
  return (pass, plan, operands) => addon[`${pass}Async`]!(isa, plan.descriptor, ...operands)
}
