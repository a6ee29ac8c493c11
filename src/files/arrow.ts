import type { AsyncRecordBatchFileReader, AsyncRecordBatchStreamReader, RecordBatch } from 'apache-arrow'
import { EvenkeelError, fail } from '../errors.js'
import { blockOf, columnsOf } from './arrow-columns.js'
import type { ByteInput } from './byte-input.js'
import { chooseColumns, dtypeOfColumns, headerOf, type NumberColumn, rowShapeOf } from './columns.js'
import { loadPackage } from './optional-package.js'
import type { Reader } from './reader.js'
import { type RowBlock, recut } from './recut.js'

type Arrow = typeof import('apache-arrow')

export function loadArrow(path: string): Promise<Arrow> {
  return loadPackage(path, 'apache-arrow', '21', () => import('apache-arrow'))
}

// An Arrow file (https://arrow.apache.org/docs/format/Columnar.html):
//   8 bytes    'ARROW1' and zeroes
//   messages   batches of rows, as in an Arrow stream
//   footer     the schema, and the place of each batch
//   int32      the length of the footer
//   6 bytes    'ARROW1'
// An Arrow stream has the messages alone; the first of them is the schema.
const MAGIC = Buffer.from('ARROW1')
const BEGIN_BYTES = 8
const FOOTER_LENGTH_BYTES = 4
const END_BYTES = FOOTER_LENGTH_BYTES + MAGIC.length
/** What the footer has for each batch. */
const BLOCK_BYTES = 24

/**
 * Reads an Arrow file or an Arrow stream. One batch of the file is in memory at a time.
 * @param columns names, or numbers from 0. Default: all columns of numbers.
 * @throws EvenkeelError (EVENKEEL_BACKEND) if apache-arrow is not installed, (EVENKEEL_FILE) if the input is not Arrow, or
 * has no such columns.
 */
export async function readArrow(input: ByteInput, columns?: readonly (string | number)[]): Promise<Reader> {
  const { path, size } = input
  const arrow = await loadArrow(path)
  const begin = new Uint8Array(BEGIN_BYTES)
  const got = await input.read(begin, 0)
  const isFile = MAGIC.equals(begin.subarray(0, MAGIC.length))
  if (isFile && size === null)
    fail(
      'EVENKEEL_FILE',
      path,
      'the Arrow file format cannot be read from a stream',
      'send the Arrow stream format',
    )
  if (isFile) await checkEnd(input, size ?? 0)
  const open = () =>
    reading(path, async () => {
      const source = size === null ? piecesOf(input, begin.subarray(0, got)) : handleOf(input, size)
      const reader = await arrow.RecordBatchReader.from(
        source as Parameters<typeof arrow.RecordBatchReader.from>[0],
      )
      return (await reader.open()) as AsyncRecordBatchFileReader | AsyncRecordBatchStreamReader
    })
  const first = await open()
  if (first.schema === undefined || first.schema === null)
    fail('EVENKEEL_FILE', path, 'it has no schema; this is no Arrow data', 'write it again')
  const chosen = chooseColumns(path, columnsOf(arrow, first.schema.fields), columns)
  const starts = first.isFile()
    ? await reading(path, () => batchStarts(arrow, input, first, size ?? 0))
    : null
  const rowShape = rowShapeOf(chosen)
  const dtype = dtypeOfColumns(chosen)
  return {
    path,
    format: 'arrow',
    rowShape,
    rows: starts?.at(-1) ?? null,
    dtype,
    names: chosen.map(({ name }) => name),
    seekable: starts !== null,
    header: headerOf(chosen),
    async *chunks(rows, from = 0, to = starts?.at(-1) ?? Number.POSITIVE_INFINITY) {
      // A stream can be read once. Of a file, each call has a reader of its own, because a reader has a position.
      const reader = size === null ? first : await open()
      const skipped = starts === null ? 0 : starts.filter((start) => start <= from).length - 1
      const before = starts?.[skipped] ?? 0
      const blocks = blocksOf(path, reader, chosen, starts === null ? null : skipped)
      yield* recut(blocks, { dtype, rowShape, rows, from: from - before, to: to - before })
    },
    close: () => input.close(),
  }
}

/** The batches, from number `first` on; null: all that a stream has. */
async function* blocksOf(
  path: string,
  reader: AsyncRecordBatchFileReader | AsyncRecordBatchStreamReader,
  chosen: readonly NumberColumn[],
  first: number | null,
): AsyncGenerator<RowBlock> {
  for (let i = first ?? 0; first === null || i < reader.numRecordBatches; i++) {
    const batch: RecordBatch | null = await reading(`${path}: batch ${i}`, async () =>
      first === null
        ? ((await reader.next()).value ?? null)
        : (reader as AsyncRecordBatchFileReader).readRecordBatch(i),
    )
    if (batch === null && first === null) return
    if (batch === null)
      fail('EVENKEEL_FILE', path, `batch ${i} is not where the footer says`, 'write the file again')
    yield blockOf(path, batch, chosen)
  }
}

/** Runs an action of the library. Its errors name the file. */
async function reading<T>(who: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof EvenkeelError) throw error
    const { message } = error as Error
    if (message.includes('codec'))
      fail(
        'EVENKEEL_FILE',
        who,
        'it is compressed',
        "write it uncompressed (in pyarrow: compression='uncompressed')",
      )
    return fail(
      'EVENKEEL_FILE',
      who,
      `this is no sound Arrow data (${message.split('\n', 1)[0]})`,
      'write it again',
    )
  }
}

/** An Arrow file ends with a footer. */
async function checkEnd(input: ByteInput, size: number): Promise<void> {
  const end = Buffer.alloc(END_BYTES)
  await input.read(end, Math.max(0, size - END_BYTES))
  const footerBytes = end.readInt32LE(0)
  const most = size - BEGIN_BYTES - END_BYTES
  if (MAGIC.equals(end.subarray(FOOTER_LENGTH_BYTES)) && footerBytes > 0 && footerBytes <= most) return
  fail('EVENKEEL_FILE', input.path, 'this Arrow file has no footer; it was cut off', 'write it again')
}

/** The number of the first row of each batch, and the number of all rows. */
async function batchStarts(
  arrow: Arrow,
  input: ByteInput,
  { footer }: AsyncRecordBatchFileReader,
  size: number,
): Promise<number[]> {
  const { path } = input
  const starts = [0]
  const batches = footer?.numRecordBatches ?? 0
  if (batches * BLOCK_BYTES > size)
    fail('EVENKEEL_FILE', path, `the footer has ${batches} batches`, 'write it again')
  for (let i = 0; i < batches; i++) {
    const { offset, metaDataLength } = footer?.getRecordBatch(i) ?? { offset: 0, metaDataLength: 0 }
    const metadata = new Uint8Array(Math.max(0, Math.min(metaDataLength, size - offset)))
    await input.read(metadata, offset)
    const message = new arrow.MessageReader(metadata).readMessage(arrow.MessageHeader.RecordBatch)
    const rows = message?.header().length
    if (rows === undefined || !(rows >= 0))
      fail('EVENKEEL_FILE', path, `batch ${i} is not where the footer says`, 'write the file again')
    starts.push(starts[i] + rows)
  }
  return starts
}

/** A file, as the library takes it: a FileHandle. */
function handleOf(input: ByteInput, size: number) {
  return {
    fd: 0,
    stat: async () => ({ size }),
    async read(buffer: Uint8Array, offset: number, length: number, position: number) {
      const bytesRead = await input.read(buffer.subarray(offset, offset + length), position)
      if (bytesRead < length) fail('EVENKEEL_FILE', input.path, 'the file ends in a batch', 'write it again')
      return { bytesRead, buffer }
    },
    // The reader closes the input.
    close: async () => {},
  }
}

/** What is read of a stream at a time. */
const PIECE_BYTES = 2 ** 16

async function* piecesOf(input: ByteInput, first: Uint8Array): AsyncGenerator<Uint8Array> {
  yield first
  for (;;) {
    const piece = new Uint8Array(PIECE_BYTES)
    const got = await input.read(piece, 0)
    if (got > 0) yield piece.subarray(0, got)
    if (got < piece.length) return
  }
}
