import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { CompressionType, compressionRegistry } from 'apache-arrow'
import lz4js from 'lz4js'
import { describe, expect, it } from 'vitest'
import { openReader } from '../../src/files/index.js'
import { allRows, expectedRows, FIXTURES, testFolder } from './support.js'

const folder = testFolder()
const COLUMNS = ['single', 'i8', 'flag']
const rowsOf = async (path: string, columns: readonly string[] = COLUMNS) =>
  allRows(await openReader(path, { columns }))

describe('LZ4', () => {
  // The frames of polars have checksums of their blocks.
  it.each(['compressed.feather', 'lz4.arrows', 'polars.arrow'])('is read: %s', async (name) => {
    expect(await rowsOf(join(FIXTURES, name))).toEqual(expectedRows(COLUMNS))
  })

  it('has blocks that refer to the block before', async () => {
    const rows = await allRows(await openReader(join(FIXTURES, 'many.feather')), 1000)
    expect(rows.length).toBe(60_000)
    expect(rows.findIndex(([value], i) => value !== Math.floor(i / 7) % 100)).toBe(-1)
  })

  // The first frame of the fixture, and what stands before it: int64, the bytes that it becomes.
  const bytes = readFileSync(join(FIXTURES, 'compressed.feather'))
  const frame = bytes.indexOf(Buffer.from([4, 0x22, 0x4d, 0x18]))
  const stated = Number(bytes.readBigInt64LE(frame - 8))
  const block = frame + 7
  it.each<[string, (bytes: Buffer) => unknown, RegExp]>([
    [
      'says a byte less',
      (b) => b.writeBigInt64LE(BigInt(stated - 1), frame - 8),
      /a buffer of \d+ bytes says that/,
    ],
    [
      'says a byte more',
      (b) => b.writeBigInt64LE(BigInt(stated + 1), frame - 8),
      /a buffer of \d+ bytes says that/,
    ],
    ['says 2 GB', (b) => b.writeBigInt64LE(2n ** 31n, frame - 8), /bytes of LZ4 cannot become 2147483648/],
    ['says -2', (b) => b.writeBigInt64LE(-2n, frame - 8), /batch 0: this is no sound Arrow data/],
    ['is no frame', (b) => b.writeUInt8(5, frame), /no frame of LZ4/],
    ['has a dictionary', (b) => b.writeUInt8(b[frame + 4] | 1, frame + 4), /LZ4 with a dictionary/],
    [
      'has a block past its end',
      (b) => b.writeUInt32LE(2 ** 31 - 1, block),
      /does not end within its buffer/,
    ],
    [
      'has a plain block past its end',
      (b) => b.writeUInt32LE(2 ** 32 - 1, block),
      /does not end within its buffer/,
    ],
  ])('that %s is refused', async (_, change, message) => {
    const path = join(folder, 'changed.feather')
    const changed = Buffer.from(bytes)
    change(changed)
    writeFileSync(path, changed)
    const error = await rowsOf(path).catch((error) => error)
    expect(error).toMatchObject({ code: 'EVENKEEL_FILE', message: expect.stringMatching(message) })
    expect(error.message).toContain(path)
  })
})

describe('Zstandard', () => {
  const path = join(FIXTURES, 'zstd.arrow')
  // Node.js has it from 22.15 on.
  it.runIf('zstdDecompressSync' in zlib)('is read', async () => {
    expect(await rowsOf(path)).toEqual(expectedRows(COLUMNS))
  })
  it.runIf(!('zstdDecompressSync' in zlib))('needs a newer Node.js', async () => {
    await expect(rowsOf(path)).rejects.toThrow(
      /zstd\.arrow: it is compressed with Zstandard, which Node\.js has from 22\.15 on; write it with LZ4, or unc/,
    )
  })
})

it('an encoder that the program has registered stays', async () => {
  const before = compressionRegistry.get(CompressionType.LZ4_FRAME)
  compressionRegistry.set(CompressionType.LZ4_FRAME, { encode: (bytes) => lz4js.compress(bytes) })
  try {
    expect(await rowsOf(join(FIXTURES, 'compressed.feather'))).toEqual(expectedRows(COLUMNS))
    const encoded = compressionRegistry.get(CompressionType.LZ4_FRAME)?.encode?.(new Uint8Array([1, 2, 3]))
    expect(Array.from(lz4js.decompress(encoded ?? []))).toEqual([1, 2, 3])
  } finally {
    compressionRegistry.set(CompressionType.LZ4_FRAME, before ?? {})
  }
})

it('a codec that the program has registered is used', async () => {
  const registered = compressionRegistry.get(CompressionType.LZ4_FRAME)
  let asked = 0
  const decode = (frame: Uint8Array): Uint8Array => {
    asked++
    return lz4js.decompress(frame)
  }
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode })
  try {
    expect(await rowsOf(join(FIXTURES, 'compressed.feather'))).toEqual(expectedRows(COLUMNS))
    expect(asked).toBeGreaterThan(0)
  } finally {
    compressionRegistry.set(CompressionType.LZ4_FRAME, registered ?? {})
  }
})
