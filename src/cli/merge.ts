import { STANDARD } from '../files/open.js'
import { writeMerged } from '../jobs/fit.js'
import { expandPaths } from '../jobs/inputs.js'
import { mergeParts } from '../jobs/part.js'
import type { Action } from './action.js'
import { type JobOptions, NOTHING_KEPT, printResult, runJob } from './job.js'
import { counted } from './units.js'

interface MergeCommand extends JobOptions {
  readonly out: string
}

/** Merges the parts of the shards of a fit. */
export const merge: Action<MergeCommand> = async (command, patterns) => {
  const { out } = command
  const result = await runJob(command, NOTHING_KEPT, async () => {
    const parts = await expandPaths(patterns)
    const merged = await mergeParts(parts)
    await writeMerged(out, merged)
    const { features = 0 } = merged.standardizer
    return { path: out, parts: parts.length, files: merged.plan.inputs.length, features }
  })
  const { parts, files, features } = result
  const line = `${out}: ${counted(features, 'feature')} of ${counted(files, 'file')}, from ${counted(parts, 'part')}`
  printResult(command, result, line, out === STANDARD)
  return 0
}
