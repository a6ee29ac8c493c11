import type { Plan } from '../../engine/plan.js'
import { dtypeOfArray, type FloatArray, lengthOf } from '../../tensor.js'
import type { CachedCall } from '../backend.js'
import type { Operands, OperandTable } from '../operands.js'

/** True where a frame is gone, and nothing was done: the addon keeps only so many. */
export type Gone = true | undefined

/** What the addon does with a pass that it keeps; native/binding/frames.h defines it. */
export interface Frames {
  newFrame(): number
  again(frame: number): Gone
  /** Data in their order; null: as before. */
  renew(frame: number, first: FloatArray | null, second: FloatArray | null, third: FloatArray | null): Gone
}

/** Runs a pass with all its arrays and leaves it in the frame. */
type KeepAndRun = (descriptor: Float64Array, operands: Operands, frame: number) => Gone

/**
 * Data of at most this many elements is remembered from call to call. Beyond, looking it up is a few percent of the
 * call, and not worth keeping it from the garbage collector.
 */
const REMEMBERED_ELEMENTS = 16 * 1024

/** In the place of an operand that is not remembered: no caller's value is it. */
const UNKNOWN = Symbol('unknown')

/**
 * One pass of one owner, mostly over the same arrays. Looking up where an array lies costs 55 ns, so the addon keeps
 * the addresses of the last call, in a frame, and this class proves that they still hold: an array that the addon has
 * seen never moves its elements, and all that takes them away (transfer, resize, WebAssembly's grow) changes its
 * length. So the same object at the same length lies where it lay, and passed all checks that it passed.
 *
 * The proof goes over the list of operands that the addon is called with, whatever they are: none can be left out.
 * Nothing of the user's runs between the proof and the call: it reads only arrays in hand, through the engine's getter.
 */
export class NativeCachedCall implements CachedCall {
  readonly #frames: Frames
  readonly #keepAndRun: KeepAndRun
  /** How many of the first operands are data. */
  readonly #data: number
  readonly #result: number
  /** Whether an operand may be another one than before, unchecked, in a call whose result is a new array. */
  readonly #free: readonly boolean[]
  /** 0 before the first call. */
  #frame = 0
  /** Of the last call; null before it, and where one failed. */
  #plan: Plan | null = null
  /** The operands of the last call, as far as they are remembered. */
  readonly #arrays: (FloatArray | null | typeof UNKNOWN)[]
  /** Their lengths, which the addon has checked. */
  readonly #lengths: number[]

  constructor(frames: Frames, table: OperandTable, keepAndRun: KeepAndRun) {
    this.#frames = frames
    this.#keepAndRun = keepAndRun
    this.#data = table.filter(({ kind }) => kind === 'data').length
    this.#result = table.findIndex(({ kind, written }) => kind === 'data' && written)
    // A new result overlaps nothing. Other data than before could overlap a parameter's gradient, which is written too.
    const gradients = table.some(({ kind, written }) => kind === 'affine' && written)
    this.#free = table.map(({ kind, written }) => kind === 'data' && (written || !gradients))
    this.#arrays = table.map(() => UNKNOWN)
    this.#lengths = table.map(() => 0)
  }

  repeat(plan: Plan, operands: Operands, fresh: boolean): boolean {
    if (plan !== this.#plan) return false
    for (let i = 0; i < operands.length; i++) {
      if (this.#holds(i, operands[i])) continue
      const ours = fresh && i === this.#result
      if (!ours && !(fresh && this.#free[i] && isDataOf(plan, operands[i]))) return false
    }
    return !(fresh ? this.#renew(operands, true) : this.#isGone(this.#frames.again(this.#frame)))
  }

  run(plan: Plan, operands: Operands): void {
    const gone = plan !== this.#plan || !this.#holdsParameters(operands) || this.#renew(operands, false)
    if (gone) this.#keep(plan, operands)
  }

  /** The next call is no repetition, whatever it comes with. */
  forget(): void {
    this.#plan = null
    this.#arrays.fill(UNKNOWN)
  }

  #holds(i: number, array: FloatArray | null): boolean {
    return array === this.#arrays[i] && (array === null || lengthOf(array) === this.#lengths[i])
  }

  #holdsParameters(operands: Operands): boolean {
    for (let i = this.#data; i < operands.length; i++) if (!this.#holds(i, operands[i])) return false
    return true
  }

  /** The same parameters, other data; `fresh`: with a new result. True where the frame is gone, and nothing was done. */
  #renew(operands: Operands, fresh: boolean): boolean {
    const first = this.#change(0, operands)
    const second = this.#change(1, operands)
    const third = this.#change(2, operands)
    if (this.#isGone(this.#frames.renew(this.#frame, first, second, third))) return true
    if (first !== null) this.#remember(0, first)
    if (second !== null) this.#remember(1, second)
    if (third !== null) this.#remember(2, third)
    // A new result does not come again: remembered, it would only live longer.
    if (fresh) this.#arrays[this.#result] = UNKNOWN
    return false
  }

  #isGone(gone: Gone): boolean {
    if (gone) this.forget()
    return gone === true
  }

  /** What the addon is told of an array of data: null where it is as it was. Forgets it until the call has succeeded. */
  #change(i: number, operands: Operands): FloatArray | null {
    if (i >= this.#data || this.#holds(i, operands[i])) return null
    this.#arrays[i] = UNKNOWN
    return operands[i]
  }

  #keep(plan: Plan, operands: Operands): void {
    this.forget()
    if (this.#frame === 0) this.#frame = this.#frames.newFrame()
    if (this.#keepAndRun(plan.descriptor, operands, this.#frame)) {
      this.#frame = this.#frames.newFrame()
      this.#keepAndRun(plan.descriptor, operands, this.#frame)
    }
    for (let i = 0; i < operands.length; i++) this.#remember(i, operands[i])
    this.#plan = plan
  }

  #remember(i: number, array: FloatArray | null): void {
    const length = array === null ? 0 : lengthOf(array)
    this.#arrays[i] = i >= this.#data || length <= REMEMBERED_ELEMENTS ? array : UNKNOWN
    this.#lengths[i] = length
  }
}

/** Whether the array is of the plan's type and size, as data must be. */
function isDataOf(plan: Plan, array: FloatArray | null): boolean {
  return dtypeOfArray(array) === plan.dtype && lengthOf(array) === plan.size
}
