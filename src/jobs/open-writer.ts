import type { ResultType } from '../data/element-types.js'
import { fail } from '../errors.js'
import { writeNpy } from '../files/npy-file.js'
import { streamNpy } from '../files/npy-stream.js'
import { formatOf, STANDARD } from '../files/open.js'
import type { Format } from '../files/reader.js'
import { writeSafetensors } from '../files/safetensors-file.js'
import type { Writer } from '../files/writer.js'

export interface WriterOptions {
  readonly format?: Format | undefined
  readonly type: ResultType
  readonly rowShape: readonly number[]
  /** Null if it is not known yet. */
  readonly rows: number | null
  readonly names: readonly string[] | null
}

/** Opens a file for results, or standard output ('-'). */
export async function openWriter(path: string, options: WriterOptions): Promise<Writer> {
  const { format = formatOf(path), type, rowShape, rows } = options
  if (path === STANDARD && format === 'npy') return streamNpy(type, rowShape, rows)
  if (format === 'npy') return writeNpy(path, type, rowShape)
  if (format === 'safetensors' && rows !== null && path !== STANDARD)
    return writeSafetensors(path, type, rowShape, rows)
  return fail('EVENKEEL_FILE', path, `${format} cannot be written here`, 'write npy')
}
