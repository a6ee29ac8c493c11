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

/**
 * The values of an iterable, until the signal is aborted: then it throws the signal's reason, before the next value.
 * @param isStream whether the next value may never come. Then nobody waits for it when the signal is aborted.
 */
export async function* untilAborted<T>(
  values: AsyncIterable<T>,
  signal: AbortSignal | undefined,
  isStream: boolean,
): AsyncGenerator<T> {
  signal?.throwIfAborted()
  if (signal !== undefined && isStream) {
    yield* atOnceUntilAborted(values, signal)
    return
  }
  for await (const value of values) {
    yield value
    signal?.throwIfAborted()
  }
}

async function* atOnceUntilAborted<T>(values: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  // Nobody may be waiting when it happens.
  aborted.catch(() => {})
  try {
    for (;;) {
      const { value, done } = await Promise.race([iterator.next(), aborted])
      if (done === true) return
      yield value
      signal.throwIfAborted()
    }
  } finally {
    signal.removeEventListener('abort', abort)
    if (!signal.aborted) await iterator.return?.()
  }
}
