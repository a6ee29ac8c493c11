import { type ChildProcess, execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checksumFault, writeChecksum } from '../native/checksum.cjs'
import { isRoot, NOBODY } from './environments/environment.js'
import { BINARY, install, newFolder, PREBUILT, pack } from './support/package.js'

// `evenkeel build` in an installed package, with a node-gyp that compiles nothing: it says and leaves what a test wants,
// or has a compiler that never ends.

const folder = newFolder()
let root: string
beforeAll(() => {
  root = install(pack(folder), folder)
  writeFileSync(
    join(folder, 'node-gyp.cjs'),
    `const fs = require('node:fs')
    const { spawn, spawnSync } = require('node:child_process')
    console.error('gyp info find Python using Python version 3.11.2 found at "/usr/bin/python3"')
    console.error('gyp info find VS using VS2022 (17.14) found at "C:\\\\VS"')
    const headers = spawnSync('node', ['-p', "require('node-addon-api').include_dir"], { encoding: 'utf8' })
    if (headers.status !== 0) {
      console.error(headers.error ?? headers.stderr)
      process.exit(1)
    }
    const gyp = JSON.parse(fs.readFileSync('binding.gyp', 'utf8'))
    if (!fs.existsSync(gyp.includes[0]) || !fs.existsSync('native/binding/addon.cc')) throw new Error('no sources')
    console.log('  CXX(target) Release/obj.target/evenkeel/native/isa/scalar.o')
    if (process.env.FAKE_HANGS) {
      const compiler = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])
      fs.writeFileSync(process.env.FAKE_HANGS, String(compiler.pid))
    } else if (process.env.FAKE_BINARY) {
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

interface Built {
  readonly code: unknown
  readonly stdout: string
  readonly stderr: string
}

/** @param onOutput gets what it prints, so far, and the process */
function build(
  env: Record<string, string>,
  uid?: number,
  onOutput?: (stdout: string, child: ChildProcess) => void,
): Promise<Built> {
  const fake = { npm_config_node_gyp: join(folder, 'node-gyp.cjs'), EVENKEEL_QUIET: '1' }
  const args = [join(root, 'dist/esm/cli/main.js'), 'build']
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      args,
      { env: { ...process.env, ...fake, ...env }, uid },
      (error, stdout, stderr) => done({ code: error?.code ?? error?.signal ?? 0, stdout, stderr }),
    )
    let soFar = ''
    child.stdout!.on('data', (text) => {
      soFar += text
      onOutput?.(soFar, child)
    })
  })
}

const place = () => join(root, 'build/Release/evenkeel.node')
const RIGHT = { FAKE_BINARY: resolve(BINARY) }

/** A binary that was there before. */
function putOlder(): void {
  mkdirSync(dirname(place()), { recursive: true })
  writeFileSync(place(), 'an older one')
}

function expectOlder(): void {
  expect(readFileSync(place(), 'utf8')).toBe('an older one')
  expect(readdirSync(dirname(place()))).toEqual(['evenkeel.node'])
  expect(readdirSync(join(root, 'build')).filter((name) => name !== 'build.log')).toEqual(['Release'])
}

/** While `work` runs, a file of the installed package says something else. */
async function changed(file: string, from: string, to: string, work: () => Promise<void>): Promise<void> {
  const path = join(root, file)
  const right = readFileSync(path, 'utf8')
  const wrong = right.replace(from, to)
  expect(wrong).not.toBe(right)
  writeFileSync(path, wrong)
  try {
    await work()
  } finally {
    writeFileSync(path, right)
  }
}

it.skipIf(PREBUILT === null)(
  'puts the binary and its checksum where the loader looks first, and leaves nothing else',
  async () => {
    const { code, stdout } = await build(RIGHT)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^compiling \d+ files, which .*\ncompiling 1 of \d+ files, 0:\d\d\ncomparing its bits/,
    )
    expect(stdout).toMatch(/built .*build\/Release\/evenkeel\.node, which passes the self-test/)
    expect(readdirSync(join(root, 'build')).sort()).toEqual(['Release', 'build.log'])
    expect(readdirSync(dirname(place())).sort()).toEqual(['evenkeel.node', 'evenkeel.node.sha256'])
    expect(checksumFault(place())).toBe(null)
  },
)

it.skipIf(PREBUILT === null)('replaces a binary that has a checksum', async () => {
  putOlder()
  writeChecksum(place())
  expect((await build(RIGHT)).code).toBe(0)
  expect(checksumFault(place())).toBe(null)
})

it.skipIf(PREBUILT === null)('bears another one beside it', async () => {
  const both = await Promise.all([build(RIGHT), build(RIGHT)])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(readdirSync(join(root, 'build')).sort()).toEqual(['Release', 'build.log'])
  expect(checksumFault(place())).toBe(null)
})

it.skipIf(PREBUILT === null)('keeps the old binary if the bits of the new one are wrong', async () => {
  putOlder()
  const wrong = "return backend.name === 'portable' ? hash.toString() : ''"
  await changed('dist/esm/selftest/cases.js', 'return hash.toString()', wrong, async () => {
    const { code, stderr } = await build(RIGHT)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /it was built, but is not kept: its bits are wrong \(native-\S+ on 1, .* threads\); name another/,
    )
    expect(stderr).not.toContain('portable')
  })
  expectOlder()
})

describe.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s',
  (signal) => {
    const code = 128 + constants.signals[signal]
    const message = `evenkeel: interrupted by ${signal}; nothing has changed\n`

    it('ends the compilers, and leaves what was there', async () => {
      putOlder()
      const started = join(folder, 'compiler.pid')
      const ended = await build({ FAKE_HANGS: started }, undefined, (stdout, child) => {
        if (!stdout.includes('compiling 1 of')) return
        const waiting = setInterval(() => {
          if (!existsSync(started) || readFileSync(started, 'utf8') === '') return
          clearInterval(waiting)
          child.kill(signal)
        }, 10)
      })
      expect(ended).toMatchObject({ code, stderr: message })
      const compiler = Number(readFileSync(started, 'utf8'))
      rmSync(started)
      await expect.poll(() => isRunning(compiler), { timeout: 10_000 }).toBe(false)
      expectOlder()
    })

    it.skipIf(PREBUILT === null)('while it verifies: keeps nothing unverified', async () => {
      putOlder()
      const hangs = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); return hash.toString()'
      await changed('dist/esm/selftest/cases.js', 'return hash.toString()', hangs, async () => {
        const ended = await build(RIGHT, undefined, (stdout, child) => {
          if (stdout.endsWith('comparing its bits ...\n')) child.kill(signal)
        })
        expect(ended).toMatchObject({ code, stderr: message })
      })
      expectOlder()
    })
  },
)

/** A process that has ended, and that nobody has asked how, is none: containers may have nobody who asks. */
function isRunning(pid: number): boolean {
  if (process.platform === 'linux') {
    const stat = `/proc/${pid}/stat`
    return existsSync(stat) && !/^\d+ \(.*\) Z/.test(readFileSync(stat, 'utf8'))
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it.skipIf(PREBUILT === null)('asks the binary, whatever the user wishes of the library', async () => {
  const wishes = { EVENKEEL_THREADS: 'many', EVENKEEL_ISA: 'mmx', EVENKEEL_BACKEND: 'portable' }
  expect((await build({ ...RIGHT, ...wishes })).code).toBe(0)
})

it.skipIf(PREBUILT === null)('needs no `node` on the PATH', async () => {
  expect((await build({ ...RIGHT, PATH: folder })).code).toBe(0)
})

it('says so where the headers of node-addon-api are missing', async () => {
  const headers = join(folder, 'node_modules/node-addon-api')
  const there = readlinkSync(headers)
  rmSync(headers)
  try {
    const { code, stderr } = await build(RIGHT)
    expect(code).toBe(1)
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    const major = /\d+/.exec(dependencies['node-addon-api'])
    expect(stderr).toContain(
      'evenkeel: evenkeel build: there is no node-addon-api, a dependency of evenkeel with headers that the addon ' +
        `includes; install it (npm install node-addon-api@${major});`,
    )
  } finally {
    symlinkSync(there, headers, 'dir')
  }
})

it('says so where what it built does not load', async () => {
  const { code, stderr } = await build({ FAKE_BINARY: resolve('package.json') })
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^evenkeel: evenkeel build: it was built, but is not kept: it does not load \(build\/Release\/evenkeel\.node: it is no/,
  )
  expect(existsSync(place())).toBe(false)
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
