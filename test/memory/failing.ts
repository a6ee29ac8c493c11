import { expect } from 'vitest'
import { load } from '#addon'

// What makes an allocation fail.

export interface Allocator {
  /** The n-th allocation from now on fails; 0: none. How many were still to come of the n before: 0 where it has failed. */
  fail(n: number): number
  /** What a call throws then. */
  readonly error: object
}

interface Faults {
  failAllocation?(n: number): number
  cancelNext?(): void
}
/** Those of the addon of `npm run test:asan`; no other has any. */
export const faults: Faults = load().addon ?? {}

export function nativeAllocator(): Allocator | null {
  const { failAllocation } = faults
  return failAllocation
    ? { fail: failAllocation, error: { name: 'EvenkeelError', code: 'EVENKEEL_BACKEND' } }
    : null
}

/** Of the arrays that JavaScript allocates by `new Float32Array(length)` and its like, while `inPlace`. */
export class ScriptAllocator implements Allocator {
  /** Ours for arrays whose length is the caller's, the engine's for small ones. */
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
