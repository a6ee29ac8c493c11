import { chunkRowsOf } from '../data/geometry.js'
import { openReader } from '../files/open.js'
import type { Reader } from '../files/reader.js'
import { sizeOf, type Tensor } from '../tensor.js'
import { type JobEvents, orAborted, untilAborted } from './events.js'
import { type Input, type InputOptions, isStream, openOptionsOf } from './inputs.js'

/** An input while it is read. */
export interface Reading {
  readonly reader: Reader
  /** The chunks of a fit or apply, from number `from` up to `to` if the reader can begin anywhere. An abort ends them. */
  chunks(range?: { readonly from: number; readonly to: number }): AsyncIterable<Tensor>
  /** The rows of a chunk. */
  readonly chunkRows: number
}

/** Opens an input for an action, and closes it. This thread waits for the disk. */
export async function reading<T>(
  input: Input,
  options: InputOptions,
  signal: JobEvents['signal'],
  action: (opened: Reading) => Promise<T>,
): Promise<T> {
  const opening = openReader(input.path, { ...openOptionsOf(options), blocking: true })
  const reader = await (isStream(input) ? orAborted(opening, signal) : opening).catch((error) => {
    // If a stream opens later, nobody reads it.
    opening.then((late) => late.close()).catch(() => {})
    throw error
  })
  const chunkRows = chunkRowsOf(sizeOf(reader.rowShape))
  const last = reader.rows ?? Number.POSITIVE_INFINITY
  try {
    return await action({
      reader,
      chunkRows,
      chunks(range) {
        const chunks =
          range === undefined
            ? reader.chunks(chunkRows)
            : reader.chunks(chunkRows, range.from * chunkRows, Math.min(last, range.to * chunkRows))
        return untilAborted(chunks, signal, isStream(input))
      },
    })
  } finally {
    const closed = reader.close()
    // The last read of a stream may never end.
    if (isStream(input) && signal?.aborted === true) closed.catch(() => {})
    else await closed
  }
}
