import { fail } from '../errors.js'

/** Asynchronous calls that run one after another, in the order in which they were made. */
export class CallQueue {
  #pending = 0
  #last: Promise<void> = Promise.resolve()

  /** Begins the call at once where none is pending, otherwise when the last one has ended, well or not. */
  take<T>(call: () => Promise<T>): Promise<T> {
    // Counted before it begins: what the call itself calls comes after it.
    const last = this.#pending++ === 0 ? null : this.#last
    let ended = () => {}
    this.#last = new Promise((resolve) => {
      ended = resolve
    })
    const run = last === null ? call() : last.then(call)
    const end = () => {
      this.#pending--
      ended()
    }
    // Attached first: who has awaited the result finds its call no longer pending.
    run.then(end, end)
    // A promise of its own, whose rejection nobody has handled unless the caller does.
    return run.then((result) => result)
  }

  /** Throws while calls are pending: `name`, a synchronous method, would come before them, and change what they need. */
  checkNone(who: string, name: string): void {
    if (this.#pending === 0) return
    fail(
      'EVENKEEL_STATE',
      who,
      `${name}() came while asynchronous calls of this layer are pending (${this.#pending})`,
      'await forwardAsync() and backwardAsync() first',
    )
  }
}
