/** How a job is watched and ended. */
export interface JobEvents {
  /** Ends the job before its next chunk, with the signal's reason. What is finished is kept. */
  readonly signal?: AbortSignal | undefined
  /**
   * Is told how many bytes of the inputs are done, of how many. What an earlier run has done does not count, and the
   * length of a stream is not known.
   */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Counts the bytes of a job's inputs. */
export class Meter {
  readonly #tell: JobEvents['onProgress']
  readonly #total: number
  #done = 0

  constructor({ onProgress }: JobEvents, total: number) {
    this.#tell = onProgress
    this.#total = total
    this.add(0)
  }

  add(bytes: number): void {
    this.#done += bytes
    // Of a stream, and where nothing is left to do, there is nothing to tell.
    if (this.#total > 0) this.#tell?.(this.#done, this.#total)
  }
}

/** The value of a promise, or the signal's reason as soon as the signal is aborted. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  // Nobody waits for it when the signal comes first.
  promise.catch(() => {})
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * The values of an iterable, until the signal is aborted: then it throws the signal's reason, before the next value.
 * @param isStream whether the next value may never come. Then nobody waits for it when the signal is aborted.
 */
export async function* untilAborted<T>(
  values: AsyncIterable<T>,
  signal: AbortSignal | undefined,
  isStream: boolean,
): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const next = iterator.next()
      const { value, done } = await (isStream ? orAborted(next, signal) : next)
      if (done === true) return
      yield value
    }
  } finally {
    const ended = iterator.return?.()
    if (isStream && signal?.aborted === true) ended?.catch(() => {})
    else await ended
  }
}
