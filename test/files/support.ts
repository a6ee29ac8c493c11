import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Reader } from '../../src/files/reader.js'
import type { Tensor } from '../../src/tensor.js'

export const FIXTURES = 'test/fixtures/tables'

/** A folder that is there while the tests of a file run. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-files-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  return folder
}

/** The files that were begun and are not whole. */
export function leftOver(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes('evenkeel-partial'))
}

/** A copy of each chunk, because their memory is used again. */
export async function chunksOf(reader: Reader, rows: number, from?: number, to?: number): Promise<Tensor[]> {
  const chunks: Tensor[] = []
  for await (const { data, shape } of reader.chunks(rows, from, to))
    chunks.push({ data: data.slice(), shape })
  return chunks
}

/** All rows, and then the reader is closed. NaN is null, as in JSON. */
export async function allRows(reader: Reader, chunkRows = 2): Promise<(number | null)[][]> {
  const rows: (number | null)[][] = []
  const chunks = await chunksOf(reader, chunkRows).finally(() => reader.close())
  for (const { data, shape } of chunks) {
    const width = data.length / shape[0]
    for (let row = 0; row < shape[0]; row++)
      rows.push(
        Array.from(data.subarray(row * width, (row + 1) * width), (v) => (Number.isNaN(v) ? null : v)),
      )
  }
  return rows
}

/** The rows that Python wrote, of these columns. */
export function expectedRows(
  names: readonly string[],
  round = (value: number) => value,
): (number | null)[][] {
  const columns = JSON.parse(readFileSync(join(FIXTURES, 'expected.json'), 'utf8')) as Record<
    string,
    (number | null)[]
  >
  const values = names.map((name) => columns[name].map((value) => (value === null ? null : round(value))))
  return values[0].map((_, row) => values.map((column) => column[row]))
}

/** Numbers of which each row and column has its own. */
export function counted(rows: number, rowShape: readonly number[], first = 0): Tensor<Float32Array> {
  const size = rowShape.reduce((product, extent) => product * extent, rows)
  return { data: Float32Array.from({ length: size }, (_, i) => first + i + 0.5), shape: [rows, ...rowShape] }
}

/** The bytes of a file, with some changes. */
export function mutations(bytes: Uint8Array, random: () => number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    // slice() of a Buffer would share its memory.
    const mutated = Uint8Array.from(bytes).subarray(
      0,
      i % 4 === 0 ? Math.floor(random() * bytes.length) : bytes.length,
    )
    for (let n = 0; n < 1 + (i % 3) && mutated.length > 0; n++)
      mutated[Math.floor(random() * mutated.length)] = Math.floor(random() * 256)
    return mutated
  })
}
