import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checksumFileOf, writeChecksum } from '../../native/checksum.cjs'
import { version } from '../../src/version.js'
import { PREBUILT } from '../support/package.js'
import { type Environment, isRoot, NOBODY, type Scene } from './environment.js'

// Faults of the binary itself.

/** Where ELF names the processor, and a number for one that is not this one (RISC-V). */
const MACHINE_AT = 18
const OTHER_MACHINE = 243
/** Where ELF has the offset of its table of sections, and their number. */
const SECTIONS_AT = 40
const SECTION_COUNT_AT = 60
const ELF_HEADER_BYTES = 64

/** Has the same length as this version, because it replaces it in the binary. */
const otherVersion = version.replace(/\d$/, (last) => (last === '9' ? '8' : '9'))

const only = PREBUILT !== null
/** The warning gives the first reason, and says where the others are. */
const hint = (reason: string) =>
  new RegExp(`^evenkeel: runs on the portable backend, .*${reason}.*\`npx evenkeel info\` tells all; .*\\n$`)
const portable = (reason: string) =>
  ({ backend: 'portable', errors: [new RegExp(`^prebuilds/.*: ${reason}`)], hint: hint(reason) }) as const

/**
 * Replaces a text in the binary, as if it was built so. The new text has the same length, or is shorter and ends with
 * 0.
 */
function replaceText({ binary }: Scene, from: string, to: string): void {
  const bytes = readFileSync(binary)
  let found = 0
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1), found++) {
    bytes.write(to.padEnd(from.length, '\0'), at, 'latin1')
  }
  if (found === 0) throw new Error(`${binary} has no '${from}'`)
  writeFileSync(binary, bytes)
  writeChecksum(binary)
}

/** Removes the table of sections, as `sstrip` does. Loaders do not need it. */
function removeSections(binary: string): void {
  const bytes = readFileSync(binary)
  bytes.writeBigUInt64LE(0n, SECTIONS_AT)
  bytes.writeUInt16LE(0, SECTION_COUNT_AT)
  writeFileSync(binary, bytes)
  rmSync(checksumFileOf(binary))
}

/** The newest glibc that the binary requires. */
function newestGlibc({ binary }: Scene): string {
  const found = readFileSync(binary, 'latin1').match(/GLIBC_2\.\d+(\.\d+)?/g) ?? []
  return found.sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1])).at(-1)!
}

const DAMAGED =
  'it is damaged, or its checksum is: evenkeel.glibc.node.sha256 has another; reinstall evenkeel, or `npx evenkeel build`'

const copyToBuild = ({ root, binary }: Scene) => cpSync(binary, join(root, 'build/Release/evenkeel.node'))

export const binaries: readonly Environment[] = [
  { name: 'the prebuilt binary', only, expected: { backend: 'native', errors: [], hint: null } },
  {
    name: 'a source build, whatever the prebuilt one is',
    only,
    arrange: (scene) => {
      copyToBuild(scene)
      writeFileSync(scene.binary, '')
    },
    expected: { backend: 'native', errors: [], hint: null },
  },
  {
    name: 'a damaged source build beside a good prebuilt binary',
    only,
    arrange: ({ root }) => {
      mkdirSync(join(root, 'build/Release'), { recursive: true })
      writeFileSync(join(root, 'build/Release/evenkeel.node'), 'no binary')
    },
    expected: {
      backend: 'native',
      errors: [/^build\/Release\/evenkeel.node: it is no binary for Linux; /],
      hint: null,
    },
  },
  {
    name: 'no binary',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    expected: portable(
      '(it is not there; reinstall evenkeel, or|there is none for this platform;) `npx evenkeel build`',
    ),
  },
  {
    name: 'no binary, silenced',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    env: { EVENKEEL_QUIET: '1' },
    expected: { backend: 'portable', hint: null },
  },
  {
    name: 'no binary, and a stderr that no process reads',
    only: process.platform !== 'win32',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    shell: 'exec 2>&-',
    expected: { backend: 'portable', hint: null },
  },
  {
    name: 'no binary, and EVENKEEL_BACKEND=native',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    env: { EVENKEEL_BACKEND: 'native' },
    expected: {
      error:
        /^EVENKEEL_BACKEND=native: the addon did not load \(.*npx evenkeel build.*\); correct that, or unset/,
    },
  },
  {
    name: 'a binary of another processor',
    only,
    arrange: ({ binary }) => {
      const bytes = readFileSync(binary)
      bytes.writeUInt16LE(OTHER_MACHINE, MACHINE_AT)
      writeFileSync(binary, bytes)
    },
    expected: portable(`it is for an unknown processor, and this is ${process.arch}; reinstall`),
  },
  {
    name: 'the header of a binary',
    only,
    arrange: ({ binary }) => truncateSync(binary, ELF_HEADER_BYTES),
    expected: portable('it is truncated: 64 of \\d+ bytes; reinstall'),
  },
  {
    name: 'half a binary',
    only,
    arrange: ({ binary }) => truncateSync(binary, Math.floor(readFileSync(binary).length / 2)),
    expected: portable('it is truncated: \\d+ of \\d+ bytes; reinstall'),
  },
  {
    name: 'a binary without its last byte',
    only,
    arrange: ({ binary }) => truncateSync(binary, readFileSync(binary).length - 1),
    expected: portable('it is truncated: \\d+ of \\d+ bytes; reinstall'),
  },
  {
    name: 'an empty file',
    only,
    arrange: ({ binary }) => writeFileSync(binary, ''),
    expected: portable('the file is empty; reinstall'),
  },
  {
    name: 'a text, as of a large file that was not fetched',
    only,
    arrange: ({ binary }) => writeFileSync(binary, 'version https://git-lfs.github.com/spec/v1\n'),
    expected: portable('it is no binary for Linux; reinstall'),
  },
  {
    name: 'a folder in its place',
    only,
    arrange: ({ binary }) => {
      rmSync(binary)
      mkdirSync(binary)
    },
    expected: portable('it is no file, but a directory, a pipe or a device; reinstall'),
  },
  {
    name: 'a pipe in its place, which no process writes to',
    only,
    arrange: ({ binary }) => {
      rmSync(binary)
      execFileSync('mkfifo', [binary])
    },
    expected: portable('it is no file, but a directory, a pipe or a device; reinstall'),
  },
  {
    name: 'a flipped bit in the code',
    only,
    arrange: ({ binary }) => {
      const bytes = readFileSync(binary)
      bytes[Math.floor(bytes.length / 2)] ^= 1
      writeFileSync(binary, bytes)
    },
    expected: portable(DAMAGED),
  },
  {
    name: 'the checksum of another binary',
    only,
    arrange: ({ binary }) => writeFileSync(checksumFileOf(binary), `${'0'.repeat(64)}  evenkeel.node\n`),
    expected: portable(DAMAGED),
  },
  {
    name: 'a pipe in the place of the checksum',
    only,
    arrange: ({ binary }) => {
      rmSync(checksumFileOf(binary))
      execFileSync('mkfifo', [checksumFileOf(binary)])
    },
    expected: portable(DAMAGED),
  },
  {
    name: 'no checksum',
    only,
    arrange: ({ binary }) => rmSync(checksumFileOf(binary)),
    expected: { backend: 'native', errors: [], hint: null },
  },
  {
    name: 'a binary without a table of sections',
    only,
    arrange: ({ binary }) => removeSections(binary),
    expected: { backend: 'native', errors: [], hint: null },
  },
  {
    name: 'such a binary, cut short',
    only,
    arrange: ({ binary }) => {
      removeSections(binary)
      truncateSync(binary, Math.floor(readFileSync(binary).length / 2))
    },
    expected: portable('it is truncated: \\d+ of \\d+ bytes; reinstall'),
  },
  {
    name: 'a file in the place of its folder',
    only,
    arrange: ({ binary }) => {
      rmSync(dirname(binary), { recursive: true })
      writeFileSync(dirname(binary), '')
    },
    expected: portable('it is not there; reinstall'),
  },
  {
    name: 'a binary that this user may not read',
    only: only && isRoot,
    arrange: ({ binary }) => chmodSync(binary, 0),
    uid: NOBODY,
    expected: portable('this user may not read it; correct its permissions'),
  },
  {
    name: 'a binary for a newer glibc',
    only,
    arrange: (scene) => replaceText(scene, newestGlibc(scene), 'GLIBC_9.9'),
    expected: portable("this system's C library is older than it needs; `npx evenkeel build`.*GLIBC_9.9"),
  },
  {
    name: "a binary for musl's C library",
    only,
    arrange: (scene) => replaceText(scene, 'libc.so.6', 'libc.musl'),
    expected: portable('it is for another C library; `npx evenkeel build`'),
  },
  {
    name: 'a binary that needs a library which is not there',
    only,
    arrange: (scene) => replaceText(scene, 'libc.so.6', 'libd.so.7'),
    expected: portable('a library that it needs is not on this system.*libd.so.7'),
  },
  {
    name: 'a binary of another version',
    only,
    arrange: (scene) => replaceText(scene, `${version}\0`, `${otherVersion}\0`),
    expected: portable(`it is of evenkeel ${otherVersion}, and this is ${version}; \`npx evenkeel build\``),
  },
  {
    name: 'a binary that is no addon',
    only,
    arrange: (scene) => replaceText(scene, 'napi_register_module_v1', 'napi_register_module_v0'),
    expected: portable('.*(did not self-register|napi_register_module)'),
  },
  {
    name: 'a damaged binary and EVENKEEL_BACKEND=portable, which does not open it',
    only,
    arrange: ({ binary }) => writeFileSync(binary, 'no binary'),
    env: { EVENKEEL_BACKEND: 'portable' },
    expected: {
      backend: 'portable',
      errors: [/^EVENKEEL_BACKEND=portable: no binary was looked for/],
      hint: null,
    },
  },
]
