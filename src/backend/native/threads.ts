import { describe, fail } from '../../errors.js'
import { addon } from './addon.js'

/** The largest number of threads. No machine profits from more, and a typing error must not start a million threads. */
export const MAX_THREADS = 1024

/** The number of threads of the whole process, worker threads included. 0 before it is set for the first time. */
export function threads(): number {
  return addon === null ? 1 : addon.threads()
}

/**
 * Sets how many threads a call may use. The number applies to the whole process, worker threads included. The portable
 * backend always uses one thread.
 * @throws EvenkeelError (EVENKEEL_OPTION) if `count` is not a whole number from 1 to 1024.
 */
export function setThreads(count: number): void {
  checkThreads('setThreads', count)
  addon?.setThreads(count)
}

/** Throws if `count` is not a number of threads. `came`: the value as the caller wrote it, for the message. */
export function checkThreads(who: string, count: number, came: unknown = count): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= MAX_THREADS) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `the number of threads must be a whole number from 1 to ${MAX_THREADS}, got ${describe(came)}`,
    'os.availableParallelism() is a good choice',
  )
}

/** The default of setBytesPerThread(). native/runtime/parallel.cc has the same number. */
export const BYTES_PER_THREAD = 256 * 1024

/**
 * For tests: sets how many bytes each thread of a call must at least move. With 1, even the smallest case uses all
 * threads.
 */
export function setBytesPerThread(bytes: number): void {
  addon?.setBytesPerThread(bytes)
}

/**
 * For tests: sets the size that is assumed for the last-level cache. With 1, even the smallest case is treated as
 * large data. 0: the size of this machine's cache.
 */
export function setCacheBytes(bytes: number): void {
  addon?.setCacheBytes(bytes)
}
