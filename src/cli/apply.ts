import type { ResultType } from '../data/element-types.js'
import { STANDARD } from '../files/open.js'
import type { Format } from '../files/reader.js'
import { apply as applyJob } from '../jobs/apply.js'
import { misuse, operationOf } from '../jobs/apply-operation.js'
import type { InputOptions } from '../jobs/inputs.js'
import type { RowNorm } from '../jobs/operation.js'
import { nameOf } from '../jobs/shard.js'
import type { TrainedNorm } from '../jobs/trained-layer.js'
import type { Action } from './action.js'
import { type JobOptions, KEPT, NOTHING_KEPT, printResult, runJob } from './job.js'
import { type Axis, shardOf } from './job-options.js'
import { counted, megabytes, rate, since } from './units.js'
import { UsageError } from './usage.js'

interface ApplyCommand extends JobOptions, InputOptions {
  readonly to: string
  readonly shard?: string
  readonly restart?: true
  readonly dtype?: ResultType
  readonly format?: Format
  readonly inverse?: true
  readonly norm?: TrainedNorm | RowNorm
  readonly layer?: string
  readonly prefix?: string
  readonly groups?: number
  readonly eps?: number
  readonly axis?: Axis
}

/** Applies statistics, a norm or a trained layer to files. */
export const apply: Action<ApplyCommand> = async (command, args) => {
  const { to, restart, dtype, format, inputFormat, tensor, columns } = command
  const fitted = command.norm === undefined && command.layer === undefined
  const inputs = fitted ? args.slice(1) : args
  if (inputs.length === 0) throw new UsageError(`there are no inputs${fitted ? ' after the statistics' : ''}`)
  if (command.axis === 'none') throw new UsageError('--axis none is of fit alone')
  const { norm, layer, prefix, groups, eps, axis, inverse } = command
  const statistics = fitted ? args[0] : undefined
  const options = { statistics, inverse, layer, prefix, groups, norm, eps, axis }
  const wrong = misuse(options)
  if (wrong !== null) throw new UsageError(wrong.join('; ').replace(/\{(\w+)\}/g, '--$1'))
  const shard = shardOf(command.shard)
  const toStdout = to === STANDARD
  const started = performance.now()
  const result = await runJob(command, toStdout ? NOTHING_KEPT : KEPT, async (events) => {
    const operation = await operationOf(options)
    const settings = { dtype, format, inputFormat, tensor, columns }
    return applyJob({ inputs, to, operation, options: settings, shard, restart }, events)
  })
  const { files, resumed, rows, bytes } = result
  const of = `${counted(files, 'file')}${shard === null ? '' : `, ${nameOf(shard)}`}`
  const earlier = resumed === 0 ? '' : `, ${resumed} by an earlier run`
  const line = `${to}: ${of}${earlier}; ${counted(rows, 'row')}, ${megabytes(bytes)} in ${since(started)} (${rate(bytes, started)})`
  printResult(command, result, line, toStdout)
  return 0
}
