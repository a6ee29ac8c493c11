import { describe, fail } from '../../errors.js'
import { addon, loadErrors } from './addon.js'

/** The largest number of threads. No machine profits from more, and a typing error must not start a million threads. */
export const MAX_THREADS = 1024

/** Whose threads run a call: those of evenkeel's thread pool, or OpenMP's. The addon has the same order. */
export const THREADINGS = ['pool', 'openmp'] as const
export type Threading = (typeof THREADINGS)[number]

/** The number of threads of the whole process, worker threads included. 0 before it is set for the first time. */
export function threads(): number {
  return addon === null ? 1 : addon.threads()
}

/** Whose threads run the calls of the whole process. Null on the portable backend, which has no threads. */
export function threading(): Threading | null {
  return addon === null ? null : THREADINGS[addon.threading()]
}

/**
 * Sets how many threads a call may use, and whose they are if `threading` is given, for the whole process.
 * @throws EvenkeelError as the public setThreads() (src/threads.ts). Then nothing has changed.
 */
export function setThreads(count: number, threading?: Threading): void {
  checkThreads('setThreads', count)
  if (threading === 'openmp') needOpenmp('setThreads', "threading: 'openmp'", "use threading: 'pool'")
  if (threading !== undefined) addon?.setThreading(THREADINGS.indexOf(threading))
  addon?.setThreads(count)
}

/** What provides OpenMP, as in 'libgomp.so.1', and how many threads it would take. Null if nothing does. */
export function openmp(): { readonly provider: string; readonly threads: number } | null {
  const [threads, provider] = addon?.openmp() ?? [0, '']
  return provider === '' ? null : { provider, threads }
}

/** Throws if there is no OpenMP here. `wish`: what asks for it. `other`: what to do if it is to stay so. */
export function needOpenmp(who: string, wish: string, other: string): void {
  if (openmp() !== null) return
  const noAddon = `the addon did not load: ${loadErrors.join('; ')}`
  const [, , fault, remedy] = addon?.openmp() ?? [0, '', noAddon, 'correct that']
  fail('EVENKEEL_BACKEND', who, `${wish} is not available here (${fault})`, `${remedy}, or ${other}`)
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
