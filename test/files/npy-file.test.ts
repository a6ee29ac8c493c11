import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ELEMENT_TYPES, type ElementType, STORAGES } from '../../src/data/element-types.js'
import { encodeNpyHeader } from '../../src/data/npy.js'
import { openStream } from '../../src/files/byte-input.js'
import { openReader, openWriter } from '../../src/files/index.js'
import { readNpy } from '../../src/files/npy-file.js'
import { allRows, chunksOf, counted, FIXTURES, leftOver, testFolder } from './support.js'

const folder = testFolder()

/** What NumPy saved: two rows, of which integers keep the whole part. */
const SAVED = [
  [0.5, 1, 2],
  [3, 4, 5],
]
const WHOLE = SAVED.map((row) => row.map(Math.floor))
const BOOLS = SAVED.map((row) => row.map((value) => Number(value !== 0)))

const NUMPY_FILES = [
  ...['little', 'big'].flatMap((order) =>
    ['f2', 'f4', 'f8', 'i2', 'i4', 'i8', 'u2', 'u4', 'u8'].map(
      (type) => [`${order}-${type}`, type, type[0] === 'f' ? SAVED : WHOLE] as const,
    ),
  ),
  ['byte-i1', 'i1', WHOLE] as const,
  ['byte-u1', 'u1', WHOLE] as const,
  ['byte-b1', 'b1', BOOLS] as const,
  ...[1, 2, 3].map((version) => [`version-${version}`, 'f8', SAVED] as const),
]

/** A file with this header, and `bytes` bytes of zeroes. */
function fileWith(name: string, dict: string, bytes: number, version = 1): string {
  const length = version === 1 ? 2 : 4
  const header = Buffer.alloc(8 + length)
  header.write('\x93NUMPY', 'latin1')
  header[6] = version
  if (version === 1) header.writeUInt16LE(dict.length, 8)
  else header.writeUInt32LE(dict.length, 8)
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat([header, Buffer.from(dict), Buffer.alloc(bytes)]))
  return path
}

/** Bytes, in pieces of `size`. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe.each([false, true])('readNpy, blocking: %s', (blocking) => {
  it.each(NUMPY_FILES)('reads %s.npy of NumPy', async (name, npy, rows) => {
    const type = ELEMENT_TYPES.find((each) => STORAGES[each].npy === npy) as ElementType
    const reader = await openReader(join(FIXTURES, `${name}.npy`), { blocking })
    const { dtype } = STORAGES[type]
    expect(reader).toMatchObject({
      format: 'npy',
      rows: 2,
      rowShape: [3],
      dtype,
      names: null,
      seekable: true,
    })
    expect(JSON.parse(reader.header)).toEqual({ type, shape: [2, 3] })
    expect(await allRows(reader, 1)).toEqual(rows)
  })

  it.each([
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [5, [5]],
    [8, [5]],
  ])('gives chunks of %d rows', async (rows, sizes) => {
    const path = join(folder, 'five.npy')
    const { data, shape } = counted(5, [2, 3])
    const writer = await openWriter(path, {
      type: 'float32',
      rowShape: [2, 3],
      rows: null,
      names: null,
      blocking,
    })
    await writer.write({ data, shape })
    await writer.commit()
    const reader = await openReader(path, { blocking })
    const chunks = await chunksOf(reader, rows)
    expect(chunks.map((chunk) => chunk.shape)).toEqual(sizes.map((size) => [size, 2, 3]))
    expect(chunks.flatMap((chunk) => Array.from(chunk.data))).toEqual(Array.from(data))
    const middle = await chunksOf(reader, rows, 1, 4)
    expect(middle.flatMap((chunk) => Array.from(chunk.data))).toEqual(Array.from(data.subarray(6, 24)))
    expect(await chunksOf(reader, rows, 3, 3)).toEqual([])
    await reader.close()
  })

  it('can be stopped and closed in the middle', async () => {
    const path = join(folder, 'long.npy')
    writeFileSync(path, Buffer.concat([encodeNpyHeader('float32', [100_000, 4]), Buffer.alloc(1_600_000)]))
    const reader = await openReader(path, { blocking })
    for await (const { shape } of reader.chunks(50_000)) {
      expect(shape).toEqual([50_000, 4])
      break
    }
    await reader.close()
  })

  it('says that it was closed', async () => {
    const path = join(FIXTURES, 'little-f4.npy')
    const reader = await openReader(path, { blocking })
    await reader.close()
    await expect(chunksOf(reader, 1)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: `${path}: it was closed; open it again.`,
    })
  })

  it('lets timers run between the chunks', async () => {
    const path = join(folder, 'many.npy')
    writeFileSync(path, Buffer.concat([encodeNpyHeader('float32', [1000]), Buffer.alloc(4000)]))
    const reader = await openReader(path, { blocking })
    let ticks = 0
    const timer = setInterval(() => ticks++, 0)
    for await (const _ of reader.chunks(1)) if (ticks > 1) break
    clearInterval(timer)
    await reader.close()
    expect(ticks).toBeGreaterThan(1)
  })
})

describe('readNpy', () => {
  it.each([1, 7, 100, 10_000])('reads a stream in pieces of %d bytes', async (size) => {
    const bytes = readFileSync(join(FIXTURES, 'version-1.npy'))
    const reader = await readNpy(openStream('standard input', pieces(bytes, size)))
    expect(reader).toMatchObject({ seekable: false, rows: 2 })
    expect(await allRows(reader, 1)).toEqual(SAVED)
  })

  it.each([
    [
      'Fortran order',
      join(FIXTURES, 'fortran.npy'),
      /elements are in Fortran order; save numpy.ascontiguousarray/,
    ],
    [
      'a scalar',
      join(FIXTURES, 'scalar.npy'),
      /has one number, and no rows; save an array of rank 1 or more/,
    ],
    ['text', join(FIXTURES, 'text.npy'), /its type is '<U1'; save numbers/],
    ['another file', 'package.json', /it does not begin as one/],
  ])('refuses %s', async (_, path, message) => {
    const reading = openReader(path, { format: 'npy' })
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toThrow(path)
  })

  const GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
  it.each([
    ['a version that is not known', GOOD, 24, 4, /version 4.0 is not known/],
    ['fewer bytes than its shape needs', GOOD, 23, 1, /it is cut off: it needs 93 bytes and has 92/],
    ['a shape of text', GOOD.replace('(2, 3)', "'a'"), 24, 1, /its shape is 'a'/],
    ['a negative extent', GOOD.replace('(2', '(-2'), 24, 1, /header has|its shape is/],
    ['a shape that no memory has', GOOD.replace('(2', `(${2 ** 53 - 1}, 1000`), 24, 1, /its shape is/],
    ['an entry twice', GOOD.replace("'descr'", "'shape': (1,), 'descr'"), 24, 1, /has shape twice/],
    ['no dict', 'descr <f4', 24, 1, /its header is no dict/],
    ['a header that has no end', `${GOOD}${' '.repeat(10_000)}`, 24, 2, /its header has \d+ bytes/],
  ])('refuses %s', async (name, dict, bytes, version, message) => {
    const path = fileWith(`${name}.npy`, dict, bytes, version)
    await expect(openReader(path)).rejects.toMatchObject({
      code: 'EVENKEEL_BUFFER',
      message: expect.stringMatching(message),
    })
  })

  it.each([0, 5, 11, 40])('refuses a file of its first %d bytes', async (length) => {
    const path = join(folder, `cut-${length}.npy`)
    writeFileSync(path, readFileSync(join(FIXTURES, 'little-f4.npy')).subarray(0, length))
    await expect(openReader(path)).rejects.toThrow(path)
  })

  it('names the row in which a stream ends', async () => {
    const bytes = readFileSync(join(FIXTURES, 'version-1.npy'))
    const reader = await readNpy(
      openStream('standard input', pieces(bytes.subarray(0, bytes.length - 8), 50)),
    )
    await expect(chunksOf(reader, 1)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: 'standard input: the file ends in row 1 of 2; write it again; it was cut off.',
    })
    await reader.close()
  })

  it('refuses a stream whose header promises a row that no memory holds', async () => {
    const header = encodeNpyHeader('float32', [2, 2 ** 45])
    const reader = await readNpy(openStream('standard input', pieces(header, 64)))
    await expect(chunksOf(reader, 1)).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringContaining('there is no memory for a chunk of'),
    })
    await reader.close()
  })

  it('says that a file is not there, and that a folder is none', async () => {
    const path = join(folder, 'nowhere.npy')
    await expect(openReader(path)).rejects.toThrow(
      `${path}: there is no such file or folder; correct the path.`,
    )
    await expect(openReader(folder, { format: 'npy' })).rejects.toMatchObject({ code: 'EVENKEEL_FILE' })
  })
})

it.each<[string, () => Promise<unknown>, RegExp]>([
  ['an option', () => openReader('x.npy', { chunk: 1 } as never), /openReader: there is no option chunk/],
  [
    'blocking',
    () => openReader('x.npy', { blocking: 'no' } as never),
    /openReader: blocking must be true or/,
  ],
  [
    'a format',
    () => openReader('x.npy', { format: 'np' } as never),
    /openReader: format must be .* try 'npy'/,
  ],
  [
    'columns of npy',
    () => openReader('x.npy', { columns: [0] }),
    /x\.npy: npy has no columns to choose from/,
  ],
  ['a tensor of npy', () => openReader('x.npy', { tensor: 'a' }), /x\.npy: npy has no tensors with names/],
  ['no type', () => openWriter('x.npy', {} as never), /openWriter: type must be 'float16', /],
  ['no shape', () => openWriter('x.npy', { type: 'float32' } as never), /rowShape must be a list of whole/],
  [
    'no rows',
    () => openWriter('x.npy', { type: 'float32', rowShape: [2], names: null } as never),
    /rows must be a whole number from 0 up, or null, got undefined; give null if/,
  ],
  [
    'no names',
    () => openWriter('x.npy', { type: 'float32', rowShape: [2], rows: null } as never),
    /names must be a list of texts, or null, got undefined; give null/,
  ],
])('refuses %s that is not right', async (_, call, message) => {
  await expect(call()).rejects.toMatchObject({
    code: 'EVENKEEL_OPTION',
    message: expect.stringMatching(message),
  })
})

describe('writeNpy', () => {
  it('takes its options as they were at the call', async () => {
    const path = join(folder, 'changed.npy')
    const rowShape = [2]
    const writer = await openWriter(path, { type: 'float32', rowShape, rows: null, names: null })
    rowShape.push(1000)
    await writer.write({ data: Float32Array.of(1, 2), shape: [1, 2] })
    await writer.commit()
    expect(await allRows(await openReader(path))).toEqual([[1, 2]])
  })

  it.each(['float32', 'float64', 'float16'] as const)('gives back %s', async (type) => {
    const path = join(folder, `${type}.npy`)
    const writer = await openWriter(path, { type, rowShape: [2], rows: null, names: ['a', 'b'] })
    const array = type === 'float64' ? Float64Array : Float32Array
    await writer.write({ data: array.of(0.1, 1, 2, 3), shape: [2, 2] })
    await writer.write({ data: array.of(4, 5), shape: [1, 2] })
    expect(existsSync(path)).toBe(false)
    const { bytes } = await writer.commit()
    expect(bytes).toBe(readFileSync(path).length)
    const tenth = { float64: 0.1, float32: Math.fround(0.1), float16: 0.0999755859375 }[type]
    const reader = await openReader(path)
    expect(JSON.parse(reader.header)).toEqual({ type, shape: [3, 2] })
    expect(await allRows(reader)).toEqual([
      [tenth, 1],
      [2, 3],
      [4, 5],
    ])
  })

  it('writes the bytes that NumPy writes', async () => {
    const path = join(folder, 'same.npy')
    const writer = await openWriter(path, { type: 'float64', rowShape: [3], rows: 2, names: null })
    await writer.write({ data: Float64Array.from(SAVED.flat()), shape: [2, 3] })
    await writer.commit()
    expect(readFileSync(path)).toEqual(readFileSync(join(FIXTURES, 'little-f8.npy')))
  })

  it('keeps the old file until commit(), and after abort()', async () => {
    const path = join(folder, 'old.npy')
    writeFileSync(path, 'old')
    const options = { type: 'float32', rowShape: [1], rows: null, names: null } as const
    const writer = await openWriter(path, options)
    await writer.write({ data: Float32Array.of(1), shape: [1, 1] })
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(leftOver(folder)).toEqual([expect.stringMatching(/^\.old\.npy\.[0-9a-f]{12}\.evenkeel-partial$/)])
    await writer.abort()
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(leftOver(folder)).toEqual([])
    const second = await openWriter(path, options)
    await second.write({ data: Float32Array.of(1), shape: [1, 1] })
    await second.commit()
    await second.abort()
    expect(await allRows(await openReader(path))).toEqual([[1]])
    expect(leftOver(folder)).toEqual([])
  })

  it('leaves nothing when the file cannot get its name', async () => {
    const options = { type: 'float32', rowShape: [1], rows: null, names: null, format: 'npy' } as const
    // The folder is not empty, so no file can take its place.
    const writer = await openWriter(folder, options)
    await writer.write({ data: Float32Array.of(1), shape: [1, 1] })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'EVENKEEL_FILE' })
    expect(
      leftOver(join(folder, '..')).filter((name) => name.includes(folder.split('/').at(-1) ?? folder)),
    ).toEqual([])
  })
})
