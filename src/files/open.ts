import { extname } from 'node:path'
import { fail } from '../errors.js'
import { openFile, openStream } from './byte-input.js'
import type { Format, Reader } from './reader.js'

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
  if (format !== 'npy' && format !== 'safetensors')
    return fail('EVENKEEL_FILE', path, 'BRANCH tables', String(columns))
  const input = path === STANDARD ? openStream('standard input', process.stdin) : await openFile(path)
  try {
    if (format === 'npy') return await (await import('./npy-file.js')).readNpy(input)
    return await (await import('./safetensors-file.js')).readSafetensors(input, tensor)
  } catch (error) {
    await input.close()
    throw error
  }
}
