// Debian's source of GCC 12, for the libraries that are built from it. Package: gcc-12-source.
import { mkdirSync } from 'node:fs'
import { run } from './debian.mjs'

const SOURCE = '/usr/src/gcc-12/gcc-12.2.0-dfsg.tar.xz'

/** What configure of any of GCC's libraries reads. */
const COMMON = [
  ...['gcc/BASE-VER', 'gcc/DATESTAMP', 'include', 'config'],
  ...['config*', 'compile', 'depcomp', 'install-sh', 'libtool*', 'lt*', 'missing', 'mkinstalldirs'],
]

/** Unpacks these parts into the folder, which it makes. */
export function unpackGcc(parts, folder) {
  mkdirSync(folder)
  const paths = [...COMMON, ...parts].map((part) => `gcc-12.2.0/${part}`)
  const matching = ['--wildcards', '--no-wildcards-match-slash', '--exclude=*/testsuite/*/*']
  const place = ['--directory', folder, '--strip-components=1']
  run(['tar', '--extract', '--file', SOURCE, ...place, ...matching, ...paths])
}
