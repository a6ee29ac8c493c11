import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checksumFileOf, writeChecksum } from '../../native/checksum.cjs'
import { machO } from './mach-o.js'
import { pe } from './pe.js'

// scripts/prebuild/check.mjs must fail for what must not be published.

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** What the check says of `put`'s file in the place of the target's binary; it gets a checksum unless `put` wrote one. */
function check(
  target: string,
  file: string,
  put: (path: string) => void,
  withChecksum = true,
): { status: number; said: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'))
  folders.push(folder)
  const path = join(folder, 'prebuilds', file)
  mkdirSync(dirname(path), { recursive: true })
  put(path)
  if (withChecksum && existsSync(path) && !existsSync(checksumFileOf(path))) writeChecksum(path)
  const args = ['scripts/prebuild/check.mjs', '--in', folder, target]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status: status!, said: `${stdout}${stderr}`.trim().split('\n') }
}

const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
const SYSTEM = '/usr/lib/libSystem.B.dylib'

describe('a binary for macOS', () => {
  const rows: readonly (readonly [what: string, bytes: Buffer, status: number, said: RegExp])[] = [
    ['as it must be', machO('arm64', [SYSTEM], EXPORTS), 0, /^darwin-arm64: 0 KiB; \/usr\/lib\/libSystem/],
    ['for another CPU', machO('x86-64', [SYSTEM], EXPORTS), 1, /is Mach-O x86-64, must be Mach-O arm64/],
    [
      'with OpenMP',
      machO('arm64', [SYSTEM, '@rpath/libomp.dylib'], EXPORTS),
      1,
      /needs @rpath\/libomp.dylib, may/,
    ],
    ['with more exports', machO('arm64', [SYSTEM], [...EXPORTS, 'more']), 1, /exports .*, more, must export/],
    ['without exports', machO('arm64', [SYSTEM], []), 1, /exports nothing, must export napi_register/],
    [
      'of 2 MiB',
      machO('arm64', [SYSTEM], EXPORTS, 2 ** 21),
      1,
      /has 2097152 bytes, must have less than 2097152/,
    ],
  ]

  it('of other bytes than its checksum', () => {
    const { status, said } = check('darwin-arm64', 'darwin-arm64/evenkeel.node', (path) => {
      writeFileSync(path, machO('arm64', [SYSTEM], []))
      writeChecksum(path)
      writeFileSync(path, machO('arm64', [SYSTEM], EXPORTS))
    })
    expect({ status, said }).toEqual({
      status: 1,
      said: [expect.stringMatching(/is not what its checksum is of$/)],
    })
  })

  it('without a checksum', () => {
    const put = (path: string) => writeFileSync(path, machO('arm64', [SYSTEM], EXPORTS))
    const { status, said } = check('darwin-arm64', 'darwin-arm64/evenkeel.node', put, false)
    expect({ status, said }).toEqual({
      status: 1,
      said: [expect.stringMatching(/has no checksum: `npm run prebuildify`/)],
    })
  })

  it.each(rows)('%s', (_, bytes, status, said) => {
    const checked = check('darwin-arm64', 'darwin-arm64/evenkeel.node', (path) => writeFileSync(path, bytes))
    expect(checked).toEqual({ status, said: [expect.stringMatching(said)] })
  })
})

describe('a binary for Windows', () => {
  const KERNEL = 'KERNEL32.dll'
  const rows: readonly (readonly [what: string, bytes: Buffer, status: number, said: RegExp])[] = [
    [
      'as it must be',
      pe('x86-64', [KERNEL], EXPORTS, ['node.exe']),
      0,
      /^win32-x64: 1 KiB; KERNEL32.dll, node.exe \(delayed\)$/,
    ],
    ['for another CPU', pe('aarch64', [KERNEL], EXPORTS), 1, /is PE aarch64, must be PE x86-64/],
    [
      'with the C++ library outside',
      pe('x86-64', [KERNEL, 'MSVCP140.dll'], EXPORTS),
      1,
      /needs MSVCP140.dll, may need KERNEL32.dll, msvcrt.dll, node.exe \(delayed\)/,
    ],
    [
      'that only a program of this name can load',
      pe('x86-64', [KERNEL, 'node.exe'], EXPORTS),
      1,
      /needs node.exe, may need/,
    ],
    ['with more exports', pe('x86-64', [KERNEL], [...EXPORTS, 'more']), 1, /exports .*, more, must export/],
    ['without exports', pe('x86-64', [KERNEL], []), 1, /exports nothing, must export napi_register/],
  ]
  it.each(rows)('%s', (_, bytes, status, said) => {
    const checked = check('win32-x64', 'win32-x64/evenkeel.node', (path) => writeFileSync(path, bytes))
    expect(checked).toEqual({ status, said: [expect.stringMatching(said)] })
  })
})

it.each([
  ['a binary that is not there', () => {}, /is not there: docs\/releasing.md/],
  ['an empty file', (path: string) => writeFileSync(path, ''), /is no addon \(it begins with nothing\)/],
  ['a text', (path: string) => writeFileSync(path, 'x = 1'), /is no addon \(it begins with 78203d20\)/],
])('%s', (_, put, said) => {
  const checked = check('win32-x64', 'win32-x64/evenkeel.node', put)
  expect(checked.status).toBe(1)
  expect(checked.said[0]).toMatch(said)
})

// readelf is Linux's.
describe.skipIf(process.platform !== 'linux')('what Linux has, but may not be published', () => {
  const glibc = (source: string) =>
    check('linux-x64-glibc', 'linux-x64/evenkeel.glibc.node', (path) => copyFileSync(source, path))
  const faults = (said: string[]) => said.map((line) => line.replace(/^.*\.node /, ''))

  it('a program', () => {
    const { status, said } = glibc(process.execPath)
    expect(status).toBe(1)
    expect(faults(said)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^has \d+ bytes, must have less/),
        expect.stringMatching(/^exports /),
        expect.stringMatching(/^needs CXXABI_[\d.]+, may need GLIBC_2.28 at most/),
        expect.stringMatching(/^may be unloaded/),
      ]),
    )
  })

  const built = 'build/Release/evenkeel.node'
  it.skipIf(!existsSync(built) || process.arch !== 'x64')(
    'a source build, which needs the C++ library',
    () => {
      const { status, said } = glibc(built)
      expect(status).toBe(1)
      expect(faults(said)).toContain(
        'needs libstdc++.so.6, may need libc.so.6, libm.so.6, libpthread.so.0, libdl.so.2, ld-linux-x86-64.so.2',
      )
    },
  )

  it('a binary for glibc in the place of one for musl', () => {
    const { status, said } = check('linux-x64-musl', 'linux-x64/evenkeel.musl.node', (path) =>
      copyFileSync(process.execPath, path),
    )
    expect(status).toBe(1)
    expect(faults(said)).toContainEqual(
      expect.stringMatching(/^needs (GLIBC|GLIBCXX)_[\d.]+, may need no versioned symbol/),
    )
  })
})
