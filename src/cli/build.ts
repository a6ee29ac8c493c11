import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fail } from '../errors.js'
import type { SelftestReport } from '../selftest/index.js'
import type { Command } from './main.js'

const WHO = 'evenkeel build'
const BINARY = 'build/Release/evenkeel.node'
/** node-gyp works here, so that the package needs no binding.gyp at its root, which would make npm build it unasked. */
const WORKSHOP = 'build/source'
const LOG = 'build/build.log'

/** What node-gyp, make and compilers say where something is missing: what to tell instead. */
const FAILURES: readonly (readonly [sign: RegExp, problem: string, remedy: string])[] = [
  [/find Python/, 'node-gyp found no Python', 'install Python 3 (Debian and Ubuntu: apt install python3)'],
  [/find VS/, 'node-gyp found no Visual Studio', 'install its C++ build tools'],
  [/not found: make/, 'there is no make', 'install it (Debian and Ubuntu: apt install make g++)'],
  [
    /(make|sh).*\W(g\+\+|c\+\+|clang\+\+|cc): (No such file|not found)/,
    'there is no C++ compiler',
    'install one for C++17 (Debian and Ubuntu: apt install g++), or name it in the variable CXX',
  ],
  [
    /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|(status|response) (code )?\d{3}.*headers/i,
    "Node's headers could not be downloaded",
    'set npm_config_nodedir to the folder that holds include/node',
  ],
  [/ENOSPC|No space left/, 'the disk is full', 'make room'],
]

/** Compiles the addon from the package's sources, into the package; the loader prefers it to a prebuilt binary. */
export const build: Command = () => {
  // By its own name, which holds wherever this file is run from.
  const root = dirname(createRequire(import.meta.url).resolve('evenkeel/package.json'))
  prepareWorkshop(root)
  console.log('compiling, which takes a minute or two ...')
  const { status, stdout, stderr, error } = runNodeGyp(join(root, WORKSHOP))
  const output = `${error ?? ''}\n${stdout ?? ''}\n${stderr ?? ''}`
  writeFileSync(join(root, LOG), output)
  if (status !== 0) explain(output, join(root, LOG))
  const restore = install(root)
  rmSync(join(root, WORKSHOP), { recursive: true })
  verify(root, restore)
  console.log(`built ${join(root, BINARY)}, which passes the self-test`)
  return 0
}

/** The sources and a binding.gyp, as at the repository's root. */
function prepareWorkshop(root: string): void {
  const workshop = join(root, WORKSHOP)
  try {
    rmSync(workshop, { recursive: true, force: true })
    mkdirSync(workshop, { recursive: true })
    cpSync(join(root, 'native'), join(workshop, 'native'), { recursive: true })
    writeFileSync(join(workshop, 'binding.gyp'), `${JSON.stringify({ includes: ['native/addon.gypi'] })}\n`)
  } catch (error) {
    fail(
      'EVENKEEL_BACKEND',
      WHO,
      `it cannot write to ${join(root, 'build')} (${(error as Error).message})`,
      'run it as the user that the package belongs to, or install the package where you may write',
    )
  }
}

function runNodeGyp(workshop: string): SpawnSyncReturns<string> {
  const prefix = dirname(dirname(process.execPath))
  const args = ['rebuild', '--jobs=max']
  // The headers that come with Node spare the download of the same.
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'))
  if (hasHeaders && process.env.npm_config_nodedir === undefined) args.push(`--nodedir=${prefix}`)
  const script = nodeGypScript(prefix)
  const settings = { cwd: workshop, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  if (script !== null) return spawnSync(process.execPath, [script, ...args], settings)
  const ran = spawnSync('node-gyp', args, { ...settings, shell: process.platform === 'win32' })
  if ((ran.error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') return ran
  fail(
    'EVENKEEL_BACKEND',
    WHO,
    'there is no node-gyp, which comes with npm',
    'run it by npm (`npx evenkeel build`), or install node-gyp',
  )
}

/** npm names its own node-gyp to what it runs; else it lies beside Node. Null: it may be on the PATH. */
function nodeGypScript(prefix: string): string | null {
  const inNpm = 'node_modules/npm/node_modules/node-gyp/bin/node-gyp.js'
  const places = [
    process.env.npm_config_node_gyp,
    join(prefix, 'lib', inNpm),
    join(dirname(process.execPath), inNpm),
  ]
  return places.find((place) => place !== undefined && existsSync(place)) ?? null
}

function explain(output: string, log: string): never {
  const known = FAILURES.find(([sign]) => sign.test(output))
  fail(
    'EVENKEEL_BACKEND',
    WHO,
    known ? known[1] : 'it did not compile',
    known ? `${known[2]}; all that was said is in ${log}` : `see ${log}`,
  )
}

/**
 * Put in place whole: a process may have the old file mapped, and must not see it change. Returns what puts the old one
 * back.
 */
function install(root: string): () => void {
  const place = join(root, BINARY)
  const before = `${place}.before`
  mkdirSync(dirname(place), { recursive: true })
  const had = existsSync(place)
  if (had) copyFileSync(place, before)
  copyFileSync(join(root, WORKSHOP, BINARY), `${place}.new`)
  renameSync(`${place}.new`, place)
  return () => (had ? renameSync(before, place) : rmSync(place))
}

/** Loads it, and compares its bits, in processes of their own; what fails is not kept. */
function verify(root: string, restore: () => void): void {
  const fault = loadingFault(root) ?? bitsFault(root)
  if (fault === null) {
    rmSync(join(root, `${BINARY}.before`), { force: true })
    return
  }
  restore()
  fail('EVENKEEL_BACKEND', WHO, `it was built, but is not kept: ${fault.problem}`, fault.remedy)
}

interface Fault {
  readonly problem: string
  readonly remedy: string
}

function loadingFault(root: string): Fault | null {
  const script = `console.log(JSON.stringify(require(${JSON.stringify(join(root, 'native/load.cjs'))}).load()))`
  const ran = runNode(['--eval', script])
  const { binary, errors } =
    ran.status === 0 ? JSON.parse(ran.stdout) : { binary: null, errors: [endOf(ran)] }
  if (binary === BINARY) return null
  return { problem: `it does not load (${errors.join('; ')})`, remedy: `see ${join(root, LOG)}` }
}

/** Compilers err: one forgot to round a float64 to float32 where it vectorized. */
function bitsFault(root: string): Fault | null {
  const ran = runNode([join(root, 'dist/esm/cli/main.js'), 'selftest', '--json'])
  if (ran.status === 0) return null
  const remedy = 'name another compiler in the variable CXX, or use the prebuilt binary'
  if (!ran.stdout) return { problem: `the self-test ended with ${endOf(ran)}`, remedy }
  const { runs } = JSON.parse(ran.stdout) as SelftestReport
  const failed = runs.filter(({ ok }) => !ok).map(({ backend, threads }) => `${backend} on ${threads}`)
  return { problem: `its bits are others (${failed.join(', ')} threads)`, remedy }
}

/** Without what the user wishes of the library: it is the binary that is asked. */
function runNode(args: string[]): SpawnSyncReturns<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('EVENKEEL_')),
  )
  return spawnSync(process.execPath, args, { encoding: 'utf8', env, maxBuffer: 2 ** 28 })
}

function endOf({ error, signal, status, stderr }: SpawnSyncReturns<string>): string {
  return error?.message ?? signal ?? `exit code ${status}: ${stderr.trim().split('\n')[0]}`
}
