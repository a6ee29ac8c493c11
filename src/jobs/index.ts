/**
 * Batch jobs over files of any size, as functions: what the commands `evenkeel fit`, `merge`, `apply` and `verify` do.
 *
 * @module evenkeel/jobs
 */
import { RESULT_TYPES, type ResultType } from '../data/element-types.js'
import { type StandardizerOptions, settingsOf } from '../data/standardizer-options.js'
import { FORMATS, type Format } from '../files/reader.js'
import { checkBoolean, checkChoice, checkOptions } from '../options.js'
import { type ApplyResult, apply as applyJob } from './apply.js'
import { checkOperation, type OperationOptions, operationOf } from './apply-operation.js'
import { checkEvents, checkText, inputsFrom, pathsFrom, shardFrom } from './arguments.js'
import type { JobEvents } from './events.js'
import { type FitResult, fit as fitJob, type MergeResult, merge as mergeJob } from './fit.js'
import type { InputOptions } from './inputs.js'
import type { Shard } from './shard.js'
import { type Findings, verify as verifyJob } from './verify.js'

export type { ResultType } from '../data/element-types.js'
export type { Standardizer } from '../data/standardizer.js'
export type { StandardizerOptions } from '../data/standardizer-options.js'
export type { Format } from '../files/reader.js'
export { type Shard, shardOfEnvironment } from './shard.js'
export type { ApplyResult, Findings, FitResult, InputOptions, JobEvents, MergeResult, OperationOptions }

/** Which part of a job runs, and how. */
export interface RunOptions extends JobEvents {
  /**
   * One of several processes that share the job. Default null: the whole job, also under a launcher. shardOfEnvironment()
   * gives the shard of a Slurm array, an Indexed Job of Kubernetes, or an MPI launcher.
   */
  readonly shard?: Shard | null | undefined
  /** Drops what an earlier run has finished. Default false: the job goes on where that stopped. */
  readonly restart?: boolean | undefined
}

export interface FitOptions extends Omit<StandardizerOptions, 'firstChunk'>, InputOptions, RunOptions {
  /** The file of the result, or '-' for standard output. A shard writes `OUT.shard-I-of-N.json`, for merge(). */
  readonly out: string
}

export interface ApplyOptions extends OperationOptions, InputOptions, RunOptions {
  /** The folder of the outputs, which is made if it is not there, or '-' for npy on standard output. */
  readonly to: string
  /** The type of the results. Default: that in which the input is read, float32 or float64. */
  readonly dtype?: ResultType | undefined
  /** The format of the outputs. Default: that of each input. */
  readonly format?: Format | undefined
}

const RUN = ['shard', 'restart', 'signal', 'onProgress'] as const
const INPUTS = ['inputFormat', 'tensor', 'columns'] as const
const STANDARDIZER = ['preset', 'axis', 'withMean', 'withStd', 'nonFinite'] as const
const OPERATION = ['statistics', 'inverse', 'layer', 'prefix', 'groups', 'norm', 'eps', 'axis'] as const

/**
 * Learns mean, deviation, extrema and counts of the features of files, and writes them. The result has the same bits for
 * any number of shards and threads, and after any number of runs that were killed. The call blocks this thread for a
 * chunk of about a million numbers at a time: in a server, run it in a worker.
 * @param inputs files and patterns, as in 'in/*.npy', or '-' for an npy stream on standard input.
 * @throws EvenkeelError (EVENKEEL_OPTION) on wrong options; one that names the file (and the row) if an input cannot be
 * read, was changed, or does not fit; the signal's reason if it is aborted. What is finished is kept, and the same call
 * goes on.
 */
export async function fit(inputs: string | readonly string[], options: FitOptions): Promise<FitResult> {
  const who = 'fit'
  checkOptions(who, options, ['out', ...STANDARDIZER, ...INPUTS, ...RUN])
  const paths = pathsFrom(who, 'inputs', inputs)
  const { out, preset, axis, withMean, withStd, nonFinite, inputFormat, tensor, columns } = options
  const { shard, restart = false, signal, onProgress } = options
  checkText(who, 'out', 'a path', out, 'stats.json')
  const standardizer = { preset, axis, withMean, withStd, nonFinite }
  settingsOf(who, standardizer)
  const settings = { ...standardizer, ...inputsFrom(who, { inputFormat, tensor, columns }) }
  checkBoolean(who, 'restart', restart)
  const events = { signal, onProgress }
  checkEvents(who, events)
  return fitJob({ inputs: paths, out, options: settings, shard: shardFrom(who, shard), restart }, events)
}

/**
 * Merges the parts that the shards of a fit have written. The result has the bits of one process.
 * @param parts the files `OUT.shard-I-of-N.json` of all shards, or a pattern of them.
 * @throws EvenkeelError (EVENKEEL_FILE) that names the shard or file if a part is missing, there twice, of another fit,
 * or changed. Then nothing is written.
 */
export async function merge(
  parts: string | readonly string[],
  options: { readonly out: string },
): Promise<MergeResult> {
  const who = 'merge'
  checkOptions(who, options, ['out'])
  const { out } = options
  checkText(who, 'out', 'a path', out, 'stats.json')
  return mergeJob(pathsFrom(who, 'parts', parts), out)
}

/**
 * Applies statistics, a norm or a trained layer to files, and writes a file for each. What is finished is in a manifest
 * beside the outputs: the same call after a killed run does the rest. It blocks this thread as fit() does.
 * @param inputs files and patterns, as in 'in/*.npy'.
 * @throws EvenkeelError (EVENKEEL_OPTION) on wrong options; one that names the file (and the row) if one cannot be read or
 * written, was changed, or does not fit; the signal's reason if it is aborted. What is finished is kept. No output
 * is there in part.
 */
export async function apply(inputs: string | readonly string[], options: ApplyOptions): Promise<ApplyResult> {
  const who = 'apply'
  checkOptions(who, options, ['to', 'dtype', 'format', ...OPERATION, ...INPUTS, ...RUN])
  const paths = pathsFrom(who, 'inputs', inputs)
  const {
    to,
    dtype,
    format,
    inputFormat,
    tensor,
    columns,
    shard,
    restart = false,
    signal,
    onProgress,
  } = options
  const { statistics, inverse, layer, prefix, groups, norm, eps, axis } = options
  checkText(who, 'to', 'a path', to, 'out')
  if (dtype !== undefined) checkChoice(who, 'dtype', dtype, RESULT_TYPES)
  if (format !== undefined) checkChoice(who, 'format', format, FORMATS)
  const settings = { dtype, format, ...inputsFrom(who, { inputFormat, tensor, columns }) }
  const part = shardFrom(who, shard)
  checkBoolean(who, 'restart', restart)
  const events = { signal, onProgress }
  checkEvents(who, events)
  const chosen = { statistics, inverse, layer, prefix, groups, norm, eps, axis }
  checkOperation(who, chosen)
  const operation = await operationOf(chosen)
  return applyJob({ inputs: paths, to, operation, options: settings, shard: part, restart }, events)
}

/**
 * Checks that the outputs of apply() are all there and whole, or that the statistics of fit() are sound.
 * @param path the folder of apply(), or the file of fit().
 * @returns how many files were looked at, and a sentence for each fault.
 */
export async function verify(path: string): Promise<Findings> {
  checkText('verify', 'path', 'a path', path, 'out')
  return verifyJob(path)
}
