import type { AsyncRecordBatchFileReader, AsyncRecordBatchStreamReader, RecordBatch } from 'apache-arrow'
import { EvenkeelError, fail } from '../errors.js'
import { loadCodec } from './arrow-codecs.js'
import { blockOf, columnsOf } from './arrow-columns.js'
import { messagesOf, PREFIX_BYTES, prefixBytes } from './arrow-messages.js'
import {
  type Block,
  checkBody,
  checkMetadata,
  compressionOf,
  blocksOf as footerBlocks,
} from './arrow-metadata.js'
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

/**
 * Reads an Arrow file or an Arrow stream. One batch of the file is in memory at a time.
 * @param columns names, or numbers from 0. Default: all columns of numbers.
 * @throws EvenkeelError (EVENKEEL_BACKEND) if apache-arrow or a codec is not installed, (EVENKEEL_FILE) if the input is not
 * Arrow, or has no such columns.
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
  const starts = isFile ? await reading(path, () => batchStarts(arrow, input, size ?? 0)) : null
  const open = () =>
    reading(path, async () => {
      const source =
        !isFile || size === null
          ? messagesOf(input, begin.subarray(0, got), (metadata) =>
              loadCodec(arrow, path, compressionOf(metadata)),
            )
          : handleOf(input, size)
      const reader = await arrow.RecordBatchReader.from(
        source as Parameters<typeof arrow.RecordBatchReader.from>[0],
      )
      return (await reader.open()) as AsyncRecordBatchFileReader | AsyncRecordBatchStreamReader
    })
  const first = await open()
  if (first.schema === undefined || first.schema === null)
    fail('EVENKEEL_FILE', path, 'it has no schema; this is no Arrow data', 'write it again')
  const chosen = chooseColumns(path, columnsOf(arrow, first.schema.fields), columns)
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
    return fail(
      'EVENKEEL_FILE',
      who,
      `this is no sound Arrow data (${message.split('\n', 1)[0]})`,
      'write it again',
    )
  }
}

/** Checks the footer of an Arrow file, and all its metadata. Returns the first row of each batch, and how many rows there are. */
async function batchStarts(arrow: Arrow, input: ByteInput, size: number): Promise<number[]> {
  const { path } = input
  const end = Buffer.alloc(END_BYTES)
  await input.read(end, Math.max(0, size - END_BYTES))
  const footerBytes = end.readInt32LE(0)
  const most = size - BEGIN_BYTES - END_BYTES
  if (!MAGIC.equals(end.subarray(FOOTER_LENGTH_BYTES)) || footerBytes <= 0 || footerBytes > most)
    fail('EVENKEEL_FILE', path, 'this Arrow file has no footer; it was cut off', 'write it again')
  const footer = new Uint8Array(footerBytes)
  await input.read(footer, size - END_BYTES - footerBytes)
  checkMetadata(path, 'footer', footer)
  for (const block of footerBlocks(footer, 'dictionaries')) await messageAt(arrow, input, size, block)
  const starts = [0]
  for (const block of footerBlocks(footer, 'batches')) {
    const message = new arrow.MessageReader(await messageAt(arrow, input, size, block)).readMessage(
      arrow.MessageHeader.RecordBatch,
    )
    checkBody(`${path}: batch ${starts.length - 1}`, block.bodyBytes)
    starts.push(starts[starts.length - 1] + Math.max(0, message?.header().length ?? 0))
  }
  return starts
}

/** The checked metadata of a message, with what comes before them. The codec of its body is loaded. */
async function messageAt(
  arrow: Arrow,
  input: ByteInput,
  size: number,
  { offset, metadataBytes }: Block,
): Promise<Uint8Array> {
  if (!(offset >= 0 && metadataBytes > PREFIX_BYTES && offset + metadataBytes <= size))
    fail('EVENKEEL_FILE', input.path, 'the footer leads to a place that is not in the file', 'write it again')
  const bytes = new Uint8Array(metadataBytes)
  await input.read(bytes, offset)
  const metadata = bytes.subarray(prefixBytes(bytes))
  checkMetadata(input.path, 'message', metadata)
  await loadCodec(arrow, input.path, compressionOf(metadata))
  return bytes
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
