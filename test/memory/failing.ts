import { load } from '#addon'
import { EvenkeelError } from '../../src/index.js'

// What makes an allocation fail.

export interface Allocator {
  /** The n-th allocation from now on fails; 0: none. How many were still to come of the n before: 0 where it has failed. */
  fail(n: number): number
  /** Whether a call may throw this then. */
  isIts(error: unknown): boolean
}

interface Faults {
  failAllocation?(n: number): number
  cancelNext?(): void
}
/** Those of the addon of `npm run test:asan`; no other has any. */
export const faults: Faults = load().addon ?? {}

export function nativeAllocator(): Allocator | null {
  const { failAllocation } = faults
  const isIts = (error: unknown) => (error as Partial<EvenkeelError>).code === 'EVENKEEL_BACKEND'
  return failAllocation ? { fail: failAllocation, isIts } : null
}

/** Of the arrays that JavaScript allocates by `new Float32Array(length)` and its like, while `inPlace`. */
export class ScriptAllocator implements Allocator {
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

  /** The engine's error, or ours in its place. */
  isIts(error: unknown): boolean {
    return error instanceof RangeError || (error instanceof EvenkeelError && error.code === 'EVENKEEL_BUFFER')
  }

  fail(n: number): number {
    const left = this.#left
    this.#left = n
    return left
  }
}
