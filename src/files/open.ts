import { extname } from 'node:path'
import type { ResultType } from '../data/element-types.js'
import { fail } from '../errors.js'
import { openFile, openStream } from './byte-input.js'
import type { Format, Reader } from './reader.js'
import type { Writer } from './writer.js'

export interface OpenOptions {
  /** Default: by the ending of the name; npy for standard input. */
  readonly format?: Format | undefined
  /** safetensors: the name of the tensor. It may be left out if the file has only one. */
  readonly tensor?: string | undefined
  /** Arrow, Parquet, CSV: the columns, by name or by number from 0. Default: all columns of numbers. */
  readonly columns?: readonly (string | number)[] | undefined
}

/** Standard input, or standard output. */
export const STANDARD = '-'

const FORMATS: Readonly<Record<string, Format>> = {
  '.npy': 'npy',
  '.safetensors': 'safetensors',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.tsv': 'csv',
}

/** The format of a file, by its name. */
export function formatOf(path: string): Format {
  if (path === STANDARD) return 'npy'
  const format = FORMATS[extname(path).toLowerCase()]
  if (format !== undefined) return format
  return fail(
    'EVENKEEL_FILE',
    path,
    'the format is not known by the ending of the name',
    `name the format, or rename the file to one of ${Object.keys(FORMATS).join(', ')}`,
  )
}

/**
 * Opens a file of rows. Close the reader at the end.
 * @param path a file, or '-' for standard input (npy, or an Arrow stream).
 * @throws EvenkeelError (EVENKEEL_FILE, EVENKEEL_BUFFER) if the file is not there, or is not of its format;
 * (EVENKEEL_BACKEND) with the command that installs it, if the package that reads the format is not installed.
 */
export async function openReader(path: string, options: OpenOptions = {}): Promise<Reader> {
  const { format = formatOf(path), tensor, columns } = options
  if (format === 'parquet' || format === 'csv') {
    if (path === STANDARD)
      fail(
        'EVENKEEL_FILE',
        'standard input',
        `${format} cannot be read from a stream`,
        'give a file, or send npy or arrow',
      )
    return (await import('./duckdb-reader.js')).readTable(path, format, columns)
  }
  const input = path === STANDARD ? openStream('standard input', process.stdin) : await openFile(path)
  try {
    if (format === 'npy') return await (await import('./npy-file.js')).readNpy(input)
    if (format === 'arrow') return await (await import('./arrow.js')).readArrow(input, columns)
    return await (await import('./safetensors-file.js')).readSafetensors(input, tensor)
  } catch (error) {
    await input.close()
    throw error
  }
}

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
}

/**
 * Begins a file. It gets its name with commit(), when the disk has all of it. Call abort() if that does not come.
 * @param path a file, or '-' for standard output (npy).
 * @throws EvenkeelError (EVENKEEL_FILE) if the file cannot be made; (EVENKEEL_OPTION) if the format has no such type;
 * (EVENKEEL_BACKEND) with the command that installs it, if the package that writes the format is not installed.
 */
export async function openWriter(path: string, options: NewFile): Promise<Writer> {
  const { format = formatOf(path), type, rowShape, rows, names } = options
  if (path === STANDARD) {
    if (format !== 'npy')
      fail(
        'EVENKEEL_FILE',
        'standard output',
        `${format} cannot be written to a stream`,
        'write npy, or give a file',
      )
    return (await import('./npy-stream.js')).streamNpy(type, rowShape, rows)
  }
  switch (format) {
    case 'npy':
      return (await import('./npy-file.js')).writeNpy(path, type, rowShape)
    case 'safetensors': {
      if (rows === null)
        fail(
          'EVENKEEL_OPTION',
          path,
          'safetensors needs the number of rows first, and the input does not tell it',
          'write npy',
        )
      return (await import('./safetensors-file.js')).writeSafetensors(path, type, rowShape, rows)
    }
    case 'arrow':
      return (await import('./arrow-writer.js')).writeArrow(path, type, rowShape, names)
    default:
      return (await import('./duckdb-writer.js')).writeTable(path, format, type, rowShape, names)
  }
}
