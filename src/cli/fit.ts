import type { NonFinite } from '../data/chunk-statistics.js'
import type { Preset } from '../data/presets.js'
import { STANDARD } from '../files/open.js'
import { fit as fitJob } from '../jobs/fit.js'
import type { InputOptions } from '../jobs/inputs.js'
import { nameOf } from '../jobs/shard.js'
import type { Action } from './action.js'
import { type JobOptions, KEPT, NOTHING_KEPT, printResult, runJob } from './job.js'
import { type Axis, shardOf } from './job-options.js'
import { counted, megabytes, rate, since } from './units.js'

interface FitCommand extends JobOptions, InputOptions {
  readonly out: string
  readonly shard?: string
  readonly restart?: true
  readonly preset?: Preset
  readonly axis?: Axis
  readonly withMean?: true
  readonly withoutMean?: true
  readonly withoutStd?: true
  readonly nonFinite?: NonFinite
}

/** Learns the statistics of files. */
export const fit: Action<FitCommand> = async (command, inputs) => {
  const { out, restart, preset, nonFinite, inputFormat, tensor, columns } = command
  const options = {
    ...{ preset, nonFinite, tensor, columns, inputFormat },
    axis: command.axis === 'none' ? null : command.axis,
    withMean: command.withoutMean ? false : command.withMean,
    withStd: command.withoutStd ? false : undefined,
  }
  const shard = shardOf(command.shard)
  const toStdout = out === STANDARD
  const started = performance.now()
  const result = await runJob(command, toStdout ? NOTHING_KEPT : KEPT, (events) =>
    fitJob({ inputs, out, options, shard, restart }, events),
  )
  const { path, files, features, bytes, pieces, resumed } = result
  const of = `${counted(files, 'file')}${shard === null ? '' : `, ${nameOf(shard)}`}`
  const earlier = resumed === 0 ? '' : `, ${resumed} of ${pieces} pieces by an earlier run`
  const line = `${path}: ${counted(features ?? 0, 'feature')} of ${of}; ${megabytes(bytes)} in ${since(started)} (${rate(bytes, started)})${earlier}`
  printResult(command, result, line, toStdout)
  return 0
}
