import type { ResultType } from '../data/element-types.js'
import { fail } from '../errors.js'
import { sizeOf, type Tensor } from '../tensor.js'
import { AtomicFile } from './atomic-file.js'
import { type NewColumns, newColumns } from './columns.js'
import { loadDuckDB, quoteText, SETTINGS } from './duckdb.js'
import { startThread, type WritingThread } from './duckdb-worker.js'
import { endingOf } from './ending.js'
import type { NewFile, Writer } from './writer.js'

/** The name of the rows in SQL. */
const TABLE = 'evenkeel_rows'
/** DuckDB holds the rows of a group of Parquet in memory. */
const GROUP_BYTES = 2 ** 25
/** The rows of a group at most: DuckDB's own number. */
const GROUP_ROWS = 122_880

/**
 * Writes a Parquet or CSV file, on a thread of its own. Always call commit() or abort(): the thread waits for them.
 * @param names of the columns. Null, or for rows of rank 2 or more: one column of lists. CSV has no lists: its columns get
 * numbers.
 * @throws EvenkeelError (EVENKEEL_OPTION) on float16, which these formats do not have; (EVENKEEL_STATE) if too many such
 * files are being written.
 */
export async function writeTable(
  path: string,
  format: 'parquet' | 'csv',
  { type, rowShape, names }: NewFile,
): Promise<Writer> {
  if (type === 'float16')
    fail(
      'EVENKEEL_OPTION',
      path,
      `${format} has no float16`,
      'write float32, or write npy, safetensors or arrow',
    )
  await loadDuckDB(path)
  const rowSize = sizeOf(rowShape)
  const columns = newColumns(rowShape, rowSize, names)
  const options = format === 'csv' ? csvOptions(path) : parquetOptions(rowSize * bytesOfNumber(type))
  const file = await AtomicFile.create(path)
  const to = quoteText(await file.release())
  let thread: WritingThread
  try {
    thread = startThread(path, {
      settings: { ...SETTINGS, threads: '1' },
      sql: `COPY (SELECT * FROM ${TABLE}()) TO ${to} (${options}, USE_TMP_FILE false)`,
      table: TABLE,
      ...(format === 'csv' ? withoutLists(columns) : columns),
      type: type === 'float64' ? 'DOUBLE' : 'FLOAT',
    })
  } catch (error) {
    await file.abort()
    throw error
  }
  return {
    async write({ data }: Tensor) {
      if (data.length > 0) await thread.send(data)
    },
    async commit() {
      try {
        await thread.end()
      } catch (error) {
        await file.abort()
        throw error
      }
      return file.commit()
    },
    async abort() {
      await thread.abort()
      await file.abort()
    },
  }
}

function bytesOfNumber(type: ResultType): number {
  return type === 'float64' ? Float64Array.BYTES_PER_ELEMENT : Float32Array.BYTES_PER_ELEMENT
}

function parquetOptions(rowBytes: number): string {
  const rows = Math.max(1, Math.min(GROUP_ROWS, Math.floor(GROUP_BYTES / rowBytes)))
  return `FORMAT parquet, ROW_GROUP_SIZE ${rows}`
}

function csvOptions(path: string): string {
  const ending = endingOf(path).toLowerCase()
  const delimiter = ending.startsWith('.tsv') ? '\t' : ','
  // By default, DuckDB goes by the temporary name.
  const compression = ending.endsWith('.gz') ? 'gzip' : 'none'
  return `FORMAT csv, HEADER true, DELIMITER '${delimiter}', COMPRESSION ${compression}`
}

/** CSV has no lists: each of their numbers gets a column. */
function withoutLists({ names, length }: NewColumns): NewColumns {
  if (length === null) return { names, length }
  return { names: Array.from({ length }, (_, i) => `${names[0]}${i}`), length: null }
}
