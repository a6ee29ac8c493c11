import type { Backend } from './backend.js'
import type { Addon } from './native.js'

/** A pass of the addon as native/binding/async.cc has it, which keeps the memory of all arrays until it is done. */
export type OffThread<Pass extends (...args: never[]) => void> = (...args: Parameters<Pass>) => Promise<void>

/** The passes on other threads; none where an array's memory cannot be kept when its buffer is transferred. */
export function asyncPasses(
  { forwardAsync, backwardAsync }: Addon,
  isa: number,
): Pick<Backend, 'forwardAsync' | 'backwardAsync'> {
  if (forwardAsync === undefined || backwardAsync === undefined) return {}
  return {
    forwardAsync: ({ descriptor }, { x, y, weight, bias, mean, variance }) =>
      forwardAsync(isa, descriptor, x, y, weight, bias, mean, variance),
    backwardAsync: ({ descriptor }, { dy, x, dx, weight, mean, variance, dweight, dbias }) =>
      backwardAsync(isa, descriptor, dy, x, dx, weight, mean, variance, dweight, dbias),
  }
}
