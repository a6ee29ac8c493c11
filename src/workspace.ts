import { bufferOf } from './engine/overlap.js'
import type { Plan } from './engine/plan.js'
import { describe, fail } from './errors.js'
import { checkBoolean, checkOptions } from './options.js'
import { type DType, type FloatArray, isFloatArray, lengthOf, type Tensor } from './tensor.js'
import { unfilledArray } from './unfilled.js'

/** Memory for the results of one step. The next step uses the same memory again. */
export interface Workspace {
  /** The number of bytes of all arrays that the workspace holds, drawn or free. */
  readonly bytes: number

  /**
   * Takes a result out of the workspace, so that it stays valid after release(). The next step gets a new array in
   * its place.
   * @returns the same tensor.
   * @throws EvenkeelError (EVENKEEL_STATE) if the tensor was not drawn from this workspace since the last release().
   */
  keep<T extends Tensor>(tensor: T): T

  /**
   * Takes back all results that were drawn and not kept, for the next step. Do not read them after this call, because
   * later results overwrite them. If the input of a context was in one of them, the context gives no gradient any
   * more.
   *
   * If the workspace holds more bytes than the largest step drew, it drops the arrays that the last step did not use.
   * So between steps, a workspace holds at most as many bytes as the largest step drew.
   * @throws EvenkeelError (EVENKEEL_STATE) if asynchronous calls that draw from the workspace are pending.
   */
  release(): void

  /**
   * Drops all memory. Results that are drawn at this time stay valid, as if keep() had been called for each of them.
   */
  clear(): void
}

export interface WorkspaceOptions {
  /**
   * A check for results that are used after release(). If true, release() detaches the buffers of the results instead
   * of using them again. Then a later call with such a result throws, and a read of an element gives undefined. The
   * cost is new arrays in each step. Default false.
   */
  readonly check?: boolean | undefined
}

/**
 * Makes a workspace: memory for training loops. A layer or function with a workspace draws its results, y and dx,
 * from it. Call release() at the end of each step: it takes back all results. Then steps with the same shapes
 * allocate no arrays.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on unknown options.
 */
export function workspace(options: WorkspaceOptions = {}): Workspace {
  checkOptions('workspace', options, ['check'])
  const { check = false } = options
  checkBoolean('workspace', 'check', check)
  if (check && typeof globalThis.structuredClone !== 'function') {
    fail(
      'EVENKEEL_OPTION',
      'workspace',
      'check: true needs structuredClone(), which this runtime does not have',
      'leave check out here',
    )
  }
  return new Arena(check)
}

/** An array of a workspace. */
interface Item {
  readonly array: FloatArray
  /** The number of the release that took it back last. Releases are counted over all workspaces. */
  released: number
}

/**
 * The arrays of one type and length, in the order in which a step draws them. Undefined in place of an array that was
 * kept.
 */
interface Shelf {
  readonly items: (Item | undefined)[]
  /** How many arrays this step has drawn. They are the first ones of the list. */
  drawn: number
}

/** How many releases there were, over all workspaces. */
let count = 0
/** The items by their buffers. All views of an array share its buffer. */
const itemOf = new WeakMap<ArrayBufferLike, Item>()

/** How many releases there were until now. Pass this number to wasReleased() later. */
export function releases(): number {
  return count
}

/** Whether a workspace has taken back the array's memory after there were `since` releases. */
export function wasReleased(array: FloatArray | null, since: number): boolean {
  if (count === since || array === null) return false
  const item = itemOf.get(bufferOf(array))
  return item !== undefined && item.released > since
}

/** A workspace, with the further methods that calls use. */
export class Arena implements Workspace {
  readonly #check: boolean
  readonly #shelves = new Map<number, Shelf>()
  /** How many asynchronous calls have not ended. */
  #pending = 0
  /** How many bytes the largest step drew. */
  #largest = 0

  constructor(check: boolean) {
    this.#check = check
  }

  get bytes(): number {
    let sum = 0
    for (const { items } of this.#shelves.values()) sum += bytesOf(items)
    return sum
  }

  /**
   * An array for a result. Its elements have arbitrary values. The n-th array of one type and length in a step is the
   * same object in each step, so that the calls of the step can be cached calls.
   * @param source the call's input. The result must not be this array.
   */
  draw({ layer, dtype, size }: Plan, source: FloatArray): FloatArray {
    const shelf = this.#shelfOf(dtype, size)
    let item = shelf.items[shelf.drawn]
    // If the buffer of an array was transferred, its length is 0.
    if (item === undefined || lengthOf(item.array) !== size) {
      item = { array: unfilledArray(dtype, size), released: 0 }
      itemOf.set(bufferOf(item.array), item)
      shelf.items[shelf.drawn] = item
    }
    if (item.array === source) refuseSource(layer)
    shelf.drawn++
    return item.array
  }

  /** Takes back the array of a call that failed. An array that was new for this call is dropped. */
  putBack(array: FloatArray): void {
    for (const shelf of this.#shelves.values()) {
      const { items, drawn } = shelf
      const index = items.findIndex((item) => item?.array === array)
      if (index < 0 || index >= drawn) continue
      const item = items[index] as Item
      // The drawn arrays are the first ones.
      items[index] = items[drawn - 1]
      items[drawn - 1] = item.released === 0 ? undefined : item
      shelf.drawn--
    }
  }

  keep<T extends Tensor>(tensor: T): T {
    const buffer = isFloatArray(tensor?.data) ? bufferOf(tensor.data) : null
    for (const { items, drawn } of this.#shelves.values()) {
      const index = items.findIndex((item) => item !== undefined && bufferOf(item.array) === buffer)
      if (index < 0 || index >= drawn) continue
      items[index] = undefined
      return tensor
    }
    return fail(
      'EVENKEEL_STATE',
      'workspace',
      `keep() takes a result that was drawn since the last release(), and not kept yet, got ${describe(tensor)}`,
      'pass what a call with this workspace returned, before release()',
    )
  }

  release(): void {
    if (this.#pending > 0) {
      fail(
        'EVENKEEL_STATE',
        'workspace',
        `release() came while asynchronous calls with this workspace are pending (${this.#pending})`,
        'await forwardAsync() and backwardAsync() first',
      )
    }
    count++
    let bytes = 0
    for (const { items, drawn } of this.#shelves.values()) {
      const used = items.slice(0, drawn)
      bytes += bytesOf(used)
      for (const item of used) if (item !== undefined) this.#takeBack(item)
    }
    this.#largest = Math.max(this.#largest, bytes)
    if (this.#check) this.#shelves.clear()
    else if (this.bytes > this.#largest) this.#dropUnused()
    for (const shelf of this.#shelves.values()) shelf.drawn = 0
  }

  clear(): void {
    this.#shelves.clear()
    this.#largest = 0
  }

  /** To be called when an asynchronous call is made. The call can draw from the workspace until it ends. */
  begin(): void {
    this.#pending++
  }

  /** To be called when an asynchronous call has ended. */
  end(): void {
    this.#pending--
  }

  #takeBack(item: Item): void {
    item.released = count
    // One that was transferred already cannot be transferred again.
    const attached = lengthOf(item.array) > 0
    if (this.#check && attached) structuredClone(null, { transfer: [bufferOf(item.array) as ArrayBuffer] })
  }

  #dropUnused(): void {
    for (const [key, { items, drawn }] of this.#shelves) {
      items.length = drawn
      if (drawn === 0) this.#shelves.delete(key)
    }
  }

  #shelfOf(dtype: DType, length: number): Shelf {
    const key = dtype === 'float64' ? -1 - length : length
    const known = this.#shelves.get(key)
    if (known !== undefined) return known
    const shelf: Shelf = { items: [], drawn: 0 }
    this.#shelves.set(key, shelf)
    return shelf
  }
}

/** The workspace that an option holds. Null if the option is not set. */
export function arenaOf(who: string, value: unknown): Arena | null {
  if (value === undefined) return null
  if (value instanceof Arena) return value
  return fail(
    'EVENKEEL_OPTION',
    who,
    `workspace must be one that workspace() has made, got ${describe(value)}`,
    'write const work = workspace(), and pass { workspace: work }',
  )
}

function bytesOf(items: readonly (Item | undefined)[]): number {
  let sum = 0
  for (const item of items) if (item !== undefined) sum += lengthOf(item.array) * item.array.BYTES_PER_ELEMENT
  return sum
}

function refuseSource(who: string): never {
  fail(
    'EVENKEEL_STATE',
    who,
    'the input is a result that release() took back, and now the memory of this result',
    'call release() after the last use of a result, or keep() that result',
  )
}
