import { writeAtomically } from '../files/atomic-file.js'
import { STANDARD } from '../files/open.js'
import { writeOut } from '../files/standard-output.js'
import { type Feature, featuresOf } from '../jobs/features.js'
import { histogramsOf } from '../jobs/histogram.js'
import { expandPaths, type InputOptions, refuseReplaced } from '../jobs/inputs.js'
import { reportPage, shortNumber } from '../jobs/report.js'
import { readSaved, type Saved } from '../jobs/saved.js'
import type { Action } from './action.js'
import { type JobOptions, NOTHING_KEPT, runJob } from './job.js'
import { counted } from './units.js'
import { UsageError } from './usage.js'

interface InspectCommand extends JobOptions, InputOptions {
  readonly report?: string
}

/** Prints what a fit has learned, or writes it as a page. */
export const inspect: Action<InspectCommand> = async (command, [path, ...inputs]) => {
  const { report, json } = command
  if (report === undefined && inputs.length > 0)
    throw new UsageError('inputs are read for the histograms of a report; give --report FILE.html')
  await runJob(command, NOTHING_KEPT, async (events) => {
    const saved = await readSaved(path)
    if (report !== undefined) await refuseReplaced(report, [path, ...(await expandPaths(inputs))])
    const features = featuresOf(saved)
    if (report !== undefined) {
      const { inputFormat, tensor, columns } = command
      const histograms =
        inputs.length === 0
          ? null
          : await histogramsOf(saved, inputs, { inputFormat, tensor, columns }, events)
      const page = reportPage({ title: path, facts: factsOf(saved), features, histograms })
      if (report === STANDARD) await writeOut(page)
      else await writeAtomically(report, page)
    } else if (json) await writeOut(`${JSON.stringify(jsonOf(saved, features), null, 2)}\n`)
    else await writeOut(`${factsOf(saved).join('\n')}\n\n${tableOf(features)}\n`)
  })
  return 0
}

/** NaN and Infinity, which JSON does not have, are null. */
function jsonOf({ standardizer }: Saved, features: readonly Feature[]) {
  const { preset, axis, withMean, withStd, nonFinite } = standardizer
  return { options: { preset, axis, withMean, withStd, nonFinite }, features }
}

function factsOf({ standardizer }: Saved): string[] {
  const { preset, axis, withMean, withStd, features = 0, constant } = standardizer
  const { count, missing } = standardizer.statistics
  const sum = (list: Float64Array) => list.reduce((a, b) => a + b, 0)
  const constants = constant.filter(Boolean).length
  return [
    `${counted(features, 'feature')}, ${shortNumber(sum(count))} values, ${shortNumber(sum(missing))} missing, ${constants} constant`,
    `conventions of ${preset}; axis ${axis ?? 'none'}; ${withMean ? 'centred' : 'not centred'}; ${withStd ? 'scaled' : 'not scaled'}`,
  ]
}

const HEADS = ['feature', 'count', 'mean', 'deviation', 'min', 'max', 'missing', '']
/** A longer name is cut, so that the table keeps its form. */
const LONGEST_NAME = 32

function tableOf(features: readonly Feature[]): string {
  const rows = features.map(({ name, count, mean, deviation, min, max, missing, constant }, f) => [
    (name ?? String(f)).slice(0, LONGEST_NAME),
    ...[count, mean, deviation, min, max, missing].map(shortNumber),
    constant ? 'constant' : '',
  ])
  const all = [HEADS, ...rows]
  const widths = HEADS.map((_, column) => Math.max(...all.map((row) => row[column].length)))
  return all
    .map((row) =>
      row
        .map((text, c) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
