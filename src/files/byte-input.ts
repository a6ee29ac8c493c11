import { open } from 'node:fs/promises'
import { naming } from './file-error.js'
import { readFully } from './transfer.js'

/** Bytes that are read in order, or at any place: a file, or a stream such as standard input. */
export interface ByteInput {
  readonly path: string
  /** Null for a stream. */
  readonly size: number | null
  /** Whether this thread waits for the disk while it reads. */
  readonly blocking: boolean
  /**
   * Reads up to the length of `into`. Returns how many bytes there were; fewer only at the end. A stream ignores
   * `position`, and goes on where it was.
   */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** A file on disk. A pipe or a device is read as a stream, and by the thread pool, as it may never give anything. */
export async function openFile(path: string, blocking = false): Promise<ByteInput> {
  const handle = await naming(path, () => open(path, 'r'))
  const stat = await naming(path, () => handle.stat()).catch(async (error) => {
    await handle.close()
    throw error
  })
  const size = stat.isFile() ? stat.size : null
  return {
    path,
    size,
    blocking: blocking && size !== null,
    read: (into, position) =>
      naming(path, () =>
        size === null ? readFully(handle, into, null, false) : readFully(handle, into, position, blocking),
      ),
    close: () => handle.close(),
  }
}

/** A stream, such as process.stdin. */
export function openStream(path: string, stream: AsyncIterable<Uint8Array>): ByteInput {
  const pieces = stream[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    path,
    size: null,
    blocking: false,
    async read(into) {
      let done = 0
      while (done < into.length) {
        if (rest.length === 0) {
          const { value, done: ended } = await pieces.next()
          if (ended === true) break
          rest = value
        }
        const part = rest.subarray(0, into.length - done)
        into.set(part, done)
        rest = rest.subarray(part.length)
        done += part.length
      }
      return done
    },
    async close() {
      await pieces.return?.()
    },
  }
}
