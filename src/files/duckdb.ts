import { EvenkeelError, fail } from '../errors.js'
import { loadPackage } from './optional-package.js'

export type DuckDB = typeof import('@duckdb/node-api')

export function loadDuckDB(path: string): Promise<DuckDB> {
  return loadPackage(path, '@duckdb/node-api', '1.5.6-r.1', () => import('@duckdb/node-api'))
}

/**
 * The settings of a database that only reads or writes one file: bounded memory, nothing on disk beside the file,
 * nothing from the network.
 */
export const SETTINGS: Readonly<Record<string, string>> = {
  memory_limit: '256MB',
  temp_directory: '',
  threads: '2',
  preserve_insertion_order: 'true',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}

/** A name in SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text in SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const LONGEST_PROBLEM = 300
const NO_MEMORY = 'Out of Memory'

/** What a message of DuckDB says, without the SQL that follows after an empty line. */
function problemOf(message: string): string {
  const [said] = message.split('\n\n', 1)
  return said.replaceAll('\n', ', ').slice(0, LONGEST_PROBLEM)
}

/** Runs an action of DuckDB. Its errors name the file. */
export async function asking<T>(
  path: string,
  action: () => Promise<T>,
  remedy = 'correct the file, or write it again',
): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof EvenkeelError) throw error
    const problem = problemOf((error as Error).message)
    const whatToDo = problem.startsWith(NO_MEMORY)
      ? 'its rows are too long; use npy, safetensors or Arrow'
      : remedy
    return fail('EVENKEEL_FILE', path, problem, whatToDo)
  }
}
