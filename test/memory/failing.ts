import { expect } from 'vitest'
import { load } from '#addon'

// Makes allocations fail.

export interface Allocator {
  /**
   * Makes the n-th allocation from now on fail, or none if n is 0. Returns how many allocations were left before the
   * one that the previous call set: 0 if that one has failed.
   */
  fail(n: number): number
  /** The error that a call then throws. */
  readonly error: object
}

interface Faults {
  failAllocation?(n: number): number
  cancelNext?(): void
}
/** The functions of the addon that `npm run test:asan` builds. Other addons do not have them. */
export const faults: Faults = load().addon ?? {}

export function nativeAllocator(): Allocator | null {
  const { failAllocation } = faults
  return failAllocation
    ? { fail: failAllocation, error: { name: 'EvenkeelError', code: 'EVENKEEL_BACKEND' } }
    : null
}

/** Makes JavaScript's own allocations fail: `new Float32Array(length)` and the like, after `inPlace()`. */
export class ScriptAllocator implements Allocator {
  /** evenkeel's error for arrays whose length the caller chooses, the JavaScript engine's error for small arrays. */
  readonly error = { message: expect.stringMatching(/there is no memory for|Array buffer allocation failed/) }
  readonly #types = { Float32Array, Float64Array }
  #left = 0

  inPlace(): void {
    for (const [name, Type] of Object.entries(this.#types)) {
      const construct = (target: typeof Type, args: unknown[], newTarget: typeof Type) => {
        if (this.#left > 0 && --this.#left === 0) throw new RangeError('Array buffer allocation failed')
        return Reflect.construct(target, args, newTarget)
      }
      Object.assign(globalThis, { [name]: new Proxy(Type, { construct }) })
    }
  }

  remove(): void {
    Object.assign(globalThis, this.#types)
  }

  fail(n: number): number {
    const left = this.#left
    this.#left = n
    return left
  }
}
