import { fail } from '../errors.js'
import { checkBoolean, checkChoice, checkOptions } from '../options.js'
import { openFile, openStream } from './byte-input.js'
import { endingOf } from './ending.js'
import { FORMATS, type Format, type Reader } from './reader.js'
import { type NewFile, newFileFrom, type Writer } from './writer.js'

export interface OpenOptions {
  /** Default: by the ending of the name; npy for standard input. */
  readonly format?: Format | undefined
  /** safetensors: the name of the tensor. It may be left out if the file has only one. */
  readonly tensor?: string | undefined
  /** Arrow, Parquet, CSV: the columns, by name or by number from 0. Default: all columns of numbers. */
  readonly columns?: readonly (string | number)[] | undefined
  /**
   * npy, safetensors, Arrow: whether this thread waits for the disk. It reads a file that the page cache has in half the
   * time, and nothing else runs in this thread meanwhile: right for a job, wrong for a server. A stream is never
   * read so. Default: false.
   */
  readonly blocking?: boolean | undefined
}

/** Standard input, or standard output. */
export const STANDARD = '-'

const ENDINGS: Readonly<Record<string, Format>> = {
  '.npy': 'npy',
  '.safetensors': 'safetensors',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.csv.gz': 'csv',
  '.tsv.gz': 'csv',
}

/** The format of a file, by its name. */
export function formatOf(path: string): Format {
  if (path === STANDARD) return 'npy'
  const format = ENDINGS[endingOf(path).toLowerCase()]
  if (format !== undefined) return format
  return fail(
    'EVENKEEL_FILE',
    path,
    'the format is not known by the ending of the name',
    `name the format, or rename the file to one of ${Object.keys(ENDINGS).join(', ')}`,
  )
}

/**
 * Opens a file of rows. Close the reader at the end.
 * @param path a file, or '-' for standard input (npy, or an Arrow stream).
 * @throws EvenkeelError (EVENKEEL_FILE, EVENKEEL_BUFFER) if the file is not there, or is not of its format;
 * (EVENKEEL_BACKEND) with the command that installs it, if the package that reads the format is not installed.
 */
export async function openReader(path: string, options: OpenOptions = {}): Promise<Reader> {
  const who = 'openReader'
  checkOptions(who, options, ['format', 'tensor', 'columns', 'blocking'])
  const { format = formatOf(path), tensor, columns, blocking = false } = options
  checkChoice(who, 'format', format, FORMATS)
  checkBoolean(who, 'blocking', blocking)
  if (format !== 'safetensors' && tensor !== undefined)
    fail('EVENKEEL_OPTION', path, `${format} has no tensors with names`, 'leave out tensor')
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
  if (format !== 'arrow' && columns !== undefined)
    fail('EVENKEEL_OPTION', path, `${format} has no columns to choose from`, 'leave out columns')
  const input =
    path === STANDARD ? openStream('standard input', process.stdin) : await openFile(path, blocking)
  try {
    if (format === 'npy') return await (await import('./npy-file.js')).readNpy(input)
    if (format === 'arrow') return await (await import('./arrow.js')).readArrow(input, columns)
    return await (await import('./safetensors-file.js')).readSafetensors(input, tensor)
  } catch (error) {
    await input.close()
    throw error
  }
}

/**
 * Begins a file. It gets its name with commit(), when the disk has all of it. Call abort() if that does not come.
 * @param path a file, or '-' for standard output (npy).
 * @throws EvenkeelError (EVENKEEL_FILE) if the file cannot be made; (EVENKEEL_OPTION) if the format has no such type;
 * (EVENKEEL_BACKEND) with the command that installs it, if the package that writes the format is not installed.
 */
export async function openWriter(path: string, options: NewFile): Promise<Writer> {
  const file = newFileFrom(options)
  const { format = formatOf(path) } = file
  if (path === STANDARD) {
    if (format !== 'npy')
      fail(
        'EVENKEEL_FILE',
        'standard output',
        `${format} cannot be written to a stream`,
        'write npy, or give a file',
      )
    return (await import('./npy-stream.js')).streamNpy(file)
  }
  switch (format) {
    case 'npy':
      return (await import('./npy-file.js')).writeNpy(path, file)
    case 'safetensors':
      return (await import('./safetensors-file.js')).writeSafetensors(path, file)
    case 'arrow':
      return (await import('./arrow-writer.js')).writeArrow(path, file)
    default:
      return (await import('./duckdb-writer.js')).writeTable(path, format, file)
  }
}
