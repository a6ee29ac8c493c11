import { openSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { check, type Tally } from './check.js'
import { scenarios } from './generate.js'
import { loadLibraries } from './libraries.js'
import type { Job, Report } from './protocol.js'
import { type Scenario, STEPS } from './scenario.js'
import { printed, scenarioSeed } from './seeds.js'

// Runs scenarios in a process of its own, because a fault of the addon may end the process. main.ts starts it.

/** How often the parent hears how far it is, in milliseconds. */
const REPORT_EVERY = 200
/** How long a failing scenario is shrunk, in milliseconds. */
const SHRINK_FOR = 60_000

const job = JSON.parse(process.argv[2]) as Job
const libraries = await loadLibraries(job.backend)
/** Holds the number of the scenario that runs, for the parent to read if this process ends. */
const place = openSync(job.place, 'w')
const tally: Tally = { calls: 0, errors: 0, ops: new Map() }

let failure: string | null = null
let reported = 0
let number = job.first
for (; tally.calls < job.calls && Date.now() < job.until && failure === null; number++) {
  writeSync(place, String(number).padEnd(20), 0)
  failure = await failureOf(number)
  if (Date.now() - reported > REPORT_EVERY) report(false)
}
report(true)
process.disconnect()

/** Runs one scenario. Returns its failure, shrunk, or null. */
async function failureOf(scenario: number): Promise<string | null> {
  const property = fc.asyncProperty(scenarios, (each: Scenario) => check(libraries, each, tally))
  const seed = scenarioSeed(job.seed, scenario)
  let details = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_FOR })
  // On a busy machine the time can be over before the first failure. Then the scenario runs once more, unlimited.
  const isUndecided = details.failed && details.counterexample === null
  if (isUndecided) details = await fc.check(property, { seed, numRuns: 1, endOnFailure: true })
  if (!details.failed) return null
  const { counterexample, errorInstance } = details
  const replay = `npm run fuzz -- --seed ${job.seed} --call ${scenario * STEPS}`
  const why = (errorInstance as Error).message
  return `${why}\n\nshrunk to\n${printed(counterexample![0])}\n\nto replay: ${replay}`
}

function report(done: boolean): void {
  reported = Date.now()
  const { calls, errors, ops } = tally
  const message: Report = { calls, errors, ops: [...ops], scenario: number, failure, done }
  process.send!(message)
}
