import type { DType, Tensor } from '../tensor.js'

/** The formats of files. */
export const FORMATS = ['npy', 'safetensors', 'arrow', 'parquet', 'csv'] as const
export type Format = (typeof FORMATS)[number]

/** A file that is read in chunks of rows. */
export interface Reader {
  /** For messages. */
  readonly path: string
  readonly format: Format
  /** The shape of a row: the extents after the first. [] if a row is one number. */
  readonly rowShape: readonly number[]
  /** The number of rows. Null if it is known at the end only. */
  readonly rows: number | null
  /** The type that the chunks have. Integers are converted to one that holds them. */
  readonly dtype: DType
  /** The names of the columns. Null if the format has none. */
  readonly names: readonly string[] | null
  /** Whether chunks() can begin at any row. */
  readonly seekable: boolean
  /** What of the file's header tells one file from another, as text: type, shape, names. */
  readonly header: string
  /**
   * The rows from `from` to `to`, `rows` at a time; the last chunk may have fewer. A chunk's memory is used again: it is
   * valid until the next chunk is asked for. If the reader is not blocking, the next chunk is read while the caller works on
   * this one.
   * @throws EvenkeelError that names the file and the row if the file is cut off, or cannot be read.
   */
  chunks(rows: number, from?: number, to?: number): AsyncIterable<Tensor>
  close(): Promise<void>
}
