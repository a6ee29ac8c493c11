import { fail } from '../errors.js'

// Arrow's metadata are FlatBuffers (https://flatbuffers.dev/internals), which the library reads without a look at their
// end: a wrong length of a list would keep it busy for minutes. So the lengths are checked here first.
//   table     int32: how far before it its vtable is; then its fields
//   vtable    uint16: its bytes; uint16: the bytes of the table; then for each field, where in the table it is, or 0
//   list      a field with how far after it the list is: uint32, the number of elements; then the elements

/** What a field leads to: one table, or a list of tables or of so many bytes each. */
type Field = { readonly table: Kind } | { readonly tables: Kind } | { readonly bytes: number }
type Kind = 'footer' | 'message' | 'schema' | 'field' | 'dictionary' | 'batch' | 'compression' | 'pair'

/** What a footer has of a message: int64, where it is; int32, the bytes of its metadata, and 4 unused; int64, its body. */
const BLOCK_BYTES = 24
const BLOCK_METADATA = 8
const BLOCK_BODY = 16

/** The fields with lists, by their number, of Arrow's Message.fbs, File.fbs and Schema.fbs. */
const FIELDS: Readonly<Record<Kind, Readonly<Record<number, Field>>>> = {
  footer: {
    1: { table: 'schema' },
    2: { bytes: BLOCK_BYTES },
    3: { bytes: BLOCK_BYTES },
    4: { tables: 'pair' },
  },
  message: { 4: { tables: 'pair' } },
  schema: { 1: { tables: 'field' }, 2: { tables: 'pair' } },
  field: { 5: { tables: 'field' }, 6: { tables: 'pair' } },
  dictionary: { 1: { table: 'batch' } },
  batch: { 1: { bytes: 16 }, 2: { bytes: 16 }, 3: { table: 'compression' }, 4: { bytes: 8 } },
  compression: {},
  pair: {},
}
/** The kinds of a message, by its type, which is field 1; field 2 is the table. */
const MESSAGES: readonly (Kind | undefined)[] = [undefined, 'schema', 'dictionary', 'batch']
const [TYPE_FIELD, TABLE_FIELD, BODY_FIELD] = [1, 2, 3]
/** The batch of a dictionary, the compression of a batch, and the codec of a compression. */
const [BATCH_FIELD, COMPRESSION_FIELD, CODEC_FIELD] = [1, 3, 0]
const OFFSET_BYTES = 4
/** Lists in lists are no deeper than this in any table of data. */
const DEEPEST = 64

/** Checks that all lists of a footer or message end within it. @throws EvenkeelError (EVENKEEL_FILE) if not. */
export function checkMetadata(path: string, kind: 'footer' | 'message', bytes: Uint8Array): void {
  const view = viewOf(bytes)
  // Tables may be met more than once, so they are counted.
  let tables = 0
  const visit = (what: Kind, at: number, depth: number): void => {
    if (++tables > bytes.length || depth > DEEPEST) throw new RangeError('too many tables')
    const fields = Object.entries(FIELDS[what]).map(([number, field]) => [Number(number), field] as const)
    const inside = what === 'message' ? kindOf(view, at) : undefined
    if (inside !== undefined) fields.push([TABLE_FIELD, { table: inside }])
    for (const [number, field] of fields) {
      const place = fieldAt(view, at, number)
      if (place === null) continue
      const target = place + view.getUint32(place, true)
      if ('table' in field) {
        visit(field.table, target, depth + 1)
        continue
      }
      const count = view.getUint32(target, true)
      const begin = target + OFFSET_BYTES
      const size = 'bytes' in field ? field.bytes : OFFSET_BYTES
      if (begin + count * size > bytes.length) throw new RangeError(`a list of ${count}`)
      if ('bytes' in field) continue
      for (let i = begin; i < begin + count * size; i += size)
        visit(field.tables, i + view.getUint32(i, true), depth + 1)
    }
  }
  try {
    visit(kind, view.getUint32(0, true), 0)
  } catch {
    fail('EVENKEEL_FILE', path, `the ${kind} has lists that do not end within it`, 'write it again')
  }
}

/** The length of the body that follows a message. */
export function bodyBytesOf(message: Uint8Array): number {
  const view = viewOf(message)
  const place = fieldAt(view, view.getUint32(0, true), BODY_FIELD)
  return place === null ? 0 : Number(view.getBigInt64(place, true))
}

/** The number of the codec that compressed the body of a checked message. Null: it is not compressed. */
export function compressionOf(message: Uint8Array): number | null {
  const view = viewOf(message)
  const tableIn = (table: number | null, field: number): number | null => {
    const place = table === null ? null : fieldAt(view, table, field)
    return place === null ? null : place + view.getUint32(place, true)
  }
  const root = view.getUint32(0, true)
  const kind = kindOf(view, root)
  const inside = tableIn(root, TABLE_FIELD)
  const batch = kind === 'batch' ? inside : kind === 'dictionary' ? tableIn(inside, BATCH_FIELD) : null
  const compression = tableIn(batch, COMPRESSION_FIELD)
  if (compression === null) return null
  const place = fieldAt(view, compression, CODEC_FIELD)
  return place === null ? 0 : view.getUint8(place)
}

/** Where a message of a file is. */
export interface Block {
  readonly offset: number
  readonly metadataBytes: number
  readonly bodyBytes: number
}

/** A batch is read at once, and Node reads no more bytes than this at once. */
const MOST_BODY_BYTES = 2 ** 31 - 1

/** @throws EvenkeelError (EVENKEEL_FILE) if a batch is too large to be in memory. */
export function checkBody(who: string, bytes: number): void {
  if (bytes <= MOST_BODY_BYTES) return
  fail(
    'EVENKEEL_FILE',
    who,
    `it has ${bytes} bytes, and a batch is in memory as a whole: at most ${MOST_BODY_BYTES}`,
    'write batches of fewer rows (in pyarrow: write_table(table, max_chunksize=65536); in polars: record_batch_size=65536)',
  )
}

/** The messages that a checked footer lists. */
export function blocksOf(footer: Uint8Array, which: 'dictionaries' | 'batches'): Block[] {
  const view = viewOf(footer)
  const place = fieldAt(view, view.getUint32(0, true), which === 'dictionaries' ? 2 : 3)
  if (place === null) return []
  const list = place + view.getUint32(place, true)
  return Array.from({ length: view.getUint32(list, true) }, (_, i) => {
    const at = list + OFFSET_BYTES + i * BLOCK_BYTES
    return {
      offset: Number(view.getBigInt64(at, true)),
      metadataBytes: view.getInt32(at + BLOCK_METADATA, true),
      bodyBytes: Number(view.getBigInt64(at + BLOCK_BODY, true)),
    }
  })
}

/** What a message has inside. Undefined: nothing that has lists. */
function kindOf(view: DataView, message: number): Kind | undefined {
  const type = fieldAt(view, message, TYPE_FIELD)
  return type === null ? undefined : MESSAGES[view.getUint8(type)]
}

/** Where a field of a table is. Null: it is not there. */
function fieldAt(view: DataView, table: number, field: number): number | null {
  const vtable = table - view.getInt32(table, true)
  const entry = OFFSET_BYTES + 2 * field
  const offset = entry < view.getUint16(vtable, true) ? view.getUint16(vtable + entry, true) : 0
  return offset === 0 ? null : table + offset
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
