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

/** Removes the temporary files that killed processes left of these files. All of them are in one folder. */
export async function removePartials(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  const folder = dirname(paths[0])
  const names = new Set(paths.map((path) => basename(path)))
  for (const each of await naming(folder, () => readdir(folder))) {
    const name = finalName(each)
    if (name !== null && names.has(name)) await rm(join(folder, each), { force: true })
  }
}
