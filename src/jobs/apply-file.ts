import type { ResultType } from '../data/element-types.js'
import { openWriter } from '../files/open.js'
import type { Format, Reader } from '../files/reader.js'
import type { Writer } from '../files/writer.js'
import { type DType, newArray, type Tensor } from '../tensor.js'
import type { JobEvents, Meter } from './events.js'
import { checkUnchanged, type Input, type InputOptions } from './inputs.js'
import type { Operation, RowsToRows } from './operation.js'
import { type Reading, reading } from './reading.js'
import { inFile } from './saved.js'

export interface ApplySettings extends InputOptions {
  /** The format of the outputs. Default: that of each input. */
  readonly format?: Format | undefined
  /** The type of the results. Default: that in which the input is read, float32 or float64. */
  readonly dtype?: ResultType | undefined
}

/**
 * Applies an operation to one file. The output gets its name when it is whole.
 * @param beforeName runs when it is whole, just before it gets its name.
 */
export async function applyToFile(
  {
    operation,
    options = {},
  }: { readonly operation: Operation; readonly options?: ApplySettings | undefined },
  input: Input,
  path: string,
  meter: Meter,
  { signal }: JobEvents,
  beforeName = async () => {},
): Promise<{ rows: number; bytes: number }> {
  return reading(input, options, signal, async (opened) => {
    const { reader } = opened
    const { rowShape, rows, names } = reader
    const { dtype: type = reader.dtype, format } = options
    // float16 is made of the numbers when they are written.
    const dtype = type === 'float16' ? reader.dtype : type
    const rowsToRows = await inFile(input.path, () => prepare(operation, reader, dtype))
    const writer = await openWriter(path, { format, type, rowShape, rows, names, blocking: true })
    try {
      const written = await pump(opened, writer, rowsToRows, dtype, input, meter)
      await checkUnchanged(input)
      await beforeName()
      return { rows: written, ...(await writer.commit()) }
    } catch (error) {
      await writer.abort()
      throw error
    }
  })
}

/** What does not fit the rows of a file is refused here, before there is an output. */
function prepare(operation: Operation, reader: Reader, dtype: DType): RowsToRows {
  const rowsToRows = operation.for(reader, dtype)
  const noRows = (type: DType): Tensor => ({ data: newArray(type, 0), shape: [0, ...reader.rowShape] })
  rowsToRows(noRows(reader.dtype), noRows(dtype))
  return rowsToRows
}

/**
 * Reads, computes and writes. A format that another thread writes is written while the next chunk is computed. Returns the
 * number of rows.
 */
async function pump(
  { reader, chunks }: Reading,
  writer: Writer,
  rowsToRows: RowsToRows,
  dtype: DType,
  input: Input,
  meter: Meter,
): Promise<number> {
  const results = resultsOf(dtype)
  let row = 0
  let writing: { readonly from: number; readonly done: Promise<void> } | undefined
  const written = async () => {
    const { from, done } = writing ?? { from: 0, done: undefined }
    await inFile(input.path, () => done, from)
  }
  try {
    for await (const x of chunks()) {
      const out = results(x)
      await inFile(input.path, () => rowsToRows(x, out), row)
      await written()
      writing = { from: row, done: writer.write(out) }
      // It is awaited with the next chunk.
      writing.done.catch(() => {})
      row += x.shape[0]
      if (reader.rows !== null) meter.add((input.size * x.shape[0]) / reader.rows)
    }
    await written()
    if (reader.rows === null) meter.add(input.size)
    return row
  } finally {
    await writing?.done.catch(() => {})
  }
}

/** Gives tensors of the shape of each chunk, over two arrays in turn: one is written while the other is filled. */
function resultsOf(dtype: DType): (x: Tensor) => Tensor {
  const arrays = [newArray(dtype, 0), newArray(dtype, 0)]
  let turn = 0
  return ({ data, shape }) => {
    turn = 1 - turn
    if (arrays[turn].length < data.length) arrays[turn] = newArray(dtype, data.length)
    return { data: arrays[turn].subarray(0, data.length), shape }
  }
}
