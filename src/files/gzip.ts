import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { fail } from '../errors.js'
import { openFile } from './byte-input.js'
import { naming } from './file-error.js'

/** The first bytes of a gzip file (RFC 1952). */
const MAGIC = [0x1f, 0x8b]

/**
 * Whether a file is compressed by gzip. If it is, it is read to its end, because DuckDB does not notice that such a file
 * was cut off, and returns the rows before the cut.
 * @throws EvenkeelError (EVENKEEL_FILE) if it is not there, or is gzip that was cut off or damaged.
 */
export async function isWholeGzip(path: string): Promise<boolean> {
  const file = await openFile(path)
  const begin = new Uint8Array(MAGIC.length)
  await file.read(begin, 0).finally(() => file.close())
  if (!MAGIC.every((byte, i) => begin[i] === byte)) return false
  try {
    await naming(path, () =>
      pipeline(createReadStream(path), createGunzip(), async (content) => {
        for await (const _ of content);
      }),
    )
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_') !== true) throw error
    return fail('EVENKEEL_FILE', path, `its gzip is not whole (${message})`, 'write it again')
  }
}
