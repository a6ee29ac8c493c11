import { bytesOf } from '../data/element-types.js'
import { encodeNpyHeader } from '../data/npy.js'
import { fail } from '../errors.js'
import { OUTPUT_NAME, writeOut } from './standard-output.js'
import type { NewFile, Writer } from './writer.js'

/** Writes an npy file to standard output. Its header comes first, and has the number of rows. */
export async function streamNpy({ type, rowShape, rows }: NewFile): Promise<Writer> {
  if (rows === null)
    fail(
      'EVENKEEL_FILE',
      OUTPUT_NAME,
      'npy begins with the number of rows, which this input tells only at its end',
      'write to a folder, or give an npy input',
    )
  const header = encodeNpyHeader(type, [rows, ...rowShape])
  let size = header.length
  await writeOut(header)
  return {
    async write({ data }) {
      const bytes = bytesOf(data, type)
      await writeOut(bytes)
      size += bytes.length
    },
    commit: async () => ({ bytes: size }),
    abort: async () => {},
  }
}
