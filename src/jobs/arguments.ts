import { describe, type ErrorCode, fail } from '../errors.js'
import { FORMATS } from '../files/reader.js'
import { checkBoolean, checkChoice } from '../options.js'
import { isShard } from './shard.js'

// Checks of what callers give to the functions of evenkeel/jobs, before a job begins.

const CODE: ErrorCode = 'EVENKEEL_OPTION'

/** One path or pattern, or several. */
export function pathsFrom(who: string, name: string, value: unknown): readonly string[] {
  const paths = typeof value === 'string' ? [value] : value
  // A copy has no holes, which every() would skip.
  if (Array.isArray(paths) && paths.length > 0 && [...paths].every(isText)) return paths
  return fail(
    CODE,
    who,
    `${name} must be a path or a list of paths, got ${describe(value)}`,
    "give files or patterns, as in 'in/*.npy'",
  )
}

export function checkText(
  who: string,
  name: string,
  value: unknown,
  example: string,
  wanted = 'a text',
): asserts value is string {
  if (isText(value)) return
  fail(CODE, who, `${name} must be ${wanted}, got ${describe(value)}`, `give one, as in '${example}'`)
}

export function checkPath(
  who: string,
  name: string,
  value: unknown,
  example: string,
  wanted = 'a path',
): asserts value is string {
  checkText(who, name, value, example, wanted)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

interface Run {
  readonly shard?: unknown
  readonly restart?: unknown
  readonly signal?: unknown
  readonly onProgress?: unknown
}

export function checkRun(who: string, { shard, restart, signal, onProgress }: Run): void {
  if (shard !== undefined && shard !== null && !isShard(shard))
    fail(
      CODE,
      who,
      `shard must be { index, count } with index from 0 to count - 1, got ${describe(shard)}`,
      'give { index: 0, count: 4 } for the first of four',
    )
  if (restart !== undefined) checkBoolean(who, 'restart', restart)
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.throwIfAborted !== 'function')
    fail(
      CODE,
      who,
      `signal must be an AbortSignal, got ${describe(signal)}`,
      'give that of an AbortController',
    )
  if (onProgress !== undefined && typeof onProgress !== 'function')
    fail(CODE, who, `onProgress must be a function, got ${describe(onProgress)}`, 'give (done, total) => { }')
}

interface Inputs {
  readonly inputFormat?: unknown
  readonly tensor?: unknown
  readonly columns?: unknown
}

export function checkInputs(who: string, { inputFormat, tensor, columns }: Inputs): void {
  if (inputFormat !== undefined) checkChoice(who, 'inputFormat', inputFormat, FORMATS)
  if (tensor !== undefined) checkText(who, 'tensor', tensor, 'data')
  if (
    columns !== undefined &&
    !(Array.isArray(columns) && columns.length > 0 && [...columns].every(isColumn))
  )
    fail(
      CODE,
      who,
      `columns must be a list of names and numbers from 0, got ${describe(columns)}`,
      "give it, as in ['age', 2]",
    )
}

function isColumn(value: unknown): boolean {
  return isText(value) || (Number.isSafeInteger(value) && (value as number) >= 0)
}
