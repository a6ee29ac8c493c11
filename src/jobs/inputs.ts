import { realpath, stat } from 'node:fs/promises'
import { basename, isAbsolute } from 'node:path'
import { chunkRowsOf } from '../data/geometry.js'
import { describe, fail } from '../errors.js'
import { naming } from '../files/file-error.js'
import { formatOf, type OpenOptions, openReader, STANDARD } from '../files/open.js'
import type { Format } from '../files/reader.js'
import { sizeOf } from '../tensor.js'
import { shardOfManifest } from './manifest-name.js'

/** How inputs are read. */
export interface InputOptions {
  /** Their format. Default: by the ending of each name. */
  readonly inputFormat?: Format | undefined
  /** Of safetensors: the name of the tensor. It may be left out if a file has only one. */
  readonly tensor?: string | undefined
  /** Of Arrow, Parquet and CSV: the columns, by name or by number from 0. Default: all columns of numbers. */
  readonly columns?: readonly (string | number)[] | undefined
}

/** The same for openReader(). */
export function openOptionsOf({ inputFormat, tensor, columns }: InputOptions): OpenOptions {
  return { format: inputFormat, tensor, columns }
}

/** An input, and what tells whether it is still the same. */
export interface Input {
  readonly path: string
  /** In bytes. 0 for a stream. */
  readonly size: number
  /** When it was changed, in milliseconds. 0 for a stream. */
  readonly modified: number
  /** What of its header tells one file from another. Null for formats that are opened only when they are read. */
  readonly header: string | null
  /** The shape of a row. Null as the header. */
  readonly rowShape: readonly number[] | null
  /** Into how many parts it is cut: the number of its chunks, or 1 if it is read as a whole. */
  readonly units: number
  /** Whether the parts are its chunks. */
  readonly isCut: boolean
}

/** How many files are opened at the same time, so that a distant disk does not make each wait for the other. */
const OPEN_AT_ONCE = 16

/**
 * The files of paths and patterns (`in/*.npy`), sorted and each only once. A path that exists is no pattern.
 * @throws EvenkeelError (EVENKEEL_FILE) if a path or pattern has no file.
 */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  const all = new Set<string>()
  for (const path of paths) for (const each of await filesOf(path)) all.add(each)
  if (all.has(STANDARD) && all.size > 1)
    fail('EVENKEEL_FILE', 'standard input', 'it is not the only input', "give '-' alone, or files")
  return [...all].sort()
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (path === STANDARD || (await exists(path))) return [path]
  const { glob, isDynamicPattern } = await import('tinyglobby')
  if (!isDynamicPattern(path)) return [path]
  const all = await glob(path, { expandDirectories: false, absolute: isAbsolute(path) })
  // Nobody means the manifests of earlier jobs by `out/*`.
  const found = all.filter((each) => shardOfManifest(basename(each)) === undefined)
  if (found.length > 0) return found
  return fail('EVENKEEL_FILE', path, 'no file has such a name', 'correct the pattern')
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/**
 * Reads the headers of all inputs, in order.
 * @throws EvenkeelError that names the file if one is not there, or not of its format.
 */
export async function openInputs(paths: readonly string[], given: InputOptions): Promise<Input[]> {
  const options = openOptionsOf(given)
  const inputs: Input[] = []
  for (let at = 0; at < paths.length; at += OPEN_AT_ONCE) {
    const some = paths.slice(at, at + OPEN_AT_ONCE).map((path) => inputOf(path, options))
    inputs.push(...(await Promise.all(some)))
  }
  return inputs
}

async function inputOf(path: string, options: OpenOptions): Promise<Input> {
  const stream = { path, size: 0, modified: 0, header: null, rowShape: null, units: 1, isCut: false }
  if (path === STANDARD) return stream
  const { format = formatOf(path) } = options
  const status = await naming(path, () => stat(path))
  if (status.isDirectory()) fail('EVENKEEL_FILE', path, 'it is a folder', `give files, as in '${path}/*'`)
  if (!status.isFile()) return stream
  const file = { ...stream, size: status.size, modified: status.mtimeMs }
  if (format !== 'npy' && format !== 'safetensors') return file
  const reader = await openReader(path, options)
  await reader.close()
  const { header, rowShape, rows, seekable } = reader
  if (!seekable || rows === null) return { ...file, header, rowShape }
  return { ...file, header, rowShape, units: Math.ceil(rows / chunkRowsOf(sizeOf(rowShape))), isCut: true }
}

/** Whether an input is a pipe, a device or standard input, which gives its bytes only once, and when it likes. */
export function isStream({ size, modified }: Input): boolean {
  return size === 0 && modified === 0
}

/** Throws if a result would replace what it was made of. */
export async function refuseReplaced(out: string, inputs: readonly string[]): Promise<void> {
  const place = out === STANDARD ? null : await realpath(out).catch(() => null)
  if (place === null) return
  for (const path of inputs)
    if (path !== STANDARD && (await realpath(path).catch(() => null)) === place)
      fail(
        'EVENKEEL_FILE',
        path,
        `the result, ${out}, would replace it`,
        'give the result another name, or leave this file out',
      )
}

/** @throws EvenkeelError (EVENKEEL_FILE) if the input was changed since it was opened. */
export async function checkUnchanged(input: Input): Promise<void> {
  if (isStream(input)) return
  const { path, size, modified } = input
  const now = await naming(path, () => stat(path))
  if (now.size === size && now.mtimeMs === modified) return
  fail('EVENKEEL_FILE', path, 'it was changed while it was read', 'run the job when the file is whole')
}

/** How two values of an input differ, for messages. Null if they are the same. */
export function inputDifference(before: Input, now: Input): string | null {
  if (before.size !== now.size) return `it had ${before.size} bytes, and has ${now.size}`
  if (before.header !== now.header)
    return `its header was ${describe(before.header)}, and is ${describe(now.header)}`
  if (before.modified !== now.modified)
    return `it was changed (${new Date(before.modified).toISOString()}, now ${new Date(now.modified).toISOString()})`
  return null
}
