import type { Plan } from '../plan.js'
import type { FloatArray } from '../tensor.js'

/**
 * The arrays of a pass in either direction, those that change from call to call first; null where the pass has none.
 * Forward: to y, from x. Backward: to dx, from dy, saved x.
 */
export interface PassArrays {
  readonly to: FloatArray
  readonly from: FloatArray
  readonly saved: FloatArray | null
  readonly weight: FloatArray | null
  readonly bias: FloatArray | null
  readonly mean: Float64Array
  readonly variance: Float64Array
  readonly dweight: FloatArray | null
  readonly dbias: FloatArray | null
}

/** What the addon does with a pass that it keeps; native/binding/frames.h defines it. */
export interface Frames {
  newFrame(): number
  deleteFrame(frame: number): void
  again(frame: number): void
  renew(frame: number, to: FloatArray, from: FloatArray | null, saved: FloatArray | null): void
}

/** Runs a pass with all its arrays and leaves it in the frame. */
type KeepAndRun = (descriptor: Float64Array, arrays: PassArrays, frame: number) => void

/** The passes of one owner. */
export interface Prepared {
  readonly forward: PreparedPass
  readonly backward: PreparedPass
}

/**
 * Data of at most this many elements is remembered from call to call. Beyond, looking it up is a few percent of the
 * call, and not worth keeping it from the garbage collector.
 */
const REMEMBERED_ELEMENTS = 16 * 1024

// The engine's own getter: a property or a subclass of the user's cannot stand before it.
const typedArrays = Object.getPrototypeOf(Float32Array.prototype)
const lengthOf: (array: FloatArray) => number = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(typedArrays, 'length')?.get as () => number,
)

/**
 * One direction's passes of one owner, mostly over the same arrays. Looking up where an array lies costs 55 ns, so
 * the addon keeps the addresses of the last call, in a frame, and this class proves that they still hold: an array
 * that the addon has seen never moves its elements, and all that takes them away (transfer, resize, WebAssembly's
 * grow) changes its length. So the same object at the same length lies where it lay, and passed all checks that it passed.
 *
 * Nothing of the user's runs between the proof and the call: it reads only arrays in hand, through the engine's getter.
 */
export class PreparedPass {
  readonly #frames: Frames
  readonly #keepAndRun: KeepAndRun
  /** 0 before the first call. */
  #frame = 0
  /** Of the last call; null before it, and where one failed. */
  #plan: Plan | null = null
  #weight: FloatArray | null = null
  #bias: FloatArray | null = null
  #mean: Float64Array | null = null
  #variance: Float64Array | null = null
  #dweight: FloatArray | null = null
  #dbias: FloatArray | null = null
  /** Likewise, where they are remembered. */
  #to: FloatArray | null = null
  #from: FloatArray | null = null
  #saved: FloatArray | null = null
  /** Lengths that the addon has checked: of the data, of weight and its like, of the statistics. */
  #size = 0
  #affineLength = 0
  #slots = 0

  constructor(frames: Frames, keepAndRun: KeepAndRun) {
    this.#frames = frames
    this.#keepAndRun = keepAndRun
  }

  /**
   * Runs the pass and returns true if its arrays are those of the last call, so that no check is due; `fresh`: but for
   * `to`, which was allocated just now, and a forward pass's `from`, which then can overlap nothing that is written.
   * Does nothing and returns false otherwise.
   */
  again(plan: Plan, arrays: PassArrays, fresh: boolean): boolean {
    if (plan !== this.#plan || !this.#holdsParameters(arrays)) return false
    const holdsInput = this.#holdsInput(arrays)
    if (fresh && (holdsInput || arrays.saved === null)) {
      this.#renew(arrays, holdsInput)
      return true
    }
    if (!holdsInput || arrays.to !== this.#to || lengthOf(arrays.to) !== this.#size) return false
    this.#frames.again(this.#frame)
    return true
  }

  /** Runs the pass on arrays that were checked, and remembers them. */
  run(plan: Plan, arrays: PassArrays): void {
    if (plan === this.#plan && this.#holdsParameters(arrays)) {
      this.#renew(arrays, this.#holdsInput(arrays))
    } else {
      this.#keep(plan, arrays)
    }
    if (this.#from !== null) this.#to = arrays.to
  }

  #holdsParameters({ weight, bias, mean, variance, dweight, dbias }: PassArrays): boolean {
    return (
      mean === this.#mean &&
      variance === this.#variance &&
      weight === this.#weight &&
      bias === this.#bias &&
      dweight === this.#dweight &&
      dbias === this.#dbias &&
      lengthOf(mean) === this.#slots &&
      lengthOf(variance) === this.#slots &&
      (weight === null || lengthOf(weight) === this.#affineLength) &&
      (bias === null || lengthOf(bias) === this.#affineLength) &&
      (dweight === null || lengthOf(dweight) === this.#affineLength) &&
      (dbias === null || lengthOf(dbias) === this.#affineLength)
    )
  }

  #holdsInput({ from, saved }: PassArrays): boolean {
    return (
      from === this.#from &&
      saved === this.#saved &&
      lengthOf(from) === this.#size &&
      (saved === null || lengthOf(saved) === this.#size)
    )
  }

  /** The same parameters, other data. Forgets `to`. */
  #renew({ to, from, saved }: PassArrays, holdsInput: boolean): void {
    this.#to = null
    if (holdsInput) {
      this.#frames.renew(this.#frame, to, null, null)
      return
    }
    this.#from = null
    this.#saved = null
    this.#frames.renew(this.#frame, to, from, saved)
    this.#rememberInput(from, saved)
  }

  #keep(plan: Plan, arrays: PassArrays): void {
    const { descriptor } = plan
    if (this.#frame === 0) this.#frame = newFrame(this, this.#frames)
    this.forget()
    this.#keepAndRun(descriptor, arrays, this.#frame)
    const { to, weight, bias, mean, variance, dweight, dbias } = arrays
    this.#size = lengthOf(to)
    this.#slots = lengthOf(mean)
    const parameter = weight ?? bias
    this.#affineLength = parameter === null ? 0 : lengthOf(parameter)
    this.#mean = mean
    this.#variance = variance
    this.#weight = weight
    this.#bias = bias
    this.#dweight = dweight
    this.#dbias = dbias
    this.#plan = plan
    this.#rememberInput(arrays.from, arrays.saved)
  }

  #rememberInput(from: FloatArray, saved: FloatArray | null): void {
    const small = this.#size <= REMEMBERED_ELEMENTS
    this.#from = small ? from : null
    this.#saved = small ? saved : null
  }

  /** Whether `to` and `from` are those of the last call, and remembered. */
  isLast(to: FloatArray, from: FloatArray): boolean {
    return to === this.#to && from === this.#from
  }

  /** The next call is no repetition, whatever it comes with. */
  forget(): void {
    this.#plan = null
    this.#to = null
    this.#from = null
    this.#saved = null
  }
}

/** A frame that lives as long as its owner. */
function newFrame(owner: PreparedPass, frames: Frames): number {
  const frame = frames.newFrame()
  abandoned.register(owner, { frames, frame })
  return frame
}

const abandoned = new FinalizationRegistry(({ frames, frame }: { frames: Frames; frame: number }) =>
  frames.deleteFrame(frame),
)
