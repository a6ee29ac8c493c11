import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { SAFETENSORS_LENGTH_BYTES } from '../data/safetensors.js'
import { Standardizer } from '../data/standardizer.js'
import { EvenkeelError, fail } from '../errors.js'
import { writeAtomically } from '../files/atomic-file.js'
import { naming } from '../files/file-error.js'

/** What a fit has learned: the file that `fit` and `merge` write. */
export interface Saved {
  readonly standardizer: Standardizer
  /** The names of the features. Null if the inputs had none. */
  readonly names: readonly string[] | null
}

/** The text of the file: Standardizer.toJSON(), and the names beside it. */
export function savedText({ standardizer, names }: Saved): string {
  return `${JSON.stringify({ ...standardizer.toJSON(), ...(names === null ? {} : { names }) })}\n`
}

export async function writeSaved(path: string, saved: Saved): Promise<void> {
  await writeAtomically(path, savedText(saved))
}

/**
 * Reads what fit wrote, or what Standardizer.toBytes() gave. `json` is the file's value; null of bytes.
 * @throws EvenkeelError that names the file if it is not there, or is none of the two.
 */
export async function readSaved(path: string): Promise<Saved & { readonly json: object | null }> {
  const bytes = await naming(path, () => readFile(path))
  if (isSafetensors(bytes))
    return { standardizer: await inFile(path, () => Standardizer.fromBytes(bytes)), names: null, json: null }
  const json = parseJSON(path, bytes, 'give the statistics that fit or merge wrote')
  const standardizer = await inFile(path, () => Standardizer.fromJSON(json))
  const { names = null } = json as { names?: unknown }
  const sound =
    names === null ||
    (Array.isArray(names) &&
      names.length === standardizer.features &&
      names.every((name) => typeof name === 'string'))
  if (!sound)
    fail(
      'EVENKEEL_FILE',
      path,
      `its names are not ${standardizer.features} texts`,
      'correct them, or leave them out',
    )
  return { standardizer, names: names as readonly string[] | null, json: json as object }
}

/** safetensors begins with the length of its header in 8 bytes, the last of which is 0, and its header is JSON. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[SAFETENSORS_LENGTH_BYTES - 1] === 0 && bytes[SAFETENSORS_LENGTH_BYTES] === '{'.charCodeAt(0)
}

/** The value of a JSON file. */
export async function readJSON(path: string): Promise<unknown> {
  return parseJSON(path, await naming(path, () => readFile(path)), 'give a file that evenkeel wrote')
}

function parseJSON(path: string, bytes: Buffer, remedy: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return fail('EVENKEEL_FILE', path, 'it is no JSON, or cut off', remedy)
  }
}

/** Runs an action. Its errors name the file, and the row from which on it was at work if that is given. */
export async function inFile<T>(path: string, action: () => T | Promise<T>, row?: number): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error
    if (row === undefined && error.message.startsWith(`${path}: `)) throw error
    const place = row === undefined ? path : `${path}, from row ${row} on`
    throw new EvenkeelError(error.code, `${place}: ${error.message}`)
  }
}

/** A short text that tells one value from another. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
