import zlib from 'node:zlib'
import type { Codec } from 'apache-arrow'
import { fail } from '../errors.js'
import { loadPackage } from './optional-package.js'

type Arrow = typeof import('apache-arrow')

// Each buffer of a compressed batch is compressed alone:
//   int64      its bytes when it is not compressed, or -1: it is stored as it is
//   bytes      a frame of LZ4 or of Zstandard
const LENGTH_BYTES = 8

/**
 * Gives apache-arrow the codec that a batch needs, unless the program has registered one.
 * @param compression the number of its codec in Arrow's Message.fbs. Null: it is not compressed.
 * @throws EvenkeelError (EVENKEEL_BACKEND) if lz4js is not installed, (EVENKEEL_FILE) if there is no codec here.
 */
export async function loadCodec(arrow: Arrow, path: string, compression: number | null): Promise<void> {
  const { compressionRegistry: registry, CompressionType } = arrow
  const registered = compression === null ? null : registry.get(compression)
  if (compression === null || registered?.decode !== undefined) return
  // A program that only writes has registered an encoder alone.
  const add = (codec: Codec) =>
    registry.set(compression, { encode: registered?.encode?.bind(registered), ...codec })
  if (compression === CompressionType.LZ4_FRAME) add(await lz4(path))
  else if (compression === CompressionType.ZSTD) add(zstandard(path))
  else
    fail(
      'EVENKEEL_FILE',
      path,
      `it is compressed with codec ${compression}, which Arrow does not have`,
      REMEDY,
    )
}

const REMEDY =
  "write it with LZ4, or uncompressed (in pyarrow: write_feather(table, path, compression='uncompressed'))"

async function lz4(path: string): Promise<Codec> {
  const { decompressBlock } = await loadPackage(path, 'lz4js', '0.2', async () => {
    const { default: lz4js } = await import('lz4js')
    return lz4js
  })
  return codecOf((frame, length) => {
    if (length > MOST_EXPANSION * frame.length)
      throw new Error(`${frame.length} bytes of LZ4 cannot become ${length}`)
    const bytes = new Uint8Array(length)
    let got = 0
    for (const { compressed, begin, end } of blocksOf(frame)) {
      if (compressed) got = decompressBlock(frame, bytes, begin, end - begin, got)
      else {
        if (got + end - begin <= length) bytes.set(frame.subarray(begin, end), got)
        got += end - begin
      }
    }
    return { bytes, got }
  })
}

/** A byte of LZ4 makes a match longer by this, at most. */
const MOST_EXPANSION = 255

// An LZ4 frame (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md):
//   uint32     the magic number
//   byte       flags; byte: the size of blocks
//   8 bytes    the length of the content, if there is such a flag; 4 bytes: a dictionary, the same
//   byte       a checksum of the header
//   blocks     uint32, the bytes of the block (the highest bit: not compressed), or 0: the end; the bytes; 4 bytes: a
//              checksum, if there is such a flag
const MAGIC = 0x184d2204
const FLAGS_PLACE = 4
const [DICTIONARY, CONTENT_LENGTH, CHECKSUMS] = [1, 8, 16]
const HEADER_BYTES = 7
const NOT_COMPRESSED = 2 ** 31
const WORD_BYTES = 4

interface LZ4Block {
  readonly compressed: boolean
  readonly begin: number
  readonly end: number
}

/** The blocks of a frame. Checksums are not compared: an uncompressed Arrow file has none either. */
function* blocksOf(frame: Uint8Array): Generator<LZ4Block> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (view.getUint32(0, true) !== MAGIC) throw new Error('it is no frame of LZ4')
  const flags = view.getUint8(FLAGS_PLACE)
  if ((flags & DICTIONARY) !== 0) throw new Error('LZ4 with a dictionary')
  const checksum = (flags & CHECKSUMS) === 0 ? 0 : WORD_BYTES
  for (let at = HEADER_BYTES + (flags & CONTENT_LENGTH); ; ) {
    const word = view.getUint32(at, true)
    if (word === 0) return
    const begin = at + WORD_BYTES
    const end = begin + (word % NOT_COMPRESSED)
    at = end + checksum
    // There is a 0 after the last block.
    if (at + WORD_BYTES > frame.length) throw new Error('an LZ4 block that does not end within its buffer')
    yield { compressed: word < NOT_COMPRESSED, begin, end }
  }
}

/** Node.js has Zstandard from 22.15 on; the types are of an older one. */
const { zstdDecompressSync } = zlib as unknown as {
  zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array
}

function zstandard(path: string): Codec {
  if (zstdDecompressSync === undefined)
    fail('EVENKEEL_FILE', path, 'it is compressed with Zstandard, which Node.js has from 22.15 on', REMEDY)
  return codecOf((frame, length) => {
    // Node.js takes no limit of 0.
    const bytes = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, length) })
    return { bytes, got: bytes.length }
  })
}

/** @param decode returns no more than `length` bytes, and how many the frame has */
function codecOf(decode: (frame: Uint8Array, length: number) => { bytes: Uint8Array; got: number }): Codec {
  return {
    // The library gives a view of the frame, in the buffer that has its length.
    decode(frame) {
      const length = Number(new DataView(frame.buffer, frame.byteOffset - LENGTH_BYTES).getBigInt64(0, true))
      const { bytes, got } = decode(frame, length)
      if (got !== length) throw new Error(`a buffer of ${got} bytes says that it has ${length}`)
      return bytes
    },
  }
}
