import { resolve } from 'node:path'
import type { DuckDBConnection, DuckDBListVector, DuckDBType } from '@duckdb/node-api'
import type { ElementType } from '../data/element-types.js'
import { fail } from '../errors.js'
import type { DType, FloatArray } from '../tensor.js'
import {
  type Column,
  chooseColumns,
  dtypeOfColumns,
  headerOf,
  type NumberColumn,
  rowShapeOf,
} from './columns.js'
import { asking, type DuckDB, loadDuckDB, quoteName, quoteText, SETTINGS } from './duckdb.js'
import { isWholeGzip } from './gzip.js'
import type { Reader } from './reader.js'
import { type RowBlock, recut } from './recut.js'

/** What stands for a missing number in CSV. DuckDB knows 'nan' itself. */
const CSV_NULLS = "['', 'NA', 'N/A', 'NULL', 'null', 'None']"
/** How far DuckDB reads ahead. */
const READ_AHEAD = '16MB'
/** DuckDB takes 2,048 rows at a time. This is for rows of up to some 30,000 numbers; it is not used for others. */
const MEMORY_LIMIT = '1GB'

/**
 * Reads a Parquet or CSV file.
 * @param columns names, or numbers from 0. Default: all columns of numbers.
 * @throws EvenkeelError (EVENKEEL_BACKEND) if DuckDB is not installed, (EVENKEEL_FILE) if the file is not there, is not of
 * its format, or has no such columns.
 */
export async function readTable(
  path: string,
  format: 'parquet' | 'csv',
  columns?: readonly (string | number)[],
): Promise<Reader> {
  const duckdb = await loadDuckDB(path)
  // DuckDB's messages on a file that is not there are about patterns.
  const gzip = await isWholeGzip(path)
  const instance = await duckdb.DuckDBInstance.create(':memory:', { ...SETTINGS, memory_limit: MEMORY_LIMIT })
  const connection = await instance.connect()
  const close = async () => {
    connection.closeSync()
    instance.closeSync()
  }
  try {
    await connection.run(`SET streaming_buffer_size = '${READ_AHEAD}'`)
    return await asking(path, () => tableReader(duckdb, connection, path, format, gzip, columns, close))
  } catch (error) {
    await close()
    throw error
  }
}

async function tableReader(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  path: string,
  format: 'parquet' | 'csv',
  gzip: boolean,
  wanted: readonly (string | number)[] | undefined,
  close: () => Promise<void>,
): Promise<Reader> {
  // An absolute path is never taken for an address.
  const file = resolve(path)
  const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql, [file])).getRows()
  // By itself, DuckDB goes by the ending.
  const csvOptions = `nullstr=${CSV_NULLS}, compression='${gzip ? 'gzip' : 'auto'}'`
  const source = format === 'parquet' ? 'read_parquet($1)' : `read_csv($1, ${csvOptions})`
  const schema = await connection.stream(`SELECT * FROM ${source} LIMIT 0`, [file])
  const all = columnsOf(duckdb, schema.columnNames(), schema.columnTypes())
  const lengths = await Promise.all(all.map((column) => withLength(column, source, rowsOf)))
  const chosen = chooseColumns(path, lengths, wanted)
  const dtype = dtypeOfColumns(chosen)
  const rowShape = rowShapeOf(chosen)
  const rows =
    format === 'parquet'
      ? Number(
          (
            await rowsOf('SELECT CAST(coalesce(sum(num_rows), 0) AS DOUBLE) FROM parquet_file_metadata($1)')
          )[0][0],
        )
      : null
  return {
    path,
    format,
    rowShape,
    rows,
    dtype,
    names: chosen.map(({ name }) => name),
    seekable: rows !== null,
    header: headerOf(chosen),
    async *chunks(size, from = 0, to = rows ?? Number.POSITIVE_INFINITY) {
      const sql = `SELECT ${rowOf(chosen, dtype)} FROM ${rows === null ? csvOf(chosen, csvOptions) : parquetOf(from, to, rows)}`
      const blocks = blocksOf(path, connection, sql, file, chosen[0].name, rowShape[0], from)
      const skipped = rows === null ? from : 0
      yield* recut(blocks, { dtype, rowShape, rows: size, from: skipped, to: to - from + skipped })
    },
    close,
  }
}

function columnsOf(
  { DuckDBTypeId: Id }: DuckDB,
  names: readonly string[],
  types: readonly DuckDBType[],
): Column[] {
  const TYPES: Readonly<Record<number, ElementType>> = {
    [Id.BOOLEAN]: 'bool',
    [Id.TINYINT]: 'int8',
    [Id.SMALLINT]: 'int16',
    [Id.INTEGER]: 'int32',
    [Id.BIGINT]: 'int64',
    [Id.UTINYINT]: 'uint8',
    [Id.USMALLINT]: 'uint16',
    [Id.UINTEGER]: 'uint32',
    [Id.UBIGINT]: 'uint64',
    [Id.FLOAT]: 'float32',
    [Id.DOUBLE]: 'float64',
    // Decimal numbers and integers of 128 bits are rounded to float64.
    [Id.DECIMAL]: 'float64',
    [Id.HUGEINT]: 'float64',
    [Id.UHUGEINT]: 'float64',
  }
  return names.map((name, index) => {
    const type = types[index]
    const list = type.typeId === Id.LIST || type.typeId === Id.ARRAY
    const { typeId } = list ? (type as DuckDBType & { valueType: DuckDBType }).valueType : type
    // The length of lists is in the rows.
    return { name, index, typeName: String(type), type: TYPES[typeId] ?? null, length: list ? 0 : null }
  })
}

/** A column of lists gets the length of its first list. */
async function withLength(
  column: Column,
  source: string,
  rowsOf: (sql: string) => Promise<unknown[][]>,
): Promise<Column> {
  if (column.type === null || column.length === null) return column
  const name = quoteName(column.name)
  const [row] = await rowsOf(
    `SELECT CAST(len(${name}) AS INTEGER) FROM ${source} WHERE ${name} IS NOT NULL LIMIT 1`,
  )
  return row === undefined || row[0] === 0 ? { ...column, type: null } : { ...column, length: Number(row[0]) }
}

/**
 * A row as one list, so that DuckDB puts the numbers side by side: a vector for each column costs more than its numbers.
 * NULL becomes NaN.
 */
function rowOf(chosen: readonly NumberColumn[], dtype: DType): string {
  const type = dtype === 'float64' ? 'DOUBLE' : 'FLOAT'
  const nan = `CAST('nan' AS ${type})`
  const [{ name, length }] = chosen
  if (length === null)
    return `list_value(${chosen.map((each) => `coalesce(CAST(${quoteName(each.name)} AS ${type}), ${nan})`).join(', ')})`
  return `coalesce(CAST(${quoteName(name)} AS ${type}[]), list_resize(CAST([] AS ${type}[]), ${length}, ${nan}))`
}

/** Columns that began with integers may go on with fractions. */
function csvOf(chosen: readonly NumberColumn[], csvOptions: string): string {
  const types = chosen.filter(({ type }) => type !== 'bool').map(({ name }) => `${quoteText(name)}: 'DOUBLE'`)
  const given = types.length > 0 ? `, types={${types.join(', ')}}` : ''
  return `read_csv($1, ${csvOptions}${given})`
}

function parquetOf(from: number, to: number, rows: number): string {
  if (from === 0 && to >= rows) return 'read_parquet($1)'
  // By the numbers of its rows, DuckDB skips what it need not read.
  return `read_parquet($1, file_row_number=true) WHERE file_row_number >= ${from} AND file_row_number < ${to}`
}

async function* blocksOf(
  path: string,
  connection: DuckDBConnection,
  sql: string,
  file: string,
  name: string,
  size: number,
  firstRow: number,
): AsyncGenerator<RowBlock> {
  const result = await asking(path, () => connection.stream(sql, [file]))
  for (let row = firstRow; ; ) {
    const chunk = await asking(`${path}: after row ${row}`, () => result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) return
    const { rowCount } = chunk
    yield blockOf(path, name, chunk.getColumnVector(0) as DuckDBListVector, size, rowCount, row)
    row += rowCount
  }
}

function blockOf(
  path: string,
  name: string,
  lists: DuckDBListVector,
  length: number,
  rows: number,
  firstRow: number,
): RowBlock {
  for (let i = 0; i < rows; i++) {
    if (lists.getEntryLength(i) === length) continue
    const problem = `column ${name} has ${lists.getEntryLength(i)} numbers in row ${firstRow + i}, and ${length} before`
    fail('EVENKEEL_FILE', path, problem, 'give all rows the same number')
  }
  const numbers = lists.childVector
  return {
    rows,
    copy(from: number, to: number, out: FloatArray) {
      for (let row = from, at = 0; row < to; row++) {
        const begin = lists.getEntryOffset(row)
        for (let i = begin; i < begin + length; i++)
          out[at++] = (numbers.getItem(i) as number | null) ?? Number.NaN
      }
    },
  }
}
