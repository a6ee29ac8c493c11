import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ELEMENT_TYPES, STORAGES } from '../../src/data/element-types.js'
import { encodeSafetensorsHeader } from '../../src/data/safetensors.js'
import { openStream } from '../../src/files/byte-input.js'
import { openReader, openWriter } from '../../src/files/index.js'
import { readSafetensors } from '../../src/files/safetensors-file.js'
import { allRows, chunksOf, counted, leftOver, testFolder } from './support.js'

const folder = testFolder()

/** The bytes of 1, 0 and 1 in each type. Integers of one sign, so that a byte more or less changes them. */
const ONES: Readonly<Record<string, readonly number[]>> = {
  float32: [0, 0, 0x80, 0x3f],
  float64: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
  float16: [0, 0x3c],
  bfloat16: [0x80, 0x3f],
}

function oneAs(type: string, bytes: number): number[] {
  return [...(ONES[type] ?? [1, ...new Array<number>(bytes - 1).fill(0)])]
}

function save(name: string, header: unknown, data: Uint8Array): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat([length, json, data]))
  return path
}

const ENTRY = { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] }

describe('readSafetensors', () => {
  it.each(ELEMENT_TYPES)('reads %s', async (type) => {
    const { bytes, safetensors, dtype } = STORAGES[type]
    const values = [...oneAs(type, bytes), ...new Array<number>(bytes).fill(0), ...oneAs(type, bytes)]
    const entry = { dtype: safetensors, shape: [3, 1], data_offsets: [0, 3 * bytes] }
    const reader = await openReader(save(`${type}.safetensors`, { x: entry }, Uint8Array.from(values)))
    expect(reader).toMatchObject({ format: 'safetensors', rows: 3, rowShape: [1], dtype, seekable: true })
    expect(JSON.parse(reader.header)).toEqual({ type, shape: [3, 1], name: 'x' })
    expect(await allRows(reader)).toEqual([[1], [0], [1]])
  })

  it('reads the tensor that is named', async () => {
    const header = encodeSafetensorsHeader(
      [
        { name: 'first', type: 'float32', shape: [2, 1] },
        { name: 'second', type: 'float64', shape: [2, 2] },
      ],
      { format: 'pt' },
    )
    const path = join(folder, 'two.safetensors')
    const first = new Uint8Array(Float32Array.of(1, 2).buffer)
    const second = new Uint8Array(Float64Array.of(3, 4, 5, 6).buffer)
    writeFileSync(path, Buffer.concat([header, first, second]))
    expect(await allRows(await openReader(path, { tensor: 'first' }))).toEqual([[1], [2]])
    const reader = await openReader(path, { tensor: 'second' })
    expect(await chunksOf(reader, 5, 1, 2)).toEqual([{ data: Float64Array.of(5, 6), shape: [1, 2] }])
    await reader.close()
    await expect(openReader(path)).rejects.toThrow(
      /which tensor\? it has first, second; name one, with the option tensor/,
    )
    await expect(openReader(path, { tensor: 'third' })).rejects.toThrow(
      /there is no tensor third; it has first, second/,
    )
  })

  it.each([
    [
      'a tensor of another type',
      { x: { ...ENTRY, dtype: 'F8_E4M3' } },
      /the type of 'x', 'F8_E4M3', is not known/,
    ],
    ['a shape that does not fit the offsets', { x: { ...ENTRY, shape: [3, 1] } }, /the offsets of 'x' are/],
    ['offsets that go back', { x: { ...ENTRY, data_offsets: [8, 0] } }, /the offsets of 'x' are/],
    ['a negative extent', { x: { ...ENTRY, shape: [-2, -1] } }, /the shape of 'x' is/],
    ['tensors that overlap', { x: ENTRY, y: ENTRY }, /do not lie side by side/],
    [
      'bytes that belong to no tensor',
      { x: { ...ENTRY, shape: [1, 1], data_offsets: [0, 4] } },
      /its tensors end at/,
    ],
    ['a list', '[1]', /its header is no object/],
    ['no JSON', '{', /its header is no JSON/],
    ['metadata of numbers', { __metadata__: { a: 1 }, x: ENTRY }, /its metadata are no texts/],
    ['no tensors', {}, /its tensors end at byte/],
  ])('refuses %s', async (name, header, message) => {
    const path = save(`${name}.safetensors`, header, new Uint8Array(8))
    await expect(openReader(path)).rejects.toMatchObject({
      code: 'EVENKEEL_BUFFER',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a header that is longer than the file, without making room for it', async () => {
    const path = join(folder, 'long.safetensors')
    writeFileSync(path, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]))
    await expect(openReader(path)).rejects.toThrow(/does not fit into a file of 11/)
  })

  it.each([0, 7, 8, 20])('refuses a file of its first %d bytes', async (length) => {
    const whole = readFileSync(save('whole.safetensors', { x: ENTRY }, new Uint8Array(8)))
    const path = join(folder, 'cut.safetensors')
    writeFileSync(path, whole.subarray(0, length))
    await expect(openReader(path)).rejects.toMatchObject({ code: 'EVENKEEL_BUFFER' })
  })

  it('refuses a scalar, and a stream', async () => {
    const path = save(
      'scalar.safetensors',
      { x: { ...ENTRY, shape: [], data_offsets: [0, 4] } },
      new Uint8Array(4),
    )
    await expect(openReader(path)).rejects.toThrow(/x is one number, and has no rows/)
    const stream = openStream('standard input', (async function* () {})())
    await expect(readSafetensors(stream)).rejects.toThrow(
      /cannot be read from a stream; give a file, or send npy/,
    )
  })

  it('can be stopped and closed while it reads ahead', async () => {
    const entry = { dtype: 'F32', shape: [100_000, 2], data_offsets: [0, 800_000] }
    const reader = await openReader(save('ahead.safetensors', { x: entry }, new Uint8Array(800_000)))
    for await (const { shape } of reader.chunks(10_000)) {
      expect(shape).toEqual([10_000, 2])
      break
    }
    await reader.close()
  })
})

describe('writeSafetensors', () => {
  it.each(['float32', 'float64', 'float16'] as const)('gives back %s', async (type) => {
    const path = join(folder, `written-${type}.safetensors`)
    const writer = await openWriter(path, { type, rowShape: [2, 1], rows: 3, names: null })
    for (const [rows, first] of [
      [2, 0],
      [1, 4],
    ]) {
      const { data, shape } = counted(rows, [2, 1], first)
      await writer.write({ data: type === 'float64' ? Float64Array.from(data) : data, shape })
    }
    expect(existsSync(path)).toBe(false)
    const { bytes } = await writer.commit()
    expect(bytes).toBe(readFileSync(path).length)
    const reader = await openReader(path)
    expect(JSON.parse(reader.header)).toEqual({ type, shape: [3, 2, 1], name: 'data' })
    expect((await allRows(reader)).flat()).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
  })

  it('refuses another number of rows than it was told', async () => {
    const path = join(folder, 'short.safetensors')
    const writer = await openWriter(path, { type: 'float32', rowShape: [2], rows: 3, names: null })
    await writer.write(counted(2, [2]))
    await expect(writer.commit()).rejects.toThrow(/promises 3 rows, and 2 were written/)
    expect(existsSync(path)).toBe(false)
    expect(leftOver(folder)).toEqual([])
  })

  it('leaves nothing after abort()', async () => {
    const path = join(folder, 'aborted.safetensors')
    const writer = await openWriter(path, { type: 'float32', rowShape: [2], rows: 3, names: null })
    await writer.write(counted(2, [2]))
    expect(leftOver(folder)).toHaveLength(1)
    await writer.abort()
    expect(leftOver(folder)).toEqual([])
    expect(existsSync(path)).toBe(false)
  })
})
