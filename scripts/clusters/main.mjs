// npm run test:clusters [-- --only slurm,bullmq,mpi,kubernetes]
//
// Runs examples/ as they are, on engines of its own in a temporary folder: Slurm, Redis for BullMQ, and Open MPI. Each
// engine loses a process in mid-shard and runs the shard again. The results must have the bytes of one process. Linux.
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bullmq } from './bullmq.mjs'
import { writeData } from './data.mjs'
import { kubernetes } from './kubernetes.mjs'
import { mpi } from './mpi.mjs'
import { Place } from './place.mjs'
import { slurm } from './slurm.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = join(root, 'examples')
const ENGINES = [slurm, bullmq, mpi, kubernetes]
/** What the exit code adds to the number of a signal. */
const SIGNALLED = 128
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }

const engines = chosen()
needPrograms(engines)
const place = new Place()
for (const [signal, number] of Object.entries(SIGNALS))
  process.on(signal, () => {
    place.end()
    process.exit(SIGNALLED + number)
  })
try {
  const tarball = await install()
  writeData(place.folder)
  await fitAlone()
  for (const engine of engines) await check(engine, tarball)
} catch (error) {
  fault(error.message)
} finally {
  place.end()
}

function chosen() {
  const names = ENGINES.map(({ name }) => name)
  const { values } = parseArgs({ options: { only: { type: 'string', default: names.join() } } })
  const only = values.only.split(',')
  const unknown = only.filter((name) => !names.includes(name))
  if (unknown.length > 0) stop(`no ${unknown.join(', ')}; there are ${names.join(', ')}`)
  return ENGINES.filter(({ name }) => only.includes(name))
}

function needPrograms(all) {
  const packages = new Map(all.flatMap(({ programs }) => Object.entries(programs)))
  const missing = [...packages.keys()].filter((each) => spawnSync('which', [each]).status !== 0)
  if (missing.length === 0) return
  const install = [...new Set(missing.map((each) => packages.get(each)))].join(' ')
  stop(
    `${missing.join(', ')} missing; on Debian and Ubuntu: apt-get install --no-install-recommends ${install}. ` +
      `Or choose engines: --only ${ENGINES.map(({ name }) => name).join()}`,
  )
}

/** Packs the package, and installs it, so that the engines find its command as users have it. */
async function install() {
  const pack = ['npm', 'pack', '--ignore-scripts', '--pack-destination', place.folder]
  const tarball = place.path((await place.run(pack, { cwd: root })).split('\n').at(-1))
  const app = place.newFolder('app')
  await place.run(['npm', 'install', '--no-audit', '--no-fund', '--prefix', app, tarball])
  place.env.PATH = [join(app, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  return tarball
}

/** What all engines must compute. */
async function fitAlone() {
  const out = join(place.newFolder('one'), 'stats.json')
  await place.run(['evenkeel', 'fit', 'in/*.npy', '--out', out, '--shard', 'all', '--quiet'])
}

async function check({ name, run }, tarball) {
  try {
    console.log(`${name}: ${await run(place, examples, tarball)}`)
  } catch (error) {
    fault(`${name}: ${error.message}`)
  }
}

function fault(message) {
  console.error(message)
  process.exitCode = 1
}

function stop(why) {
  console.error(`clusters: ${why}`)
  process.exit(1)
}
