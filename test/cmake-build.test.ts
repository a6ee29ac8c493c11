import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

// cmake-js configures the addon from the sources and flags of native/build.json, as native/addon.gypi does, and without
// a download. Nothing is compiled here.

interface BuildList {
  readonly sources: Readonly<Record<string, readonly string[]>>
  readonly defines: readonly string[]
  readonly flags: Readonly<Record<string, readonly string[]>>
}
const list: BuildList = JSON.parse(readFileSync('native/build.json', 'utf8'))
const sources = Object.values(list.sources).flat()
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-cmake-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Only these are compiled with OpenMP, which no kernel is. */
const OPENMP_SOURCES = ['native/runtime/openmp.cc', 'native/runtime/openmp_library.cc']

const hasCMake = ['cmake', 'g++'].every((tool) => spawnSync(tool, ['--version']).status === 0)

/** The commands that compile the addon, by their source. */
function commands(...args: string[]): Map<string, string[]> {
  const cmakeJs = join(createRequire(import.meta.url).resolve('cmake-js/package.json'), '../bin/cmake-js')
  const out = join(folder, String(args.length))
  // An address where nobody listens: a download would fail.
  const env = { ...process.env, NVM_NODEJS_ORG_MIRROR: 'http://127.0.0.1:9' }
  execFileSync(process.execPath, [cmakeJs, 'configure', '--out', out, ...args], { env, stdio: 'pipe' })
  const entries: { file: string; command: string }[] = JSON.parse(
    readFileSync(join(out, 'compile_commands.json'), 'utf8'),
  )
  return new Map(entries.map(({ file, command }) => [relative(resolve(), file), command.split(' ')]))
}

describe.skipIf(!hasCMake || process.platform !== 'linux')('cmake-js', () => {
  it.each([
    ['Release', []],
    ['Debug', ['--debug']],
  ])('compiles the sources of native/build.json with its flags: %s', (config, args) => {
    const found = commands(...args)
    expect([...found.keys()]).toEqual(expect.arrayContaining(sources))
    const { bits, language, speed } = list.flags
    const wanted = [...bits, ...language, ...(config === 'Release' ? speed : ['-g'])]
    for (const source of sources) expect(found.get(source), source).toEqual(expect.arrayContaining(wanted))
    const defines = list.defines.map((define) => `-D${define}`)
    for (const source of list.sources.binding)
      expect(found.get(source), source).toEqual(expect.arrayContaining(defines))
    expect([...found.values()].flat()).not.toContain('-DEVENKEEL_FAULTS')
  })

  it('has no flag that changes bits and that native/build.json does not have', () => {
    const known = Object.values(list.flags).flat()
    for (const [source, command] of commands()) {
      if (!sources.includes(source)) continue
      const others = command.filter((word) => /^-(f|m|O)/.test(word) && !known.includes(word))
      const openmp = OPENMP_SOURCES.includes(source) ? ['-fopenmp'] : []
      expect(others.sort(), source).toEqual(['-fPIC', ...openmp])
    }
  })
})

it('native/addon.gypi reads all of native/build.json', () => {
  const gyp = readFileSync('native/addon.gypi', 'utf8')
  for (const part of ['sources)', 'defines.', 'flags)'])
    expect(gyp).toContain(`require('./native/build.json').${part}`)
})
