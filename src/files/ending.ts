import { basename, extname } from 'node:path'

/** The ending of a name. `.gz` is a part of it, as in `.csv.gz`. */
export function endingOf(path: string): string {
  const last = extname(path)
  return last.toLowerCase() === '.gz' ? extname(basename(path, last)) + last : last
}
