import { copyFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastLines, run } from './processes.mjs'

// The columns of the table. Each check runs programs in a place (see environments/), and returns what its cell shows;
// it throws what was wrong otherwise.

/** Programs of test/async that end a process in every way; they need nothing but evenkeel's path. */
const CHILDREN = ['exit.mjs', 'storm.mjs', 'lose-memory.mjs']
const fromChildren = (name) => fileURLToPath(new URL(`../../test/async/children/${name}`, import.meta.url))
const PROBES = ['both.mjs', 'first-result.mjs']
const fromProbes = (name) => fileURLToPath(new URL(`probes/${name}`, import.meta.url))

const PACKAGE = join('node_modules', 'evenkeel')
const CLI = join(PACKAGE, 'dist/esm/cli/main.js')
const ENTRY = join(PACKAGE, 'dist/esm/index.js')

/** As the test suite runs those programs: a team, however many cores there are. */
const ENV = { EVENKEEL_THREADS: '2' }

/** storm.mjs: 80 workers, half of them terminated in mid-call, at arbitrary moments of synchronous and other calls. */
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

/** The tarball, by the package manager; and beside it the programs that the other checks run. */
function install(place, { tarball }) {
  const copy = join(place.project, basename(tarball))
  copyFileSync(tarball, copy)
  for (const name of CHILDREN) copyFileSync(fromChildren(name), join(place.project, name))
  for (const name of PROBES) copyFileSync(fromProbes(name), join(place.project, name))
  // A chroot has its working folder within itself, and starts in /.
  const folder =
    place.root === undefined || !place.install.includes('chroot')
      ? []
      : ['--prefix', seen(place, place.project)]
  ended(
    run([...place.install, ...folder, folder.length ? seen(place, copy) : copy], {
      cwd: place.project,
      env: place.env,
    }),
  )
  return place.installer
}

/** What `import` and `require` find must be the same. */
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
 * On another thread, the call gives the same bits whatever becomes of the buffer; on this one it runs in a later turn,
 * finds the buffer gone, and says so.
 */
function lostBuffer(place, { environment }) {
  const args = [seen(place, join(place.project, ENTRY)), 'structuredClone', 'x']
  // One thread in libuv's pool: the call waits there behind other work until its buffer is lost.
  const printed = program(place, 'lose-memory.mjs', args, { UV_THREADPOOL_SIZE: '1' })
  expect(printed, environment.offThread ? 'the same bits' : 'refused: EVENKEEL_BUFFER')
  return printed.trim()
}

/** By itself, with calls pending, by process.exit(3), by an exception. */
const EXITS = { 'by itself': 0, 'before they are done': 0, 'process.exit': 3, uncaught: 1 }

function exitCodes(place) {
  for (const [how, code] of Object.entries(EXITS)) {
    program(place, 'exit.mjs', [seen(place, join(place.project, ENTRY)), how], {}, code)
  }
  return Object.values(EXITS).join(' ')
}

/** A path as programs in the place see it. */
function seen({ root = '' }, path) {
  return path.slice(root.length)
}

/** Runs a script of the project; returns what it printed. */
export function program(place, script, args, env = {}, code = 0) {
  const command = [...place.runtime, seen(place, join(place.project, script)), ...args]
  const { project, timeout } = place
  return ended(run(command, { cwd: project, env: { ...ENV, ...place.env, ...env }, timeout }), code)
}

function ended({ how, stdout, stderr }, code = 0) {
  if (how === code) return stdout
  throw new Error(`ended with ${how} and not ${code}:\n${lastLines(`${stdout}\n${stderr}`)}`)
}

/** Of what was printed, the last line: a worker that is terminated as it starts has Node print what it was at. */
function expect(printed, expected) {
  const last = printed.trim().split('\n').at(-1)
  if (last !== expected) throw new Error(`printed '${last}', not '${expected}'`)
}
