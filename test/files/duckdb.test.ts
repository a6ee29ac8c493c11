import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { openReader, openWriter, type Writer } from '../../src/files/index.js'
import { allRows, chunksOf, counted, FIXTURES, leftOver, mutations, testFolder } from './support.js'

const folder = testFolder()

function save(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('Parquet', () => {
  it('with lists of several lengths is refused, with the row', async () => {
    const reader = await openReader(join(FIXTURES, 'ragged.parquet'))
    expect(reader.rowShape).toEqual([2])
    await expect(chunksOf(reader, 10)).rejects.toThrow(
      /ragged\.parquet: column list has 1 numbers in row 2, and 2 before; give all rows the same number\.$/,
    )
    await reader.close()
  })

  it('keeps the order of its rows, over many groups', async () => {
    const path = join(folder, 'long.parquet')
    // Rows of 16 kB: groups of 2,048 rows, in data chunks of 256.
    const width = 2 ** 12
    const writer = await openWriter(path, { type: 'float32', rowShape: [width], rows: null, names: null })
    for (let first = 0; first < 3000; first += 300) {
      const { data, shape } = counted(300, [width])
      for (let row = 0; row < 300; row++) data.fill(first + row, row * width, (row + 1) * width)
      await writer.write({ data, shape })
    }
    await writer.commit()
    const reader = await openReader(path)
    expect(reader).toMatchObject({ rows: 3000, rowShape: [width] })
    let row = 0
    for await (const { data, shape } of reader.chunks(64)) {
      for (let r = 0; r < shape[0]; r++, row++) {
        if (data[r * width] !== row || data[(r + 1) * width - 1] !== row) expect(data[r * width]).toBe(row)
      }
    }
    expect(row).toBe(3000)
    const middle = await chunksOf(reader, 64, 2020, 2080)
    expect(middle.map(({ shape }) => shape[0])).toEqual([60])
    expect(middle[0].data[0]).toBe(2020)
    await reader.close()
  })

  it.each([0, 4, 100, 8000])('that is cut off after %d bytes is refused', async (length) => {
    const path = join(folder, 'cut.parquet')
    writeFileSync(path, readFileSync(join(FIXTURES, 'types.parquet')).subarray(0, length))
    await expect(openReader(path)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringContaining(path),
    })
  })

  it('that was mutated is read, or refused with its name', async () => {
    const SEED = 5
    const COUNT = 60
    const generator = xoroshiro128plus(SEED)
    const random = () => ((generator.next() >>> 0) / 2 ** 32) as number
    const path = join(folder, 'mutated.parquet')
    for (const bytes of mutations(readFileSync(join(FIXTURES, 'types.parquet')), random, COUNT)) {
      writeFileSync(path, bytes)
      try {
        await allRows(await openReader(path))
      } catch (error) {
        expect(error).toMatchObject({ name: 'EvenkeelError', message: expect.stringContaining(path) })
      }
    }
  })
})

describe('CSV', () => {
  it.each([
    [
      'missing values in many words',
      'a,b\n1,2\n,NA\nNULL,nan\n5,None\n',
      [
        [1, 2],
        [null, null],
        [null, null],
        [5, null],
      ],
    ],
    [
      'semicolons, and text beside',
      'a;t;b\n1;x;2.5\n3;y;-1e3\n',
      [
        [1, 2.5],
        [3, -1000],
      ],
    ],
    [
      'booleans',
      'a,b\ntrue,1\nfalse,2\n',
      [
        [1, 1],
        [0, 2],
      ],
    ],
    [
      'no header',
      '1,2\n3,4\n',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['names with quotes', `"it's ""a""","b,c"\n1,2\n`, [[1, 2]]],
  ])('with %s', async (name, text, rows) => {
    expect(await allRows(await openReader(save(`${name}.csv`, text)))).toEqual(rows)
  })

  it('may have fractions after many whole numbers', async () => {
    const path = save('late.csv', `a\n${'1\n'.repeat(30_000)}0.5\n`)
    const reader = await openReader(path)
    const chunks = await chunksOf(reader, 16_384)
    expect(chunks.map(({ shape }) => shape[0])).toEqual([16_384, 13_617])
    expect(chunks[1].data.at(-1)).toBe(0.5)
    await reader.close()
  })

  it('with text after many numbers is refused, with the line', async () => {
    const path = save('text.csv', `a\n${'1\n'.repeat(30_000)}x\n`)
    const reading = async () => {
      const reader = await openReader(path)
      await allRows(reader, 16_384)
    }
    await expect(reading()).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringMatching(/text\.csv.*Line: 30002/),
    })
  })

  const TEXT = `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},${i % 7}\n`).join('')}`
  const zipped = gzipSync(TEXT)
  it.each(['zipped.csv.gz', 'ZIPPED.CSV.GZ', 'zipped-unnamed.csv'])(
    'is read when gzip has compressed it: %s',
    async (name) => {
      const rows = await allRows(await openReader(save(name, zipped)), 512)
      expect(rows).toEqual(Array.from({ length: 5000 }, (_, i) => [i, i % 7]))
    },
  )

  it.each<[string, Uint8Array, RegExp]>([
    [
      'is cut off',
      zipped.subarray(0, -100),
      /its gzip is not whole \(unexpected end of file\); write it again/,
    ],
    ['has no end', zipped.subarray(0, -4), /its gzip is not whole \(unexpected end of file\)/],
    ['is damaged', zipped.map((byte, i) => (i === 1000 ? byte ^ 255 : byte)), /its gzip is not whole/],
    ['is not compressed', Buffer.from(TEXT), /not a GZIP stream/],
  ])('with the ending .csv.gz that %s is refused', async (name, bytes, message) => {
    const path = save(`${name}.csv.gz`, bytes)
    await expect(openReader(path)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringMatching(message),
    })
  })

  it('without numbers is refused', async () => {
    await expect(openReader(save('words.csv', 'a,b\nx,y\n'))).rejects.toThrow(
      /it has no columns of numbers, it has a/,
    )
  })

  it('cannot be read from standard input', async () => {
    await expect(openReader('-', { format: 'csv' })).rejects.toThrow(
      /standard input: csv cannot be read from a stream/,
    )
  })
})

describe('the thread that writes', () => {
  const options = { type: 'float32', rowShape: [2], rows: null, names: ['a', 'b'] } as const

  it('holds one of the threads of a pool, so there may be two', async () => {
    const open = (name: string) => openWriter(join(folder, name), options)
    const writers = await Promise.all([open('a.parquet'), open('b.parquet')])
    await expect(open('c.parquet')).rejects.toMatchObject({
      code: 'EVENKEEL_STATE',
      message: expect.stringMatching(
        /2 Parquet or CSV files are being written already.*commit one of them first/,
      ),
    })
    expect(leftOver(folder)).toHaveLength(2)
    await Promise.all(writers.map((writer) => writer.write(counted(3, [2]))))
    await Promise.all(writers.map((writer) => writer.commit()))
    const third = await open('c.parquet')
    await third.abort()
    expect(leftOver(folder)).toEqual([])
  })

  it('gives its errors to write() or commit(), and leaves nothing', async () => {
    const writer = await openWriter(join(folder, 'twice.parquet'), { ...options, names: ['a', 'a'] })
    const writing = async (each: Writer) => {
      for (let i = 0; i < 10; i++) await each.write(counted(1000, [2]))
      await each.commit()
    }
    await expect(writing(writer)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringContaining('twice.parquet'),
    })
    await writer.abort()
    expect(existsSync(join(folder, 'twice.parquet'))).toBe(false)
    expect(leftOver(folder)).toEqual([])
  })
})
