import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { loadDataset } from '../../study/data/dataset.js'
import { parseIdx, readIdxDirectory } from '../../study/data/idx.js'

/** An IDX file of unsigned bytes. */
function idx(shape: number[], values: ArrayLike<number>): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length))
  header.setUint32(0, 0x0800 + shape.length)
  shape.forEach((extent, i) => {
    header.setUint32(4 + 4 * i, extent)
  })
  return Uint8Array.from([...new Uint8Array(header.buffer), ...Array.from(values)])
}

/** `count` images of 3 x 2; pixel i of image n is 10 n + i, and its label n modulo 4. */
function pair(count: number) {
  const pixels = Array.from({ length: count * 6 }, (_, i) => 10 * Math.floor(i / 6) + (i % 6))
  return {
    images: idx([count, 3, 2], pixels),
    labels: idx(
      [count],
      Array.from({ length: count }, (_, n) => n % 4),
    ),
  }
}

describe('parseIdx', () => {
  const whole = pair(5).images

  it('reads shape and bytes, gzipped or not', () => {
    for (const file of [whole, gzipSync(whole)]) {
      const { shape, data } = parseIdx(file, 'images', 3)
      expect(shape).toEqual([5, 3, 2])
      expect([...data.subarray(6, 12)]).toEqual([10, 11, 12, 13, 14, 15])
    }
  })

  const bad: [title: string, file: Uint8Array, rank: number, message: RegExp][] = [
    ['an empty file', new Uint8Array(0), 3, /begins with two zero bytes, got an empty file/],
    ['text', new TextEncoder().encode('<html>'), 3, /got 3c 68 74 6d/],
    ['labels for images', pair(5).labels, 3, /rank 3, got type 8 of rank 1/],
    ['another element type', Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), 1, /got type 13 of rank 1/],
    ['a header cut short', whole.subarray(0, 9), 3, /the header needs 16 bytes, got 9/],
    ['pixels cut short', whole.subarray(0, whole.length - 1), 3, /\[5, 3, 2\] needs 46 bytes, got 45/],
    ['trailing bytes', Uint8Array.from([...whole, 0]), 3, /needs 46 bytes, got 47/],
    ['a gzip file cut short', gzipSync(whole).subarray(0, 30), 3, /cannot be unpacked/],
  ]
  test.each(bad)('refuses %s', (_, file, rank, message) => {
    expect(() => parseIdx(file, 'some-file', rank)).toThrow(message)
    expect(() => parseIdx(file, 'some-file', rank)).toThrow(/^--data: some-file: .*fetch it again\.$/)
  })
})

describe('a directory', () => {
  let directory: string
  const write = (name: string, content: Uint8Array) => writeFileSync(join(directory, name), content)
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'evenkeel-idx-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const load = (seed: number) => loadDataset({ directory, seed, trainCount: 100, testCount: 100 })

  it('splits a single set four to one, by the seed, each image with its own label', () => {
    write('t10k-images-idx3-ubyte.gz', gzipSync(pair(20).images))
    write('t10k-labels-idx1-ubyte.gz', gzipSync(pair(20).labels))
    const data = load(1)
    expect([data.train.labels.length, data.test.labels.length, data.classes]).toEqual([16, 4, 4])
    const images = [data.train, data.test].flatMap(({ pixels, labels }) =>
      [...labels].map((label, i) => ({ label, n: pixels[6 * i] / 10 })),
    )
    expect(images.map(({ n }) => n).sort((a, b) => a - b)).toEqual([...Array(20).keys()])
    for (const { label, n } of images) expect(label).toBe(n % 4)
    expect(load(1).fingerprint).toBe(data.fingerprint)
    expect(load(2).fingerprint).not.toBe(data.fingerprint)
  })

  it('keeps training and test sets apart where both are there', () => {
    write('train-images.idx3-ubyte', pair(12).images)
    write('train-labels.idx1-ubyte', pair(12).labels)
    write('t10k-images.idx3-ubyte', pair(5).images)
    write('t10k-labels.idx1-ubyte', pair(5).labels)
    const data = load(1)
    expect([data.train.labels.length, data.test.labels.length]).toEqual([12, 5])
  })

  it('says what is missing or does not fit', () => {
    expect(() => readIdxDirectory(join(directory, 'nowhere'))).toThrow(/is not a directory/)
    expect(() => readIdxDirectory(directory)).toThrow(/must hold IDX files .* got no files/)
    write('train-images-idx3-ubyte', pair(5).images)
    expect(() => readIdxDirectory(directory)).toThrow(/got train-images-idx3-ubyte alone; add the labels/)
    write('train-labels-idx1-ubyte', pair(4).labels)
    expect(() => readIdxDirectory(directory)).toThrow(/5 images .* and 4 labels/)
    write('train-labels-idx1-ubyte', pair(5).labels)
    write('t10k-images-idx3-ubyte', idx([2, 2, 2], new Uint8Array(8)))
    write('t10k-labels-idx1-ubyte', idx([2], [0, 1]))
    expect(() => readIdxDirectory(directory)).toThrow(/one size, got 3 x 2 and 2 x 2/)
  })

  it('refuses a set of one class', () => {
    write('t10k-images-idx3-ubyte', idx([5, 3, 2], new Uint8Array(30)))
    write('t10k-labels-idx1-ubyte', idx([5], new Uint8Array(5)))
    expect(() => load(1)).toThrow(/at least two classes/)
  })
})
