import { setThreads as set, THREADINGS, type Threading } from './backend/select.js'
import { checkChoice, checkOptions } from './options.js'

/** The options of setThreads(). */
export interface ThreadsOptions {
  /**
   * Whose threads run a call: those of evenkeel's thread pool, or OpenMP's. Default: as before. It is 'pool' unless
   * EVENKEEL_THREADING said otherwise when the process loaded evenkeel.
   */
  readonly threading?: Threading
}

/**
 * Sets how many threads a call may use, and whose they are. Both apply to the whole process, worker threads included.
 * The portable backend always uses one thread.
 * @throws EvenkeelError (EVENKEEL_OPTION) if `count` is not a whole number from 1 to 1024, or if an option is unknown or
 * no choice. EVENKEEL_BACKEND if there is no OpenMP here (info().threadings). Then nothing has changed.
 */
export function setThreads(count: number, options: ThreadsOptions = {}): void {
  checkOptions('setThreads', options, ['threading'])
  const { threading } = options
  if (threading !== undefined) checkChoice('setThreads', 'threading', threading, THREADINGS)
  set(count, threading)
}
