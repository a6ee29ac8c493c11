import type { ResultType } from '../data/element-types.js'
import { STANDARD } from '../files/open.js'
import type { Format } from '../files/reader.js'
import { apply as applyJob } from '../jobs/apply.js'
import { normalizeRows, type Operation, ROW_NORMS, type RowNorm, standardize } from '../jobs/operation.js'
import { readSaved } from '../jobs/saved.js'
import { nameOf } from '../jobs/shard.js'
import { applyLayer, type TrainedNorm } from '../jobs/trained-layer.js'
import type { Action } from './action.js'
import type { InputOptions } from './fit.js'
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
  checkOptions(command, fitted)
  const shard = shardOf(command.shard)
  const toStdout = to === STANDARD
  const started = performance.now()
  const result = await runJob(command, toStdout ? NOTHING_KEPT : KEPT, async (events) => {
    const operation = await operationOf(command, args[0])
    const options = { dtype, format, inputFormat, tensor, columns }
    return applyJob({ inputs, to, operation, options, shard, restart }, events)
  })
  const { files, resumed, rows, bytes } = result
  const of = `${counted(files, 'file')}${shard === null ? '' : `, ${nameOf(shard)}`}`
  const earlier = resumed === 0 ? '' : `, ${resumed} by an earlier run`
  const line = `${to}: ${of}${earlier}; ${counted(rows, 'row')}, ${megabytes(bytes)} in ${since(started)} (${rate(bytes, started)})`
  printResult(command, result, line, toStdout)
  return 0
}

/** The options that have a meaning only beside others. */
function checkOptions({ layer, norm, inverse, axis, prefix, groups, eps }: ApplyCommand, fitted: boolean) {
  const rows: readonly (readonly [given: boolean, problem: string])[] = [
    [fitted && axis !== undefined, '--axis is that of the statistics; give it to fit'],
    [fitted && eps !== undefined, '--eps is of --norm and --layer'],
    [axis === 'none', '--axis none is of fit alone'],
    [!fitted && inverse === true, '--inverse is of statistics alone'],
    [
      layer === undefined && (prefix !== undefined || groups !== undefined),
      '--prefix and --groups are of --layer',
    ],
    [
      layer === undefined && norm !== undefined && !isRowNorm(norm),
      `--norm ${norm} needs a trained layer; give --layer FILE, or --norm ${ROW_NORMS.join(', ')}`,
    ],
    [layer !== undefined && norm === 'l2', '--norm l2 has no trained layer'],
  ]
  for (const [given, problem] of rows) if (given) throw new UsageError(problem)
}

function isRowNorm(norm: string): norm is RowNorm {
  return (ROW_NORMS as readonly string[]).includes(norm)
}

async function operationOf(command: ApplyCommand, statistics: string): Promise<Operation> {
  const { layer: file, norm, prefix, groups, eps, inverse = false } = command
  const axis = command.axis === 'none' ? undefined : command.axis
  if (file !== undefined)
    return applyLayer({ file, prefix, groups, eps, axis, norm: norm as TrainedNorm | undefined })
  if (norm !== undefined) return normalizeRows(norm as RowNorm, axis ?? -1, eps)
  return standardize(await readSaved(statistics), inverse)
}
