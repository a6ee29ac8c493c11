import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PARTIAL_SUFFIX } from './atomic-file.js'
import { naming } from './file-error.js'

/** The final name of a temporary file of AtomicFile. Null for any other name. */
export function finalName(temporary: string): string | null {
  if (!(temporary.startsWith('.') && temporary.includes(PARTIAL_SUFFIX))) return null
  const name = temporary.slice(1, temporary.lastIndexOf(PARTIAL_SUFFIX))
  return name.slice(0, name.lastIndexOf('.'))
}

/** Of these files, which are all in one folder, those that have temporary files. */
export async function withPartials(paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return []
  const folder = dirname(paths[0])
  const found = new Set((await naming(folder, () => readdir(folder))).map(finalName))
  return paths.filter((path) => found.has(basename(path)))
}

/** Removes the temporary files that killed processes left of a file. */
export async function removePartials(path: string): Promise<void> {
  const folder = dirname(path)
  for (const each of await naming(folder, () => readdir(folder)))
    if (finalName(each) === basename(path)) await rm(join(folder, each), { force: true })
}
