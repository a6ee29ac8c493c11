import { EvenkeelError } from '../errors.js'
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

/** What errors call the options of functions, and the options of the command line. */
const OPTIONS: readonly (readonly [of: RegExp, here: string])[] = [
  [/set nonFinite: 'missing'/g, 'give --non-finite missing'],
  [/name one, with the option tensor/g, 'name one, with --tensor'],
  [/set axis to their dimension/g, 'give their dimension, with --axis'],
  [/; give groups/g, '; give it, with --groups'],
  [/give axis/g, 'give --axis'],
  [/leave out axis/g, 'leave out --axis'],
  [/give the prefix/g, 'give, with --prefix, the prefix'],
  [/pass \{ prefix: ('[^']*') \}/g, 'give --prefix $1'],
]

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
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error
    const message = OPTIONS.reduce((text, [of, here]) => text.replace(of, here), error.message)
    throw new EvenkeelError(error.code, message)
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
