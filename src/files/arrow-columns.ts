import type { Data, DataType, Field, RecordBatch } from 'apache-arrow'
import { ELEMENT_TYPES, type ElementType, STORAGES } from '../data/element-types.js'
import { fail } from '../errors.js'
import { type FloatArray, newArray } from '../tensor.js'
import { type Column, dtypeOfColumns, type NumberColumn, rowShapeOf } from './columns.js'
import type { RowBlock } from './recut.js'

type Arrow = typeof import('apache-arrow')

/** The columns of a schema. */
export function columnsOf(arrow: Arrow, fields: readonly Field[]): Column[] {
  return fields.map(({ name, type }, index) => {
    const list = arrow.DataType.isFixedSizeList(type) && type.listSize > 0
    return {
      name,
      index,
      typeName: String(type),
      type: elementTypeOf(arrow, list ? type.children[0].type : type),
      length: list ? type.listSize : null,
    }
  })
}

const FLOATS: readonly ElementType[] = ['float16', 'float32', 'float64']

/** Null: no numbers, or a type that is not known, of a file that is not sound. */
function elementTypeOf({ DataType }: Arrow, type: DataType): ElementType | null {
  if (DataType.isBool(type)) return 'bool'
  if (DataType.isFloat(type)) return FLOATS[type.precision] ?? null
  if (!DataType.isInt(type)) return null
  const name = `${type.isSigned ? 'int' : 'uint'}${type.bitWidth}`
  return ELEMENT_TYPES.find((each) => each === name) ?? null
}

/** A tile of rows stays in a first-level or second-level cache while its columns are put side by side. */
const TILE_BYTES = 2 ** 18

/** The rows of a batch. Nulls are NaN. */
export function blockOf(path: string, batch: RecordBatch, chosen: readonly NumberColumn[]): RowBlock {
  const { numRows: rows } = batch
  const [rowSize] = rowShapeOf(chosen)
  const dtype = dtypeOfColumns(chosen)
  const columns = chosen.map((column) => partsOf(path, batch.data.children[column.index], column, rows))
  const tile = Math.ceil(TILE_BYTES / (rowSize * newArray(dtype, 0).BYTES_PER_ELEMENT))
  return {
    rows,
    copy(from, to, out) {
      for (let begin = from; begin < to; begin += tile) {
        const end = Math.min(to, begin + tile)
        columns.forEach((parts, c) => {
          copyColumn(parts, begin, end, out.subarray((begin - from) * rowSize + c), rowSize)
        })
      }
    },
  }
}

/** A column of a batch: its numbers, `length` of them in a row, and where it has nulls. */
interface Parts {
  readonly type: ElementType
  readonly length: number
  readonly numbers: Data
  /** Null: all rows have lists. */
  readonly lists: Data | null
}

function partsOf(
  path: string,
  data: Data | undefined,
  { name, type, length }: NumberColumn,
  rows: number,
): Parts {
  const numbers = length === null ? data : data?.children[0]
  const needed = rows * (length ?? 1)
  const there = numbers === undefined ? 0 : Math.min(numbers.length, valuesIn(numbers, type))
  if (data === undefined || numbers === undefined || there < needed || data.length < rows)
    return fail('EVENKEEL_FILE', path, `column ${name} has fewer values than rows`, 'write the file again')
  return { type, length: length ?? 1, numbers, lists: length === null || data.nullCount === 0 ? null : data }
}

/** The values of a bool are bits. */
const BITS = 8

function valuesIn(data: Data, type: ElementType): number {
  const { length, offset, nullCount } = data
  // A column of nulls alone may have no values.
  if (nullCount === length) return length
  const values = data.values as ArrayLike<unknown>
  return type === 'bool' ? values.length * BITS - offset : values.length
}

/** Writes the values of the rows from `begin` to `end`: lists side by side, and numbers `rowSize` apart. */
function copyColumn(
  { type, length, numbers, lists }: Parts,
  begin: number,
  end: number,
  out: FloatArray,
  rowSize: number,
): void {
  const first = begin * length
  const count = (end - begin) * length
  const stride = length === 1 ? rowSize : 1
  if (numbers.nullCount === numbers.length) {
    for (let i = 0; i < count; i++) out[i * stride] = Number.NaN
    return
  }
  const values = plainValues(type, numbers, first, count)
  for (let i = 0, at = 0; i < count; i++, at += stride) out[at] = values[i]
  if (numbers.nullCount > 0) {
    for (let i = 0; i < count; i++) if (!numbers.getValid(first + i)) out[i * stride] = Number.NaN
  }
  if (lists === null) return
  for (let row = begin; row < end; row++) {
    if (!lists.getValid(row)) out.fill(Number.NaN, (row - begin) * length, (row - begin + 1) * length)
  }
}

/** `count` values from `first` on, as numbers. */
function plainValues(type: ElementType, data: Data, first: number, count: number): ArrayLike<number> {
  if (type === 'bool') {
    const bits = data.values as Uint8Array
    const bit = (i: number) => (bits[Math.floor(i / BITS)] >> (i % BITS)) & 1
    return Float32Array.from({ length: count }, (_, i) => bit(data.offset + first + i))
  }
  const { values } = data as { values: ArrayBufferView }
  if (type === 'float32' || type === 'float64') return (values as FloatArray).subarray(first, first + count)
  const { bytes, dtype, read } = STORAGES[type]
  const numbers = newArray(dtype, count)
  read(values.buffer as ArrayBuffer, values.byteOffset + first * bytes, numbers)
  return numbers
}
