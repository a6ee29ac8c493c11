import { bufferOf } from './engine/overlap.js'
import type { Plan } from './engine/plan.js'
import { describe, fail } from './errors.js'
import { checkBoolean, checkOptions } from './options.js'
import { type DType, type FloatArray, isFloatArray, lengthOf, type Tensor } from './tensor.js'
import { unfilledArray } from './unfilled.js'

/** Memory for the results of a step, which is used again in the next one. */
export interface Workspace {
  /** Of all arrays that it holds, drawn and free. */
  readonly bytes: number

  /**
   * Takes a result out of the workspace, to outlive release(). The next step gets another array in its place.
   * @returns the tensor.
   * @throws EvenkeelError (EVENKEEL_STATE) where it was not drawn from this workspace since the last release().
   */
  keep<T extends Tensor>(tensor: T): T

  /**
   * Takes back all results that were drawn and not kept, to draw them again. Read none of them afterwards: later results
   * are written over them. A context whose input lay in one refuses its gradient from then on.
   *
   * What the last step did not use is dropped where all together is larger than the largest step: between steps a
   * workspace holds at most what the largest one drew.
   * @throws EvenkeelError (EVENKEEL_STATE) while asynchronous calls that draw from it are pending.
   */
  release(): void

  /** Forgets all memory. Results that are still drawn are their caller's from then on, as if all were kept. */
  clear(): void
}

export interface WorkspaceOptions {
  /**
   * Looks for results that are used after their release: release() detaches their buffers instead of using them again, so that a
   * later call with one throws, and reading one gives undefined. It costs new arrays in each step. Default false.
   */
  readonly check?: boolean | undefined
}

/**
 * Memory for training loops. Layers and functions that are given a workspace draw their results, y and dx, from it, and
 * release() at the end of a step takes all of them back. Steps of the same shapes then allocate nothing.
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
  /** Which release, of all workspaces, took it back last. */
  released: number
}

/** The arrays of one type and length, in the order in which a step draws them; undefined where one was kept. */
interface Shelf {
  readonly items: (Item | undefined)[]
  /** How many of them, the first ones, this step has drawn. */
  drawn: number
}

/** How many releases there were, of all workspaces. */
let count = 0
/** By their buffers, which an array's views share. */
const itemOf = new WeakMap<ArrayBufferLike, Item>()

/** How many releases there were until now, to be passed to wasReleased() later. */
export function releases(): number {
  return count
}

/** Whether a workspace has taken back the array's memory since there were so many releases. */
export function wasReleased(array: FloatArray | null, since: number): boolean {
  if (count === since || array === null) return false
  const item = itemOf.get(bufferOf(array))
  return item !== undefined && item.released > since
}

/** A workspace as calls see it. */
export class Arena implements Workspace {
  readonly #check: boolean
  readonly #shelves = new Map<number, Shelf>()
  /** Asynchronous calls that have not ended. */
  #pending = 0
  /** The bytes that the largest step drew. */
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
   * The array of a result, which holds anything. The n-th of its length in a step is the same object in each step, so that
   * cached calls find it.
   * @param source the call's input, which the result must not be written over.
   */
  draw({ layer, dtype, size }: Plan, source: FloatArray): FloatArray {
    const shelf = this.#shelfOf(dtype, size)
    let item = shelf.items[shelf.drawn]
    // One whose buffer was transferred has no length any more.
    if (item === undefined || lengthOf(item.array) !== size) {
      item = { array: unfilledArray(dtype, size), released: 0 }
      itemOf.set(bufferOf(item.array), item)
      shelf.items[shelf.drawn] = item
    }
    if (item.array === source) refuseSource(layer)
    shelf.drawn++
    return item.array
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

  /** An asynchronous call was made, which may draw from here on. */
  begin(): void {
    this.#pending++
  }

  /** It has ended. */
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

/** The workspace of an option's value; null where there is none. */
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
