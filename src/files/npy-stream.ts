import { bytesOf, type ResultType } from '../data/element-types.js'
import { encodeNpyHeader } from '../data/npy.js'
import { fail } from '../errors.js'
import { naming } from './file-error.js'
import type { Writer } from './writer.js'

/** For messages. */
const NAME = 'standard output'

/** Writes an npy file to a stream, such as standard output. Its header comes first, and has the number of rows. */
export async function streamNpy(
  stream: NodeJS.WritableStream,
  type: ResultType,
  rowShape: readonly number[],
  rows: number | null,
): Promise<Writer> {
  if (rows === null)
    fail(
      'EVENKEEL_FILE',
      NAME,
      'npy begins with the number of rows, which this input tells only at its end',
      'write to a folder, or give an npy input',
    )
  let size = 0
  let problem: Error | undefined
  stream.on('error', (error) => {
    problem = error
  })
  const write = (bytes: Uint8Array) =>
    naming(NAME, async () => {
      if (problem !== undefined) throw problem
      size += bytes.length
      // The stream keeps the bytes until it has written them.
      await new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()))
      })
    })
  await write(encodeNpyHeader(type, [rows, ...rowShape]))
  return {
    write: ({ data }) => write(bytesOf(data, type)),
    commit: async () => ({ bytes: size }),
    abort: async () => {},
  }
}
