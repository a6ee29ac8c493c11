import { describe, type ErrorCode, fail } from '../errors.js'
import { FORMATS } from '../files/reader.js'
import { checkChoice } from '../options.js'
import type { JobEvents } from './events.js'
import type { InputOptions } from './inputs.js'
import { isShard, type Shard } from './shard.js'

// What callers give to the functions of evenkeel/jobs: it is checked before a job begins, and lists are copied, as the caller
// may change them while it runs.

const CODE: ErrorCode = 'EVENKEEL_OPTION'

/** One path or pattern, or several. */
export function pathsFrom(who: string, name: string, value: unknown): readonly string[] {
  const paths = copyOf(typeof value === 'string' ? [value] : value)
  if (paths?.every(isText)) return paths
  return fail(
    CODE,
    who,
    `${name} must be a path or a list of paths, got ${describe(value)}`,
    "give files or patterns, as in 'in/*.npy'",
  )
}

/** @param wanted 'a path', for the message. */
export function checkText(
  who: string,
  name: string,
  wanted: string,
  value: unknown,
  example: string,
): asserts value is string {
  if (isText(value)) return
  fail(CODE, who, `${name} must be ${wanted}, got ${describe(value)}`, `give one, as in '${example}'`)
}

/** A copy of a list that is not empty. It does not change while a job runs, and has no holes, which every() would skip. */
function copyOf(value: unknown): unknown[] | undefined {
  return Array.isArray(value) && value.length > 0 ? [...value] : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export function shardFrom(who: string, value: unknown): Shard | null {
  if (value === undefined || value === null) return null
  const { index, count } = value as Shard
  const shard = { index, count }
  if (isShard(shard)) return shard
  return fail(
    CODE,
    who,
    `shard must be { index, count } with index from 0 to count - 1, got ${describe(value)}`,
    'give { index: 0, count: 4 } for the first of four',
  )
}

export function checkEvents(who: string, { signal, onProgress }: JobEvents): void {
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    fail(
      CODE,
      who,
      `signal must be an AbortSignal, got ${describe(signal)}`,
      'give that of an AbortController',
    )
  if (onProgress !== undefined && typeof onProgress !== 'function')
    fail(CODE, who, `onProgress must be a function, got ${describe(onProgress)}`, 'give (done, total) => { }')
}

export function inputsFrom(who: string, { inputFormat, tensor, columns }: InputOptions): InputOptions {
  if (inputFormat !== undefined) checkChoice(who, 'inputFormat', inputFormat, FORMATS)
  if (tensor !== undefined) checkText(who, 'tensor', 'a text', tensor, 'data')
  if (columns === undefined) return { inputFormat, tensor }
  const chosen = copyOf(columns)
  if (chosen?.every(isColumn)) return { inputFormat, tensor, columns: chosen }
  return fail(
    CODE,
    who,
    `columns must be a list of names and numbers from 0, got ${describe(columns)}`,
    "give it, as in ['age', 2]",
  )
}

function isColumn(value: unknown): value is string | number {
  return isText(value) || (Number.isSafeInteger(value) && (value as number) >= 0)
}
