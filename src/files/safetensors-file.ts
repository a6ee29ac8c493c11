import { bytesOf } from '../data/element-types.js'
import {
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  SAFETENSORS_LENGTH_BYTES,
  type SafetensorsEntry,
  safetensorsHeaderBytes,
} from '../data/safetensors.js'
import { fail } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { AtomicFile } from './atomic-file.js'
import { binaryReader } from './binary-chunks.js'
import type { ByteInput } from './byte-input.js'
import type { Reader } from './reader.js'
import type { NewFile, Writer } from './writer.js'

/** Reads the header of a safetensors file. */
export async function readSafetensorsEntries(
  input: ByteInput,
): Promise<ReadonlyMap<string, SafetensorsEntry>> {
  const { path, size } = input
  if (size === null)
    fail('EVENKEEL_FILE', path, 'safetensors cannot be read from a stream', 'give a file, or send npy')
  const first = new Uint8Array(SAFETENSORS_LENGTH_BYTES)
  const got = await input.read(first, 0)
  const header = new Uint8Array(safetensorsHeaderBytes(path, first.subarray(0, got), size))
  await input.read(header, SAFETENSORS_LENGTH_BYTES)
  return parseSafetensorsHeader(path, header, size).entries
}

/** Reads one tensor of a safetensors file. `name` may be left out if there is only one. */
export async function readSafetensors(input: ByteInput, name?: string): Promise<Reader> {
  const { path } = input
  const entries = await readSafetensorsEntries(input)
  const [chosen, { type, shape, begin }] = choose(path, entries, name)
  if (shape.length === 0)
    fail('EVENKEEL_FILE', path, `${chosen} is one number, and has no rows`, 'name a tensor of rank 1 or more')
  const table = { type, shape, begin, bigEndian: false }
  return binaryReader(input, 'safetensors', table, { type, shape, name: chosen })
}

function choose(
  path: string,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  name: string | undefined,
): [string, SafetensorsEntry] {
  const all = [...entries]
  if (name === undefined && all.length === 1) return all[0]
  const entry = name === undefined ? undefined : entries.get(name)
  if (name !== undefined && entry !== undefined) return [name, entry]
  const there = all.length === 0 ? 'it has none' : `it has ${all.map(([each]) => each).join(', ')}`
  return fail(
    'EVENKEEL_FILE',
    path,
    name === undefined ? `which tensor? ${there}` : `there is no tensor ${name}; ${there}`,
    'name one, with the option tensor',
  )
}

/** The name of the tensor in files that are written here. */
const RESULT_NAME = 'data'

/**
 * Writes a safetensors file of one tensor with a known number of rows, because the header comes first.
 * commit() throws (EVENKEEL_STATE), and removes what was written, if there are more rows or fewer.
 */
export async function writeSafetensors(
  path: string,
  { type, rowShape, rows, blocking }: NewFile,
): Promise<Writer> {
  if (rows === null)
    fail(
      'EVENKEEL_OPTION',
      path,
      'safetensors needs the number of rows first, and the input does not tell it',
      'write npy',
    )
  const file = await AtomicFile.create(path, blocking)
  const header = encodeSafetensorsHeader([{ name: RESULT_NAME, type, shape: [rows, ...rowShape] }])
  let at = header.length
  let written = 0
  await file.write(header, 0)
  return {
    async write({ data, shape }: Tensor) {
      const bytes = bytesOf(data, type)
      await file.write(bytes, at)
      at += bytes.length
      written += shape[0]
    },
    async commit() {
      if (written === rows) return file.commit()
      await file.abort()
      const problem = `the header promises ${rows} rows, and ${written} were written`
      return fail('EVENKEEL_STATE', path, problem, 'write all rows before commit()')
    },
    abort: () => file.abort(),
  }
}
