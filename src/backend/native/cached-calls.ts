import type { Plan } from '../../engine/plan.js'
import { dtypeOfArray, type FloatArray, lengthOf } from '../../tensor.js'
import type { CachedCall } from '../backend.js'
import type { Operands, OperandTable } from '../operands.js'

/**
 * True if the frame does not exist any more. Then the addon did nothing. The addon keeps a limited number of frames.
 */
export type Gone = true | undefined

/**
 * The functions of the addon for frames. A frame holds a pass and the addresses of its arrays.
 * native/binding/frames.h defines them.
 */
export interface Frames {
  newFrame(): number
  /** Runs the pass of the frame on the same arrays. */
  again(frame: number): Gone
  /**
   * Runs the pass of the frame on other data. The arguments are the operands of kind data, in order. Null: the same
   * array as before.
   */
  renew(frame: number, first: FloatArray | null, second: FloatArray | null, third: FloatArray | null): Gone
}

/** Runs a pass on its operands and keeps it in the frame. */
type KeepAndRun = (descriptor: Float64Array, operands: Operands, frame: number) => Gone

/**
 * The largest number of elements of data that are remembered from call to call. For more elements, the look-up of the
 * address is only a few percent of the call. That is not worth a reference that keeps the array from the garbage
 * collector.
 */
const REMEMBERED_ELEMENTS = 16 * 1024

/** Stands for an operand that is not remembered. It is not equal to any value of a caller. */
const UNKNOWN = Symbol('unknown')

/**
 * The cached call of one pass and one owner. Most calls of an owner use the same arrays. The look-up of an array's
 * address costs 55 ns. So the addon keeps the addresses of the last call in a frame, and this class proves that they
 * are still valid. The elements of an array that the addon has seen never move. Everything that takes them away
 * (transfer, resize, growth of WebAssembly memory) changes the length of the array. So if an array is the same object
 * and has the same length, its address is the same, and it passes all checks that it passed before.
 *
 * The proof goes through the complete list of operands that the addon is called with, so that it cannot omit one. No
 * code of the user's runs between the proof and the call: the proof only reads lengths, through JavaScript's own
 * getter.
 */
export class NativeCachedCall implements CachedCall {
  readonly #frames: Frames
  readonly #keepAndRun: KeepAndRun
  /** How many operands are of kind data. They are the first ones. */
  readonly #data: number
  /** The index of the result. */
  readonly #result: number
  /**
   * Whether each operand may be another array than before, without a check for overlap, if the result is a new array.
   */
  readonly #free: readonly boolean[]
  /** The number of the frame. 0 before the first call. */
  #frame = 0
  /** The plan of the last call. Null before the first call, and after a call that failed. */
  #plan: Plan | null = null
  /** The operands of the last call. UNKNOWN for an operand that is not remembered. */
  readonly #arrays: (FloatArray | null | typeof UNKNOWN)[]
  /** The lengths of these operands. The addon has checked them. */
  readonly #lengths: number[]

  constructor(frames: Frames, table: OperandTable, keepAndRun: KeepAndRun) {
    this.#frames = frames
    this.#keepAndRun = keepAndRun
    this.#data = table.filter(({ kind }) => kind === 'data').length
    this.#result = table.findIndex(({ kind, written }) => kind === 'data' && written)
    // A new result overlaps nothing. If the pass also writes gradients of parameters, other data could overlap one of
    // these, so such data must be checked.
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

  /** Forgets the last call, so that the next call is not a repetition. */
  forget(): void {
    this.#plan = null
    this.#arrays.fill(UNKNOWN)
  }

  /** Whether operand i is the remembered array, with the same length. */
  #holds(i: number, array: FloatArray | null): boolean {
    return array === this.#arrays[i] && (array === null || lengthOf(array) === this.#lengths[i])
  }

  #holdsParameters(operands: Operands): boolean {
    for (let i = this.#data; i < operands.length; i++) if (!this.#holds(i, operands[i])) return false
    return true
  }

  /**
   * Runs the pass with the same parameters and other data. `fresh`: the result is a new array. Returns true if the
   * frame is gone. Then nothing was done.
   */
  #renew(operands: Operands, fresh: boolean): boolean {
    const first = this.#change(0, operands)
    const second = this.#change(1, operands)
    const third = this.#change(2, operands)
    if (this.#isGone(this.#frames.renew(this.#frame, first, second, third))) return true
    if (first !== null) this.#remember(0, first)
    if (second !== null) this.#remember(1, second)
    if (third !== null) this.#remember(2, third)
    // The next call does not use this new result again. To remember it would only keep it in memory.
    if (fresh) this.#arrays[this.#result] = UNKNOWN
    return false
  }

  #isGone(gone: Gone): boolean {
    if (gone) this.forget()
    return gone === true
  }

  /**
   * The argument for operand i in renew(): null if the array is the same as before. Otherwise the class forgets the
   * old array until the call has succeeded.
   */
  #change(i: number, operands: Operands): FloatArray | null {
    if (i >= this.#data || this.#holds(i, operands[i])) return null
    this.#arrays[i] = UNKNOWN
    return operands[i]
  }

  /** Runs the pass on all operands and remembers them. If the frame is gone, it takes a new one. */
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

/** Whether the array has the plan's type and size, as operands of kind data must have. */
function isDataOf(plan: Plan, array: FloatArray | null): boolean {
  return dtypeOfArray(array) === plan.dtype && lengthOf(array) === plan.size
}
