import type { JobEvents } from '../jobs/events.js'
import { setThreads } from '../threads.js'
import { interruptible } from './child.js'
import { showJobProgress } from './job-progress.js'

/** The options of all commands that read files. */
export interface JobOptions {
  readonly threads?: number
  readonly json: boolean
  readonly quiet?: true
}

/**
 * Runs a job: with its threads, a progress bar if a person sees it, and an end that a signal can ask for.
 * @param kept what a job that is interrupted says of what it leaves.
 */
export async function runJob<T>(
  { threads, json, quiet }: JobOptions,
  kept: string,
  job: (events: JobEvents) => Promise<T>,
): Promise<T> {
  if (threads !== undefined) setThreads(threads)
  const progress = await showJobProgress(!json && !quiet)
  try {
    return await interruptible((signal) => job({ signal, onProgress: progress.onProgress }), kept)
  } finally {
    progress.stop()
  }
}

export const KEPT = 'what is finished is kept, and the same command goes on from there'
export const NOTHING_KEPT = 'nothing was kept'

/** Prints the result of a job: as JSON, or as one line, on stderr where stdout has the data. */
export function printResult(
  { json, quiet }: JobOptions,
  result: object,
  line: string,
  toStdout: boolean,
): void {
  if (quiet) return
  const text = json ? JSON.stringify(result) : line
  if (toStdout) process.stderr.write(`${text}\n`)
  else process.stdout.write(`${text}\n`)
}
