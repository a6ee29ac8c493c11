/** What the chunks from `first` on, `length` of them, were merged to. `length` is a power of 2 that divides `first`. */
export interface Node<T> {
  readonly first: number
  readonly length: number
  readonly value: T
}

/**
 * A fold of numbered values in a fixed shape. Two neighbours of the same length that begin at an even place are merged
 * to one, as in a binary tree. So the result depends on the numbers and the values alone. It has the same bits
 * whatever the order of the calls, and whoever made the parts: one process, or many shards.
 */
export class OrderedFold<T> {
  /** In ascending order. Two nodes that could be merged have been. */
  readonly #nodes: Node<T>[] = []
  readonly #merge: (left: T, right: T) => T

  /** @param merge returns a new value, and changes neither of the two. */
  constructor(merge: (left: T, right: T) => T) {
    this.#merge = merge
  }

  /** What is there, in ascending order. */
  get nodes(): readonly Node<T>[] {
    return this.#nodes
  }

  /**
   * Adds the value of the chunks from `first` on. Returns false, and adds nothing, if one of them is there already, or
   * if the node has no place in the tree.
   */
  add(first: number, value: T, length = 1): boolean {
    if (!isPlace(first, length)) return false
    let at = this.#nodes.length
    while (at > 0 && this.#nodes[at - 1].first > first) at--
    const before = this.#nodes[at - 1]
    const after = this.#nodes[at]
    if (before !== undefined && before.first + before.length > first) return false
    if (after !== undefined && after.first < first + length) return false
    this.#nodes.splice(at, 0, { first, length, value })
    for (;;) {
      if (this.#mergeAt(at - 1)) at--
      else if (!this.#mergeAt(at)) return true
    }
  }

  /** Adds all nodes of another fold. Returns false, and adds nothing, if one of them is there already. */
  addAll(nodes: readonly Node<T>[]): boolean {
    const before = this.#nodes.slice()
    for (const { first, value, length } of nodes) {
      if (this.add(first, value, length)) continue
      this.#nodes.splice(0, Number.POSITIVE_INFINITY, ...before)
      return false
    }
    return true
  }

  /** Merges node `at` with the next one if both are the halves of a node of the tree. */
  #mergeAt(at: number): boolean {
    const [left, right] = [this.#nodes[at], this.#nodes[at + 1]]
    if (left === undefined || right === undefined) return false
    const { first, length } = left
    if (right.length !== length || right.first !== first + length || first % (2 * length) !== 0) return false
    const value = this.#merge(left.value, right.value)
    this.#nodes.splice(at, 2, { first, length: 2 * length, value })
    return true
  }

  /** All values merged, from the first node to the last. Undefined if there are none. */
  result(): T | undefined {
    return this.#nodes
      .map(({ value }) => value)
      .reduce<T | undefined>(
        (left, right) => (left === undefined ? right : this.#merge(left, right)),
        undefined,
      )
  }
}

/** Whether the tree has a node of this length at this place. */
export function isPlace(first: number, length: number): boolean {
  const sound =
    Number.isSafeInteger(first) && Number.isSafeInteger(first + length) && first >= 0 && length >= 1
  return sound && Number.isInteger(Math.log2(length)) && first % length === 0
}
