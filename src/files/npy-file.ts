import { bytesOf } from '../data/element-types.js'
import { encodeNpyHeader, NPY_PREFIX_BYTES, npyHeaderPlace, parseNpyHeader } from '../data/npy.js'
import { fail } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { AtomicFile } from './atomic-file.js'
import { binaryReader } from './binary-chunks.js'
import type { ByteInput } from './byte-input.js'
import type { Reader } from './reader.js'
import type { NewFile, Writer } from './writer.js'

/** Reads an npy file, or an npy stream. */
export async function readNpy(input: ByteInput): Promise<Reader> {
  const { path, size } = input
  const prefix = new Uint8Array(NPY_PREFIX_BYTES)
  const got = await input.read(prefix, 0)
  const { begin, end } = npyHeaderPlace(path, prefix.subarray(0, got))
  const header = new Uint8Array(end - begin)
  // A header of version 1 begins in the last bytes that were read.
  const already = NPY_PREFIX_BYTES - begin
  header.set(prefix.subarray(begin))
  const rest = await input.read(header.subarray(already), NPY_PREFIX_BYTES)
  if (already + rest < header.length)
    fail('EVENKEEL_FILE', path, 'the file ends in its header', 'write it again')
  const table = parseNpyHeader(path, header, end, size)
  if (table.shape.length === 0)
    fail('EVENKEEL_FILE', path, 'it has one number, and no rows', 'save an array of rank 1 or more')
  const { type, shape } = table
  return binaryReader(input, 'npy', table, { type, shape })
}

/** Writes an npy file. The header has room for any number of rows, and gets it at the end. */
export async function writeNpy(path: string, { type, rowShape, blocking }: NewFile): Promise<Writer> {
  const file = await AtomicFile.create(path, blocking)
  const begin = encodeNpyHeader(type, [0, ...rowShape]).length
  let at = begin
  let rows = 0
  return {
    async write({ data, shape }: Tensor) {
      const bytes = bytesOf(data, type)
      await file.write(bytes, at)
      at += bytes.length
      rows += shape[0]
    },
    async commit() {
      await file.write(encodeNpyHeader(type, [rows, ...rowShape]), 0)
      return file.commit()
    },
    abort: () => file.abort(),
  }
}
