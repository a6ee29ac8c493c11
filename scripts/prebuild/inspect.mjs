// Reads the format of a binary and what it requires of a machine. readelf (binutils) reads ELF of all architectures;
// mach-o.mjs and pe.mjs read the formats of macOS and Windows.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { inspectMachO } from './mach-o.mjs'
import { inspectPe } from './pe.mjs'

const MACHINES = {
  'Advanced Micro Devices X86-64': 'x86-64',
  AArch64: 'aarch64',
}

/**
 * @returns {{ format: string, libraries: string[], versions: string[], exports: string[], staysLoaded?: boolean }}
 *   `staysLoaded` is of ELF only
 */
export function inspect(path) {
  const start = firstBytes(path, 4)
  if (start === '7f454c46') return inspectElf(path)
  if (start.startsWith('4d5a')) return inspectPe(path)
  if (start === 'cffaedfe') return inspectMachO(path)
  return {
    format: `no addon (it begins with ${start || 'nothing'})`,
    libraries: [],
    versions: [],
    exports: [],
  }
}

function firstBytes(path, count) {
  const bytes = Buffer.alloc(count)
  const file = openSync(path)
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0)).toString('hex')
  } finally {
    closeSync(file)
  }
}

function inspectElf(path) {
  const text = run('readelf', ['--wide', '--file-header', '--dynamic', '--version-info', '--dyn-syms', path])
  const machine = /Machine:\s+(.*)/.exec(text)?.[1]
  return {
    format: `${/Class:\s+(\S+)/.exec(text)?.[1]} ${MACHINES[machine] ?? machine}`,
    libraries: all(text, /\(NEEDED\).*\[(.*)\]/g),
    versions: [...new Set(all(text, /Name: (\S+) +Flags:/g))],
    exports: all(text, /(?:FUNC|OBJECT) +(?:GLOBAL|WEAK) +DEFAULT +\d+ (\S+)/g),
    staysLoaded: /Flags:.*\bNODELETE\b/.test(text),
  }
}

function all(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => match[1])
}

function run(program, args) {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 2 ** 28,
  })
}
