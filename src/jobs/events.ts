/** How a job is watched and ended. */
export interface JobEvents {
  /** Ends the job before its next chunk, with the signal's reason. What is finished is kept. */
  readonly signal?: AbortSignal | undefined
  /** Is told how many bytes of the inputs are done, of how many. What an earlier run has done does not count. */
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
    onProgress?.(0, total)
  }

  add(bytes: number): void {
    this.#done += bytes
    this.#tell?.(this.#done, this.#total)
  }
}

/**
 * The values of an iterable. If the signal is aborted, it throws the signal's reason at once, also while it waits for
 * the next value.
 */
export async function* untilAborted<T>(
  values: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* values
    return
  }
  signal.throwIfAborted()
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
    // A generator that waits for standard input would return only after it.
    if (!signal.aborted) await iterator.return?.()
  }
}
