import { fail } from '../errors.js'
import { bodyBytesOf, checkBody, checkMetadata } from './arrow-metadata.js'
import type { ByteInput } from './byte-input.js'

// A message: int32 -1 (not in old files); int32, the bytes of the metadata, 0 at the end; metadata; body.
const LENGTH_BYTES = 4
const CONTINUES = -1
/** The bytes before the metadata, at most. */
export const PREFIX_BYTES = 2 * LENGTH_BYTES

/** The bytes before the metadata of a message. */
export function prefixBytes(message: Uint8Array): number {
  return int32(message) === CONTINUES ? PREFIX_BYTES : LENGTH_BYTES
}

/** The metadata of a batch have some 50 bytes for each column. */
const MOST_METADATA_BYTES = 2 ** 28
/** How much is read at a time. */
const PIECE_BYTES = 2 ** 16

/**
 * The bytes of an Arrow stream, with checked metadata.
 * @param first what was read of the input already
 * @param prepare is called before the library gets a message, with its metadata
 */
export async function* messagesOf(
  input: ByteInput,
  first: Uint8Array,
  prepare: (metadata: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const { path } = input
  let at = 0
  /** The next bytes; fewer at the end. */
  const read = async (length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length)
    const already = first.subarray(at, at + length)
    bytes.set(already)
    const got = already.length + (await input.read(bytes.subarray(already.length), at + already.length))
    at += got
    return bytes.subarray(0, got)
  }
  async function* pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const piece = await read(Math.min(left, PIECE_BYTES))
      // The caller adds the file and the batch.
      if (piece.length === 0) throw new Error('it ends in the middle')
      left -= piece.length
      yield piece
    }
  }
  for (;;) {
    const begin = await read(LENGTH_BYTES)
    if (begin.length < LENGTH_BYTES) return
    yield begin
    const length = int32(begin) === CONTINUES ? await read(LENGTH_BYTES) : begin
    if (length !== begin) yield length
    const metadataBytes = length.length < LENGTH_BYTES ? 0 : int32(length)
    if (metadataBytes === 0) return
    if (metadataBytes < 0 || metadataBytes > MOST_METADATA_BYTES)
      fail(
        'EVENKEEL_FILE',
        path,
        `a message has ${metadataBytes} bytes; this is no sound Arrow data`,
        'write it again',
      )
    const parts: Uint8Array[] = []
    for await (const piece of pieces(metadataBytes)) parts.push(piece)
    const metadata = new Uint8Array(Buffer.concat(parts))
    checkMetadata(path, 'message', metadata)
    const bodyBytes = bodyBytesOf(metadata)
    checkBody(`${path}: batch`, bodyBytes)
    await prepare(metadata)
    yield metadata
    yield* pieces(bodyBytes)
  }
}

function int32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)
}
