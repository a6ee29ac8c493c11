import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { isRoot, NOBODY } from './environments/environment.js'
import { install, newFolder, PREBUILT, pack } from './support/package.js'

// `evenkeel build` in an installed package, with a node-gyp that compiles nothing: it says and leaves what a test wants.

const folder = newFolder()
let root: string
beforeAll(() => {
  root = install(pack(folder), folder)
  writeFileSync(
    join(folder, 'node-gyp.cjs'),
    `const fs = require('node:fs')
    const gyp = JSON.parse(fs.readFileSync('binding.gyp', 'utf8'))
    if (!fs.existsSync(gyp.includes[0]) || !fs.existsSync('native/binding/addon.cc')) throw new Error('no sources')
    if (process.env.FAKE_BINARY) {
      fs.mkdirSync('build/Release', { recursive: true })
      fs.copyFileSync(process.env.FAKE_BINARY, 'build/Release/evenkeel.node')
    } else {
      console.error(process.env.FAKE_SAYS)
      process.exitCode = 1
    }`,
  )
})
beforeEach(() => rmSync(join(root, 'build'), { recursive: true, force: true }))
afterAll(() => rmSync(folder, { recursive: true }))

function build(env: Record<string, string>, uid?: number) {
  const fake = { npm_config_node_gyp: join(folder, 'node-gyp.cjs'), EVENKEEL_QUIET: '1' }
  const args = [join(root, 'dist/esm/cli/main.js'), 'build']
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
    execFile(
      process.execPath,
      args,
      { env: { ...process.env, ...fake, ...env }, uid },
      (error, stdout, stderr) => done({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}

it.skipIf(PREBUILT === null)(
  'puts the binary where the loader looks first, and leaves nothing else',
  async () => {
    const { code, stdout } = await build({ FAKE_BINARY: resolve('build/Release/evenkeel.node') })
    expect(code).toBe(0)
    expect(stdout).toMatch(/built .*build\/Release\/evenkeel\.node, which passes the self-test/)
    expect(existsSync(join(root, 'build/source'))).toBe(false)
  },
)

it.skipIf(PREBUILT === null)('keeps no binary whose bits are others, but the one before', async () => {
  const place = join(root, 'build/Release/evenkeel.node')
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, 'an older one')
  const cases = join(root, 'dist/esm/selftest/cases.js')
  const right = readFileSync(cases, 'utf8')
  const wrong = right.replace(
    'return hash.toString()',
    "return backend.name === 'portable' ? hash.toString() : ''",
  )
  expect(wrong).not.toBe(right)
  writeFileSync(cases, wrong)
  try {
    const { code, stderr } = await build({ FAKE_BINARY: resolve('build/Release/evenkeel.node') })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /it was built, but is not kept: its bits are others \(native-\S+ on 1, .* threads\); name another/,
    )
    expect(stderr).not.toContain('portable')
  } finally {
    writeFileSync(cases, right)
  }
  expect(readFileSync(place, 'utf8')).toBe('an older one')
  expect(readdirSync(dirname(place))).toEqual(['evenkeel.node'])
})

it.skipIf(PREBUILT === null)('asks the binary, whatever the user wishes of the library', async () => {
  const wishes = { EVENKEEL_THREADS: 'many', EVENKEEL_ISA: 'mmx', EVENKEEL_BACKEND: 'portable' }
  const { code } = await build({ FAKE_BINARY: resolve('build/Release/evenkeel.node'), ...wishes })
  expect(code).toBe(0)
})

it('says so where what it built does not load', async () => {
  const { code, stderr } = await build({ FAKE_BINARY: resolve('package.json') })
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^evenkeel: evenkeel build: it was built, but is not kept: it does not load \(build\/Release\/evenkeel\.node: it is no/,
  )
  expect(existsSync(join(root, 'build/Release/evenkeel.node'))).toBe(false)
})

it.each([
  ['gyp ERR! find Python Python is not set', 'node-gyp found no Python; install Python 3'],
  [
    'gyp ERR! find VS could not find a version of Visual Studio',
    'node-gyp found no Visual Studio; install its',
  ],
  ['gyp ERR! stack Error: not found: make', 'there is no make; install it'],
  ['make: g++: No such file or directory', 'there is no C++ compiler; install one for C++17'],
  ['/bin/sh: 1: c++: not found', 'there is no C++ compiler; install one for C++17'],
  [
    'gyp ERR! stack Error: getaddrinfo ENOTFOUND nodejs.org',
    "Node's headers could not be downloaded; set npm_config_nodedir",
  ],
  ['fatal error: error writing to /tmp/x.s: No space left on device', 'the disk is full; make room'],
  ['addon.cc:1:1: error: unknown type name', 'it did not compile; see'],
])('%s: %s', async (says, message) => {
  const { code, stderr } = await build({ FAKE_SAYS: says })
  expect(code).toBe(1)
  expect(stderr).toContain(`evenkeel: evenkeel build: ${message}`)
  const log = join(root, 'build/build.log')
  expect(stderr).toContain(log)
  expect(readFileSync(log, 'utf8')).toContain(says)
})

it.skipIf(!isRoot)('says so where it may not write', async () => {
  const { code, stderr } = await build({}, NOBODY)
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /evenkeel build: it cannot write to .*build \(EACCES.*\); run it as the user that the package belongs to, or/,
  )
})
