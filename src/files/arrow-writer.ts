import { extname } from 'node:path'
import type { Data, RecordBatchWriter, Schema } from 'apache-arrow'
import type { ResultType } from '../data/element-types.js'
import { toFloat16 } from '../data/float16.js'
import { dtypeOf, type FloatArray, newArray, sizeOf, type Tensor } from '../tensor.js'
import { loadArrow } from './arrow.js'
import { AtomicFile } from './atomic-file.js'
import { newColumns } from './columns.js'
import type { NewFile, Writer } from './writer.js'

type Arrow = typeof import('apache-arrow')

/** The ending of files in the stream format. All others are in the file format. */
const STREAM_ENDING = '.arrows'

/**
 * Writes an Arrow file, a batch for each call of write().
 * @param names of the columns. Null, or for rows of rank 2 or more: one column of fixed-size lists.
 */
export async function writeArrow(
  path: string,
  { type, rowShape, names, blocking }: NewFile,
): Promise<Writer> {
  const arrow = await loadArrow(path)
  const columns = newColumns(rowShape, sizeOf(rowShape), names)
  const number = numberType(arrow, type)
  const field = (name: string) =>
    columns.length === null
      ? new arrow.Field(name, number, true)
      : new arrow.Field(
          name,
          new arrow.FixedSizeList(columns.length, new arrow.Field('item', number, true)),
          true,
        )
  const schema: Schema = new arrow.Schema(columns.names.map(field))
  const Format = extname(path) === STREAM_ENDING ? arrow.RecordBatchStreamWriter : arrow.RecordBatchFileWriter
  const writer: RecordBatchWriter = new Format({ autoDestroy: false })
  const sink = new (sinkOf(arrow))()
  writer.reset(sink, schema)
  const file = await AtomicFile.create(path, blocking)
  let at = 0
  const flush = async () => {
    for (const bytes of sink.take()) {
      await file.write(bytes, at)
      at += bytes.length
    }
  }
  return {
    async write({ data, shape: [rows] }: Tensor) {
      const parts = columns.names.map((_, c) => {
        const values = valuesOf(data, c, columns.length === null ? columns.names.length : 1, type)
        const numbers: Data = arrow.makeData({
          type: number,
          length: values.length,
          nullCount: 0,
          data: values,
        })
        if (columns.length === null) return numbers
        return arrow.makeData({ type: schema.fields[c].type, length: rows, nullCount: 0, child: numbers })
      })
      const struct = arrow.makeData({
        type: new arrow.Struct(schema.fields),
        length: rows,
        nullCount: 0,
        children: parts,
      })
      writer.write(new arrow.RecordBatch(schema, struct))
      await flush()
    },
    async commit() {
      writer.close()
      await flush()
      return file.commit()
    },
    abort: () => file.abort(),
  }
}

function numberType(arrow: Arrow, type: ResultType) {
  if (type === 'float16') return new arrow.Float16()
  return type === 'float64' ? new arrow.Float64() : new arrow.Float32()
}

/** Each `stride`-th number from `first` on. */
function valuesOf(data: FloatArray, first: number, stride: number, type: ResultType) {
  const values = stride === 1 ? data : newArray(dtypeOf(data), data.length / stride)
  if (stride > 1) for (let i = 0, from = first; i < values.length; i++, from += stride) values[i] = data[from]
  if (type !== 'float16') return values
  const halves = new Uint16Array(values.length)
  toFloat16(values, halves)
  return halves
}

/** Where the library puts bytes. Its own queue has no limit, and can only be read at the pace of the event loop. */
function sinkOf({ AsyncByteQueue }: Arrow) {
  return class extends AsyncByteQueue {
    #pieces: Uint8Array[] = []

    override write(bytes: Uint8Array): void {
      this.#pieces.push(bytes)
    }

    /** What was written since the last call. */
    take(): Uint8Array[] {
      const pieces = this.#pieces
      this.#pieces = []
      return pieces
    }
  }
}
