import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { readArrow } from '../../src/files/arrow.js'
import { blocksOf } from '../../src/files/arrow-metadata.js'
import { openStream } from '../../src/files/byte-input.js'
import { openReader, openWriter } from '../../src/files/index.js'
import { allRows, chunksOf, counted, expectedRows, FIXTURES, mutations, testFolder } from './support.js'

const folder = testFolder()
const bytesOf = (name: string) => readFileSync(join(FIXTURES, name))

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('an Arrow stream', () => {
  it.each([1, 100, 100_000])('comes in pieces of %d bytes', async (size) => {
    const reader = await readArrow(openStream('standard input', pieces(bytesOf('types.arrows'), size)), [
      'u8',
      'i64',
    ])
    expect(reader).toMatchObject({ rows: null, seekable: false, path: 'standard input' })
    expect(await allRows(reader, 3)).toEqual(expectedRows(['u8', 'i64']))
  })

  it('cannot be in the file format', async () => {
    const reading = readArrow(openStream('standard input', pieces(bytesOf('types.arrow'), 100)))
    await expect(reading).rejects.toThrow(
      /the Arrow file format cannot be read from a stream; send the Arrow stream/,
    )
  })

  it('can be stopped and closed in the middle', async () => {
    let closed = false
    const bytes = bytesOf('types.arrows')
    const input = openStream(
      'standard input',
      (async function* () {
        try {
          yield* pieces(bytes, 64)
        } finally {
          closed = true
        }
      })(),
    )
    const reader = await readArrow(input, ['u8'])
    for await (const { shape } of reader.chunks(2)) {
      expect(shape).toEqual([2, 1])
      break
    }
    await reader.close()
    expect(closed).toBe(true)
  })

  it('has ended in a batch: an error', async () => {
    const bytes = bytesOf('types.arrows')
    const reader = await readArrow(
      openStream('standard input', pieces(bytes.subarray(0, bytes.length - 40), 64)),
    )
    await expect(chunksOf(reader, 2)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringMatching(
        /^standard input: batch 1: this is no sound Arrow data \(it ends in the middle\); write it again\.$/,
      ),
    })
    await reader.close()
  })
})

describe('an Arrow file', () => {
  it('is read again by each call of chunks()', async () => {
    const reader = await openReader(join(FIXTURES, 'types.arrow'), { columns: ['u8'] })
    expect(reader).toMatchObject({ rows: 7, seekable: true })
    const first = await chunksOf(reader, 3)
    expect(await chunksOf(reader, 3)).toEqual(first)
    await reader.close()
  })

  it('with a batch that is too large for memory is refused before it is read', async () => {
    const path = join(folder, 'large.arrow')
    const bytes = Buffer.from(bytesOf('types.arrow'))
    // The place of the first batch in the footer: offset, length of the metadata, and length of the body.
    const footer = bytes.length - 10 - bytes.readInt32LE(bytes.length - 10)
    const [batch] = blocksOf(bytes.subarray(footer, -10), 'batches')
    const place = Buffer.alloc(24)
    place.writeBigInt64LE(BigInt(batch.offset))
    place.writeInt32LE(batch.metadataBytes, 8)
    place.writeBigInt64LE(BigInt(batch.bodyBytes), 16)
    const at = bytes.indexOf(place.subarray(0, 12), footer)
    bytes.writeBigInt64LE(2n ** 31n, at + 16)
    writeFileSync(path, bytes)
    await expect(openReader(path)).rejects.toThrow(
      /large\.arrow: batch 0: it has 2147483648 bytes, and a batch is in memory .* write batches of fewer rows/,
    )
  })

  it.each([0, 4, 9, 100, 2000, 4000])('that is cut off after %d bytes is refused', async (length) => {
    const path = join(folder, 'cut.arrow')
    writeFileSync(path, bytesOf('types.arrow').subarray(0, length))
    await expect(openReader(path)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringContaining(path),
    })
  })

  it.each([-1, 0, 2 ** 31 - 1, 5000])('with a footer of %d bytes is refused', async (length) => {
    const path = join(folder, 'footer.arrow')
    const bytes = Buffer.from(bytesOf('types.arrow'))
    bytes.writeInt32LE(length, bytes.length - 10)
    writeFileSync(path, bytes)
    await expect(openReader(path)).rejects.toThrow(/this Arrow file has no footer; it was cut off/)
  })

  it('written here is read by the library', async () => {
    const path = join(folder, 'library.arrow')
    const writer = await openWriter(path, { type: 'float32', rowShape: [2], rows: null, names: ['a', 'b'] })
    await writer.write(counted(3, [2]))
    await writer.write(counted(1, [2], 6))
    await writer.commit()
    const table = arrow.tableFromIPC(readFileSync(path))
    expect(table.schema.toString()).toBe('Schema<{ 0: a: Float32, 1: b: Float32 }>')
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([3, 1])
    expect(Array.from(table.getChild('b')?.toArray() ?? [])).toEqual([1.5, 3.5, 5.5, 7.5])
  })

  it('has more columns than a tile of the cache has numbers', async () => {
    const path = join(folder, 'wide.arrow')
    const names = Array.from({ length: 300 }, (_, i) => `c${i}`)
    const writer = await openWriter(path, { type: 'float32', rowShape: [300], rows: null, names })
    const { data, shape } = counted(700, [300])
    await writer.write({ data, shape })
    await writer.commit()
    const reader = await openReader(path)
    const chunks = await chunksOf(reader, 1000)
    expect(chunks.map((chunk) => chunk.shape)).toEqual([shape])
    expect(chunks[0].data.findIndex((value, i) => value !== data[i])).toBe(-1)
    await reader.close()
  })
})

describe('metadata', () => {
  // A list of two billion elements would keep the library busy for minutes.
  it.each(['types.arrow', 'types.arrows'])(
    'with lists that do not end within them are refused: %s',
    async (name) => {
      const bytes = bytesOf(name)
      const path = join(folder, `long-list-${name}`)
      let refused = 0
      for (let at = 3; at < bytes.length; at += 4) {
        const mutated = Uint8Array.from(bytes)
        mutated[at] = 0x7f
        writeFileSync(path, mutated)
        try {
          await allRows(await openReader(path, { columns: ['u8'] }), 1024)
        } catch (error) {
          expect(error).toMatchObject({ name: 'EvenkeelError', message: expect.stringContaining(path) })
          if (/lists that do not end/.test((error as Error).message)) refused++
        }
      }
      expect(refused).toBeGreaterThan(20)
    },
  )
})

describe('a mutated file', () => {
  const SEED = 5
  const COUNT = 400
  it.each(['types.arrow', 'types.arrows', 'lists.arrow', 'compressed.feather', 'lz4.arrows', 'polars.arrow'])(
    'is read, or refused with its name: %s',
    async (name) => {
      const generator = xoroshiro128plus(SEED)
      const random = () => ((generator.next() >>> 0) / 2 ** 32) as number
      const path = join(folder, `mutated-${name}`)
      for (const bytes of mutations(bytesOf(name), random, COUNT)) {
        writeFileSync(path, bytes)
        const columns = name.startsWith('lists') ? ['list'] : undefined
        try {
          const reader = await openReader(path, { columns })
          await allRows(reader)
        } catch (error) {
          expect(error).toMatchObject({ name: 'EvenkeelError', message: expect.stringContaining(path) })
        }
      }
    },
  )
})
