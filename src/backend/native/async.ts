import type { Executor } from '../backend.js'
import type { Addon } from './addon.js'

/**
 * Runs passes on other threads (native/binding/async.cc). A pass keeps the memory of all its arrays until it ends.
 * Null if the runtime does not let the addon keep the memory of an array whose buffer is transferred.
 */
export function asyncRun(addon: Addon, isa: number): Executor['runAsync'] {
  if (addon.forwardAsync === undefined) return null
  return (pass, plan, operands) => addon[`${pass}Async`]!(isa, plan.descriptor, ...operands)
}
