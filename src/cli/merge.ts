import { STANDARD } from '../files/open.js'
import { merge as mergeJob } from '../jobs/fit.js'
import type { Action } from './action.js'
import { type JobOptions, NOTHING_KEPT, printResult, runJob } from './job.js'
import { counted } from './units.js'

interface MergeCommand extends JobOptions {
  readonly out: string
}

/** Merges the parts of the shards of a fit. */
export const merge: Action<MergeCommand> = async (command, patterns) => {
  const { out } = command
  const result = await runJob(command, NOTHING_KEPT, () => mergeJob(patterns, out))
  const { parts, files, features } = result
  const line = `${out}: ${counted(features, 'feature')} of ${counted(files, 'file')}, from ${counted(parts, 'part')}`
  printResult(command, result, line, out === STANDARD)
  return 0
}
