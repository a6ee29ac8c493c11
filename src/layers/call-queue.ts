import { fail } from '../errors.js'

/** A queue of asynchronous calls. The calls run one after another, in the order in which they were made. */
export class CallQueue {
  /** How many calls have not ended. */
  #pending = 0
  /** Resolves when the last call of the queue has ended, also if that call failed. */
  #last: Promise<void> = Promise.resolve()

  /**
   * Adds a call to the queue. If no call is pending, the call starts at once. Otherwise it starts when the last call
   * of the queue has ended, also if that call failed.
   * @returns a promise of the call's result.
   */
  take<T>(call: () => Promise<T>): Promise<T> {
    // The call is counted before it starts. So if it adds another call itself, that call waits for this one.
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
    // These handlers are attached before the caller's. So when the caller's await continues, the call is no longer
    // pending.
    run.then(end, end)
    // The caller gets a new promise. The handlers above do not count as handlers of its rejection, so Node still
    // reports a rejection that the caller does not handle.
    return run.then((result) => result)
  }

  /**
   * Throws if calls are pending. `name` is the synchronous method that was called. It would run before the pending
   * calls, and could change the state that they need.
   */
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
