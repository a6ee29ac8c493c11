import { describe, fail } from '../../errors.js'
import { addon } from './addon.js'

/** More threads than any machine profits from; keeps a typing error from starting a million. */
export const MAX_THREADS = 1024

/** Of the whole process, worker threads included; 0 before anyone has set it. */
export function threads(): number {
  return addon === null ? 1 : addon.threads()
}

/**
 * Sets how many threads a call may use, in the whole process, worker threads included.
 * Throws unless `count` is a whole number from 1 to 1024; the portable backend has one thread whatever is set.
 */
export function setThreads(count: number): void {
  checkThreads('setThreads', count)
  addon?.setThreads(count)
}

/** came: what the number was written as. */
export function checkThreads(who: string, count: number, came: unknown = count): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= MAX_THREADS) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `the number of threads must be a whole number from 1 to ${MAX_THREADS}, got ${describe(came)}`,
    'os.availableParallelism() is a good choice',
  )
}

/** Default of setBytesPerThread, as native/runtime/parallel.cc has it. */
export const BYTES_PER_THREAD = 256 * 1024

/** For tests: how many bytes a thread's share of a call must move; 1 sends the smallest case to the team. */
export function setBytesPerThread(bytes: number): void {
  addon?.setBytesPerThread(bytes)
}

/** For tests: takes the last cache for this large; at 1 the smallest case goes the ways of large data. 0: the machine's own. */
export function setCacheBytes(bytes: number): void {
  addon?.setCacheBytes(bytes)
}
