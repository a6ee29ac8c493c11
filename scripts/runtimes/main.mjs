// npm run runtimes -- --tarball evenkeel-0.1.0.tgz [--only node20,bun,test-runners,...] [--times 20] [--markdown docs/runtimes.md]
//
// Installs the tarball as users do, on every runtime and system that is possible here and with bundlers, and runs it
// there. Prints a table. Exits with 1 if anything fails. docs/runtimes.md lists what this program needs.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CHECKS } from './checks.mjs'
import { ENVIRONMENTS } from './environments/index.mjs'
import { render, writeMarkdown } from './report.mjs'
import { Results } from './results.mjs'
import { Store } from './store.mjs'
import { timeOf } from './timing.mjs'
import { TOOLS } from './tools/index.mjs'

const { values } = parseArgs({
  options: {
    tarball: { type: 'string' },
    only: { type: 'string' },
    cache: { type: 'string', default: join(tmpdir(), 'evenkeel-runtimes') },
    times: { type: 'string' },
    markdown: { type: 'string' },
  },
})
if (values.tarball === undefined) stop('--tarball is missing: the file that `npm pack` wrote')
const tarball = resolve(values.tarball)
/** The name of a row, and the name of the group of rows that it belongs to. */
const namesOf = ({ id, group }) => (group === undefined ? [id] : [id, group])
const ids = [...new Set([...ENVIRONMENTS, ...TOOLS].flatMap(namesOf))]
const only = values.only?.split(',') ?? ids
const unknown = only.filter((id) => !ids.includes(id))
if (unknown.length > 0) stop(`no ${unknown.join(', ')}; there are ${ids.join(', ')}`)

const wanted = (row) => namesOf(row).some((name) => only.includes(name))

const store = new Store(resolve(values.cache))
const digest = createHash('sha256').update(readFileSync(tarball)).digest('hex')
// Earlier runs on the same tarball count too. All rows take long, so they can be run in parts.
const results = new Results(store.path('results.json'), digest)
const context = { tarball, store }
let failures = 0

for (const environment of ENVIRONMENTS.filter(wanted)) {
  if (values.times === undefined) checkAll(environment)
  else time(environment, Number(values.times))
}
for (const tool of values.times === undefined ? TOOLS.filter(wanted) : []) {
  results.set(tool.id, { cells: [attempt(`${tool.title}, ${tool.what}`, () => tool.check(context))] })
}

const report = render({ tarball, results, environments: ENVIRONMENTS, tools: TOOLS })
console.log(`\n${report}`)
if (values.markdown !== undefined) writeMarkdown(values.markdown, report)
if (failures > 0) stop(`${failures} failed`)

function checkAll(environment) {
  const named = `${environment.title}, ${environment.system}`
  const cells = []
  let place = null
  for (const { title, check } of CHECKS) {
    const cell = attempt(`${named}: ${title}`, () => {
      place ??= environment.prepare(store)
      return check(place, { ...context, environment })
    })
    cells.push(cell)
    // If the installation failed, the other checks cannot run.
    if (!cell.ok && cells.length === 1) break
  }
  results.set(environment.id, { cells })
}

function time(environment, count) {
  const cell = attempt(`${environment.title}, ${environment.system}: first result`, () =>
    timeOf(environment, context, count),
  )
  results.set(environment.id, { time: cell })
}

/** The text of a check, or the reason why it failed. */
function attempt(what, check) {
  try {
    const text = check()
    console.log(`${what}: ${text}`)
    return { ok: true, text }
  } catch (error) {
    failures++
    console.error(`${what}: FAILED: ${error.message}`)
    return { ok: false, text: error.message.split('\n')[0] }
  }
}

function stop(why) {
  console.error(`runtimes: ${why}`)
  process.exit(1)
}
