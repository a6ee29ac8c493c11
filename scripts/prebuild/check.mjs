// Checks prebuilt binaries against scripts/prebuild/targets.mjs:
//
//   node scripts/prebuild/check.mjs [--in folder] [target ...]
//
// Without targets it checks all of them, because a release needs them all. `folder` is the folder that contains prebuilds/.
// The default is the repository. If something is wrong, it prints what, and exits with 1.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checksumFault, checksumFileOf } from '../../native/checksum.cjs'
import { inspect } from './inspect.mjs'
import { EXPORTS, LARGEST, TARGETS } from './targets.mjs'

/** The most names that a message lists. */
const MOST_NAMES = 10

/** The faults of a binary that inspect() described. Empty if it is as its target says. */
function faults(target, binary) {
  const rules = [
    [binary.format === target.format, `is ${binary.format}, must be ${target.format}`],
    [binary.size < LARGEST, `has ${binary.size} bytes, must have less than ${LARGEST}`],
    [binary.checksumFault === null, binary.checksumFault],
    [sameNames(binary.exports, EXPORTS), `exports ${list(binary.exports)}, must export ${list(EXPORTS)}`],
    ...binary.libraries.map((library) => [
      target.libraries.includes(library),
      `needs ${library}, may need ${list(target.libraries)}`,
    ]),
    ...binary.versions.map((version) => [allowed(version, target), `needs ${version}, ${limitOf(target)}`]),
    [binary.staysLoaded !== false, 'may be unloaded: it must be linked with -z nodelete'],
  ]
  return rules.filter(([holds]) => !holds).map(([, fault]) => fault)
}

/**
 * Whether a versioned symbol is allowed. Only those of glibc are, because GLIBCXX and others are not on every machine.
 */
function allowed(version, { glibc }) {
  const [, number] = /^GLIBC_([\d.]+)$/.exec(version) ?? []
  return Boolean(glibc) && number !== undefined && compareVersions(number, glibc) <= 0
}

function limitOf({ glibc }) {
  return glibc ? `may need GLIBC_${glibc} at most` : 'may need no versioned symbol'
}

function compareVersions(a, b) {
  return a.localeCompare(b, 'en', { numeric: true })
}

function sameNames(a, b) {
  return [...a].sort().join() === [...b].sort().join()
}

function list(names) {
  if (names.length === 0) return 'nothing'
  const [shown, more] = [names.slice(0, MOST_NAMES), names.length - MOST_NAMES]
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

/** Checks the file of one target in `folder`. Prints a summary, or the faults. */
export function check(name, folder) {
  const target = TARGETS[name]
  const path = join(folder, target.file)
  if (!existsSync(path)) return report(name, ['is not there: docs/releasing.md says what makes it'])
  const binary = { ...inspect(path), size: statSync(path).size, checksumFault: faultOfChecksum(path) }
  const newest = binary.versions.toSorted(compareVersions).at(-1)
  const summary = [`${(binary.size / 1024).toFixed(0)} KiB`, list(binary.libraries), newest]
  return report(name, faults(target, binary), summary.filter(Boolean).join('; '))
}

function faultOfChecksum(path) {
  if (!existsSync(checksumFileOf(path))) return 'has no checksum: `npm run prebuildify` writes it'
  return checksumFault(path) && 'is not what its checksum is of'
}

function report(name, found, summary = '') {
  if (found.length === 0) console.log(`${name}: ${summary}`)
  for (const fault of found) console.error(`${name}: ${TARGETS[name].file} ${fault}`)
  return found.length === 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ options: { in: { type: 'string' } }, allowPositionals: true })
  const names = positionals.length > 0 ? positionals : Object.keys(TARGETS)
  const unknown = names.filter((name) => !(name in TARGETS))
  if (unknown.length > 0) {
    console.error(`check: no target ${list(unknown)}; there are ${list(Object.keys(TARGETS))}`)
    process.exit(1)
  }
  const folder = values.in ?? fileURLToPath(new URL('../..', import.meta.url))
  const fine = names.map((name) => check(name, folder))
  process.exitCode = fine.every(Boolean) ? 0 : 1
}
