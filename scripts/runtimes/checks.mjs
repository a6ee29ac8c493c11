import { copyFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NPM_INSTALL } from './environments/glibc.mjs'
import { lastLines, must, run } from './processes.mjs'

// The columns of the table. Each check runs programs in a place (see environments/) and returns the text of its cell.
// If something is wrong, it throws.

/** Programs of test/async that end a process in every way. They need only the path of evenkeel. */
const CHILDREN = ['exit.mjs', 'storm.mjs', 'lose-memory.mjs']
const fromChildren = (name) => fileURLToPath(new URL(`../../test/async/children/${name}`, import.meta.url))
const PROBES = ['both.mjs', 'first-result.mjs']
const fromProbes = (name) => fileURLToPath(new URL(`probes/${name}`, import.meta.url))

const PACKAGE = join('node_modules', 'evenkeel')
const CLI = join(PACKAGE, 'dist/esm/cli/main.js')
const ENTRY = join(PACKAGE, 'dist/esm/index.js')

/** The same setting as in the test suite: a thread pool, even on a machine with one core. */
const ENV = { EVENKEEL_THREADS: '2' }

/** storm.mjs: 80 workers. Half of them are terminated at arbitrary moments of synchronous and asynchronous calls. */
const [ROUNDS, WORKERS] = [5, 16]

export const CHECKS = [
  { title: 'install', check: install },
  { title: 'info()', check: info },
  { title: 'self-test', check: selftest },
  { title: 'only in workers', check: onlyInWorkers },
  { title: 'terminated in mid-call', check: terminated },
  { title: 'buffer lost in mid-call', check: lostBuffer },
  { title: 'exit codes', check: exitCodes },
]

/** Installs the tarball with the package manager, and copies the programs of the other checks beside it. */
function install(place, { tarball }) {
  const copy = join(place.project, basename(tarball))
  copyFileSync(tarball, copy)
  for (const name of CHILDREN) copyFileSync(fromChildren(name), join(place.project, name))
  for (const name of PROBES) copyFileSync(fromProbes(name), join(place.project, name))
  ended(
    place.install.includes('chroot')
      ? installInside(place, copy)
      : run([...place.install, copy], { cwd: place.project, env: place.env }),
  )
  return place.installer
}

/** Where the root of a chroot has npm's cache. */
const CACHE = '/npm-cache'

/**
 * Installs inside of a chroot, where the project folder has another path, and programs start in /. A bare system may
 * have no way to the registry, so npm outside fetches the dependencies into the cache of the one inside.
 */
function installInside(place, tarball) {
  const registry = `--registry=${must(['npm', 'config', 'get', 'registry']).trim()}`
  must(['npm', ...NPM_INSTALL, registry, '--cache', place.root + CACHE, tarball], { cwd: place.project })
  rmSync(join(place.project, 'node_modules'), { recursive: true })
  rmSync(join(place.project, 'package-lock.json'))
  const options = [registry, '--offline', '--cache', CACHE, '--prefix', seen(place, place.project)]
  return run([...place.install, ...options, seen(place, tarball)], { cwd: place.project, env: place.env })
}

/** `import` and `require` must return the same info(). */
function info(place, { environment }) {
  const found = JSON.parse(program(place, 'both.mjs', []))
  const [imported, required] = [found.imported, found.required]
  if (JSON.stringify(imported) !== JSON.stringify(required))
    throw new Error(`import and require differ: ${JSON.stringify(found)}`)
  const { backend, isa, binary, offThread, loadErrors } = imported
  if (backend !== 'native') throw new Error(`the ${backend} backend: ${loadErrors.join('; ')}`)
  if (binary !== environment.binary) throw new Error(`it runs ${binary}, not ${environment.binary}`)
  if (offThread !== environment.offThread)
    throw new Error(`offThread is ${offThread}: ${loadErrors.join('; ')}`)
  return `${backend}, ${isa}`
}

function selftest(place) {
  const report = JSON.parse(program(place, CLI, ['selftest', '--json']))
  if (!report.ok || report.digest !== report.expected) throw new Error(`other bits: ${report.digest}`)
  return `ok in ${report.runs.length} runs, ${report.digest}`
}

function onlyInWorkers(place) {
  for (const how of ['workers only', 'workers with temporaries']) {
    expect(program(place, 'exit.mjs', [seen(place, join(place.project, ENTRY)), how]), 'done')
  }
  return 'ok'
}

function terminated(place, { environment: { rounds = ROUNDS } }) {
  const count = (rounds * WORKERS) / 2
  const args = [seen(place, join(place.project, ENTRY)), String(rounds), String(WORKERS)]
  expect(program(place, 'storm.mjs', args), `${count} terminated`)
  return `ok, ${rounds * WORKERS} workers`
}

/**
 * A call on another thread gives the same bits, even if its buffer is lost. A call on this thread runs in a later
 * iteration of the event loop, finds that the buffer is gone, and rejects.
 */
function lostBuffer(place, { environment }) {
  const args = [seen(place, join(place.project, ENTRY)), 'structuredClone', 'x']
  // libuv's pool has one thread, so the call waits there behind other work until its buffer is lost.
  const printed = program(place, 'lose-memory.mjs', args, { UV_THREADPOOL_SIZE: '1' })
  expect(printed, environment.offThread ? 'the same bits' : 'refused: EVENKEEL_BUFFER')
  return printed.trim()
}

/** The exit codes of processes that end by themselves, with pending calls, by process.exit(3), and by an exception. */
const EXITS = { 'by itself': 0, 'before they are done': 0, 'process.exit': 3, uncaught: 1 }

function exitCodes(place) {
  for (const [how, code] of Object.entries(EXITS)) {
    program(place, 'exit.mjs', [seen(place, join(place.project, ENTRY)), how], {}, code)
  }
  return Object.values(EXITS).join(' ')
}

/** A path as the programs in the place see it. */
function seen({ root = '' }, path) {
  return path.slice(root.length)
}

/** Runs a script of the project and returns its output. */
export function program(place, script, args, env = {}, code = 0) {
  const command = [...place.runtime, seen(place, join(place.project, script)), ...args]
  const { project, timeout } = place
  return ended(run(command, { cwd: project, env: { ...ENV, ...place.env, ...env }, timeout }), code)
}

function ended({ how, stdout, stderr }, code = 0) {
  if (how === code) return stdout
  throw new Error(`ended with ${how} and not ${code}:\n${lastLines(`${stdout}\n${stderr}`)}`)
}

/** Checks the last line of the output. Earlier lines may come from Node, if a worker is terminated while it starts. */
function expect(printed, expected) {
  const last = printed.trim().split('\n').at(-1)
  if (last !== expected) throw new Error(`printed '${last}', not '${expected}'`)
}
