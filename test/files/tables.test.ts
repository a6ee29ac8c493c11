import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openReader, openWriter } from '../../src/files/index.js'
import { allRows, chunksOf, counted, expectedRows, FIXTURES, leftOver, testFolder } from './support.js'

// Arrow, Parquet and CSV: what all of them do alike.

const folder = testFolder()
const open = (name: string, columns?: readonly (string | number)[]) =>
  openReader(join(FIXTURES, name), { columns })

const FLOAT32_COLUMNS = ['half', 'single', 'i8', 'u8', 'i16', 'u16', 'flag']
const ALL_COLUMNS = ['half', 'single', 'double', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'flag']

describe.each(['types.arrow', 'types.arrows', 'types.parquet'])('%s, by pyarrow', (name) => {
  it('gives all columns of numbers, and NaN for nulls', async () => {
    const reader = await open(name)
    expect(reader).toMatchObject({ names: ALL_COLUMNS, rowShape: [12], dtype: 'float64' })
    expect(await allRows(reader)).toEqual(expectedRows(ALL_COLUMNS))
  })

  it('gives float32 for types that float32 holds', async () => {
    const reader = await open(name, FLOAT32_COLUMNS)
    expect(reader.dtype).toBe('float32')
    expect(await allRows(reader)).toEqual(expectedRows(FLOAT32_COLUMNS, Math.fround))
  })

  it.each(ALL_COLUMNS)('gives column %s alone', async (column) => {
    const reader = await open(name, [column])
    expect(reader.rowShape).toEqual([1])
    const round = reader.dtype === 'float32' ? Math.fround : Number
    expect(await allRows(reader, 3)).toEqual(expectedRows([column], round))
  })

  it('takes names and numbers, in the order given', async () => {
    const reader = await open(name, ['i32', 0, 'flag'])
    expect(reader.names).toEqual(['i32', 'half', 'flag'])
    expect(await allRows(reader)).toEqual(expectedRows(['i32', 'half', 'flag']))
  })

  it.each([
    [
      'a name that is not there',
      ['nothing'],
      /there is no column nothing; it has half \(.*\), .* and 4 more/,
    ],
    ['a number that is not there', [99], /there is no column 99/],
    ['text', ['i8', 'text'], /column text has no numbers, it has/],
  ])('refuses %s', async (_, columns, message) => {
    await expect(open(name, columns)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringMatching(message),
    })
  })

  it.each([1, 2, 3, 5, 7, 100])(
    'is cut into chunks of %d rows, whatever the batches of the file',
    async (rows) => {
      const reader = await open(name, ['u8', 'flag'])
      const shapes = (await chunksOf(reader, rows)).map(({ shape }) => shape)
      const full = Array.from({ length: Math.floor(7 / rows) }, () => [rows, 2])
      expect(shapes).toEqual(7 % rows === 0 ? full : [...full, [7 % rows, 2]])
      await reader.close()
    },
  )

  it.each([
    [0, 7],
    [2, 3],
    [3, 7],
    [4, 6],
    [6, 7],
    [5, 5],
  ])('gives the rows from %d to %d', async (from, to) => {
    const reader = await open(name, ['u8'])
    const chunks = await chunksOf(reader, 2, from, to)
    expect(chunks.flatMap(({ data }) => Array.from(data))).toEqual(
      expectedRows(['u8']).flat().slice(from, to),
    )
    await reader.close()
  })
})

describe.each(['lists.arrow', 'lists.parquet'])('%s, by pyarrow', (name) => {
  it('has a row for each list, and NaN for nulls', async () => {
    const reader = await open(name, ['list'])
    expect(reader).toMatchObject({ rowShape: [3], rows: 5, dtype: 'float32', names: ['list'] })
    expect(await allRows(reader)).toEqual([
      [1, 2, 3],
      [4, null, 6],
      [null, null, null],
      [7, 8, 9],
      [0.5, 0.25, 0.125],
    ])
  })

  it('refuses lists beside other columns', async () => {
    await expect(open(name)).rejects.toThrow(/column list has lists .* it was chosen with id/)
  })
})

describe('duckdb', () => {
  const names = ['single', 'i8', 'flag']

  it('Parquet', async () => {
    expect(await allRows(await open('duckdb.parquet'))).toEqual(expectedRows(names, Math.fround))
  })

  it.each(['duckdb.csv', 'duckdb.tsv'])('%s', async (name) => {
    const reader = await open(name)
    expect(reader).toMatchObject({ rows: null, seekable: false, dtype: 'float64', names })
    // The text of a float32 is read as float64.
    const rounded = (await allRows(reader)).map((row) => row.map((v) => (v === null ? null : Math.fround(v))))
    expect(rounded).toEqual(expectedRows(names, Math.fround))
  })
})

describe.each(['empty.arrow', 'empty.parquet'])('%s', (name) => {
  it('has no chunks', async () => {
    const reader = await open(name)
    expect(reader).toMatchObject({ rows: 0, rowShape: [3] })
    expect(await allRows(reader)).toEqual([])
  })
})

const WRITTEN = ['x.arrow', 'x.arrows', 'x.parquet', 'x.csv', 'x.tsv', 'x.csv.gz', 'x.TSV.GZ']
const isText = (name: string) => /sv(\.gz)?$/i.test(name)

describe.each(WRITTEN)('%s, written and read', (name) => {
  const write = async (
    file: string,
    rowShape: readonly number[],
    names: readonly string[] | null,
    sizes: readonly number[],
    type: 'float32' | 'float64' = 'float32',
  ) => {
    const path = join(folder, file)
    const writer = await openWriter(path, { type, rowShape, rows: null, names })
    let first = 0
    for (const rows of sizes) {
      const { data, shape } = counted(rows, rowShape, first)
      await writer.write({ data: type === 'float64' ? Float64Array.from(data) : data, shape })
      first += data.length
    }
    return { path, writer }
  }

  it.each(['float32', 'float64'] as const)('gives back columns of %s with their names', async (type) => {
    const names = ['a', 'it\'s "b"', 'c,d']
    const { path, writer } = await write(`${type}-${name}`, [3], names, [3000, 1, 2999], type)
    expect(existsSync(path)).toBe(false)
    const { bytes } = await writer.commit()
    expect(bytes).toBe(readFileSync(path).length)
    const reader = await openReader(path)
    expect(reader.names).toEqual(names)
    expect(reader.dtype).toBe(isText(name) ? 'float64' : type)
    const chunks = await chunksOf(reader, 1024)
    expect(chunks.map(({ shape }) => shape[0])).toEqual([1024, 1024, 1024, 1024, 1024, 880])
    expect(chunks.flatMap(({ data }) => Array.from(data))).toEqual(Array.from(counted(6000, [3]).data))
    await reader.close()
  })

  it('gives back rows without names', async () => {
    const { path, writer } = await write(`unnamed-${name}`, [2, 2], null, [3])
    await writer.commit()
    const reader = await openReader(path)
    expect(reader.rowShape).toEqual([4])
    expect(reader.names).toEqual(isText(name) ? ['data0', 'data1', 'data2', 'data3'] : ['data'])
    expect((await allRows(reader, 3)).flat()).toEqual(Array.from(counted(3, [4]).data))
  })

  it('gives back rows of one number', async () => {
    const { path, writer } = await write(`single-${name}`, [], ['x'], [5])
    await writer.commit()
    expect((await allRows(await openReader(path))).flat()).toEqual([0.5, 1.5, 2.5, 3.5, 4.5])
  })

  it('can be empty', async () => {
    const { path, writer } = await write(`empty-${name}`, [2], ['a', 'b'], [])
    await writer.commit()
    // A CSV without rows has no types.
    if (!isText(name)) expect(await allRows(await openReader(path))).toEqual([])
    else {
      const bytes = readFileSync(path)
      const text = /gz$/i.test(name) ? gunzipSync(bytes) : bytes
      expect(text.toString()).toMatch(/^a[,\t]b\n$/)
    }
  })

  it('leaves nothing after abort(), also in the middle', async () => {
    const { path, writer } = await write(`aborted-${name}`, [3], ['a', 'b', 'c'], [5000, 5000, 5000, 5000])
    await writer.abort()
    expect(existsSync(path)).toBe(false)
    expect(leftOver(folder)).toEqual([])
  })

  it('does nothing at abort() after commit()', async () => {
    const { path, writer } = await write(`kept-${name}`, [1], ['a'], [2])
    await writer.commit()
    await writer.abort()
    expect(existsSync(path)).toBe(true)
  })

  it('ends when the caller stops early', async () => {
    const { path, writer } = await write(`early-${name}`, [2], ['a', 'b'], [20_000])
    await writer.commit()
    const reader = await openReader(path)
    for await (const { shape } of reader.chunks(100)) {
      expect(shape).toEqual([100, 2])
      break
    }
    await reader.close()
  })

  it('is written beside quotes and blanks in its path', async () => {
    const { path, writer } = await write(`it's "a" [1]* ${name}`, [1], ['a'], [2])
    await writer.commit()
    expect((await allRows(await openReader(path))).flat()).toEqual([0.5, 1.5])
  })
})

describe('float16', () => {
  it('is written to Arrow', async () => {
    const path = join(folder, 'half.arrow')
    const writer = await openWriter(path, { type: 'float16', rowShape: [2], rows: null, names: ['a', 'b'] })
    await writer.write({ data: Float32Array.of(0.1, 1, 2, 1e6), shape: [2, 2] })
    await writer.commit()
    expect(await allRows(await openReader(path))).toEqual([
      [0.0999755859375, 1],
      [2, Number.POSITIVE_INFINITY],
    ])
  })

  it.each(['parquet', 'csv'])('is refused for %s', async (format) => {
    const options = { type: 'float16', rowShape: [1], rows: null, names: null } as const
    const writing = openWriter(join(folder, `half.${format}`), options)
    await expect(writing).rejects.toMatchObject({
      code: 'EVENKEEL_OPTION',
      message: expect.stringMatching(/no float16; write float32, or write npy/),
    })
    expect(leftOver(folder)).toEqual([])
  })
})

describe('openReader and openWriter', () => {
  it.each(WRITTEN)('name a file that is not there: %s', async (name) => {
    const path = join(folder, 'nowhere', name)
    const error = {
      code: 'EVENKEEL_FILE',
      message: expect.stringContaining(`${path}: there is no such file or folder`),
    }
    await expect(openReader(path)).rejects.toMatchObject(error)
    const options = { type: 'float32', rowShape: [1], rows: null, names: null } as const
    await expect(openWriter(path, options)).rejects.toMatchObject(error)
  })

  it.each(['arrow', 'parquet', 'csv'] as const)('refuse bytes that are no %s', async (format) => {
    const path = join(folder, `bytes.${format}`)
    writeFileSync(
      path,
      Uint8Array.from({ length: 100 }, (_, i) => i),
    )
    await expect(openReader(path)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringContaining(path),
    })
  })

  it('need the number of rows for safetensors', async () => {
    const options = { type: 'float32', rowShape: [1], rows: null, names: null } as const
    await expect(openWriter(join(folder, 'x.safetensors'), options)).rejects.toThrow(
      /needs the number of rows first/,
    )
  })
})
