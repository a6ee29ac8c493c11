import { RESULT_TYPES, type ResultType } from '../data/element-types.js'
import { isShape } from '../data/is-shape.js'
import { describe, fail } from '../errors.js'
import { checkBoolean, checkChoice, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { FORMATS, type Format } from './reader.js'

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

/**
 * The options, checked and copied: a writer needs them until its end, and the caller may change them.
 * @throws EvenkeelError (EVENKEEL_OPTION) if an option is not what NewFile says.
 */
export function newFileFrom(options: NewFile): NewFile {
  const who = 'openWriter'
  checkOptions(who, options, ['format', 'type', 'rowShape', 'rows', 'names', 'blocking'])
  const { format, type, rowShape, rows, names, blocking = false } = options
  if (format !== undefined) checkChoice(who, 'format', format, FORMATS)
  checkChoice(who, 'type', type, RESULT_TYPES)
  checkBoolean(who, 'blocking', blocking)
  const wrong = (name: string, wanted: string, value: unknown, remedy: string) =>
    fail('EVENKEEL_OPTION', who, `${name} must be ${wanted}, got ${describe(value)}`, remedy)
  if (!isShape(rowShape))
    wrong('rowShape', 'a list of whole numbers from 0 up', rowShape, 'give the extents of a row, as in [64]')
  if (rows !== null && !isShape([rows]))
    wrong('rows', 'a whole number from 0 up, or null', rows, 'give null if it is not known yet')
  if (names !== null && !(Array.isArray(names) && [...names].every((name) => typeof name === 'string')))
    wrong('names', 'a list of texts, or null', names, 'give null if the columns have no names')
  return { format, type, rowShape: [...rowShape], rows, names: names && [...names], blocking }
}
