import type { ResultType } from '../data/element-types.js'
import type { Tensor } from '../tensor.js'
import type { Format } from './reader.js'

export interface NewFile {
  /** Default: by the ending of the name. */
  readonly format?: Format | undefined
  /** The type of the numbers. float16: npy, safetensors and Arrow only. */
  readonly type: ResultType
  /** The shape of a row: the extents after the first. */
  readonly rowShape: readonly number[]
  /** How many rows there will be. Null: not known yet, which safetensors cannot be written with. */
  readonly rows: number | null
  /**
   * Arrow, Parquet, CSV: the names of the columns, one for each number of a row. One name, or null: a row is a list in one
   * column (in CSV, which has no lists, a column for each number).
   */
  readonly names: readonly string[] | null
  /** npy, safetensors, Arrow: whether this thread waits while bytes are written, as in OpenOptions. Default: false. */
  readonly blocking?: boolean | undefined
}

/** A file that is written in chunks of rows. It gets its name when it is whole. */
export interface Writer {
  /** Writes the next rows. The tensor's memory may be used again once the promise has settled. */
  write(rows: Tensor): Promise<void>
  /** Writes what is left, waits until the disk has it, and gives the file its name. Returns its size. */
  commit(): Promise<{ readonly bytes: number }>
  /** Removes what was written. It does nothing after commit(). */
  abort(): Promise<void>
}
