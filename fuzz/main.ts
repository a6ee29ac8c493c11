import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import type { Job, Report } from './protocol.js'
import { STEPS } from './scenario.js'

// npm run fuzz: random calls of the public API, the tested backend against the portable one.

/** A child runs this many calls. Then the next begins, so that what one leaves behind ends with it. */
const CALLS_PER_CHILD = 50_000

interface Options {
  readonly calls: number
  readonly seed: number
  readonly seconds?: number
  readonly backend: string
  readonly call?: number
  readonly sanitized?: boolean
}

const program = new Command('npm run fuzz --')
  .description('Random calls of the public API: the tested backend against the portable one, to the bit.')
  .option('--calls <number>', 'how many calls to make', whole, 20_000)
  .option('--seed <number>', 'the seed of all calls', whole, Date.now() % 1_000_000)
  .option('--seconds <number>', 'end after this time', whole)
  .option('--backend <name>', 'native, or native-ISA as in `evenkeel info`, or portable', 'native')
  .option('--call <number>', 'replay the scenario of one call: with the seed, as a failure prints it', whole)
  .option('--sanitized', 'on an addon under AddressSanitizer and UndefinedBehaviorSanitizer (Linux, GCC)')
  .parse()
const options = program.opts<Options>()
const { tree, env } = options.sanitized ? await sanitized() : { tree: here(), env: process.env }
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fuzz-'))
const place = join(folder, 'scenario')
const begun = Date.now()
const bar = new SingleBar({
  format: 'fuzz [{bar}] {value}/{total} calls, {eta_formatted} to go',
  noTTYOutput: false,
})

try {
  process.exitCode = options.call === undefined ? await runAll() : await replay(options.call)
} finally {
  rmSync(folder, { recursive: true })
}

async function runAll(): Promise<number> {
  const { calls, seed, seconds, backend } = options
  const until = seconds === undefined ? Number.MAX_SAFE_INTEGER : begun + 1000 * seconds
  const total = { calls: 0, errors: 0, ops: new Map<string, number>() }
  bar.start(calls, 0)
  for (let first = 0; total.calls < calls && Date.now() < until; ) {
    const most = Math.min(calls - total.calls, CALLS_PER_CHILD)
    const report = await runChild({ backend, seed, first, calls: most, until, place }, (each) =>
      bar.update(Math.min(total.calls + each.calls, calls)),
    )
    total.calls += report.calls
    total.errors += report.errors
    for (const [op, count] of report.ops) total.ops.set(op, (total.ops.get(op) ?? 0) + count)
    if (report.failure !== null) return failed(report.failure)
    first = report.scenario
  }
  bar.stop()
  const time = (Date.now() - begun) / 1000
  const ops = [...total.ops].sort(([, a], [, b]) => b - a).map(([op, count]) => `${op} ${count}`)
  console.log(
    `fuzz: ${total.calls} calls from seed ${seed} on ${backend}${options.sanitized ? ', sanitized' : ''}, ` +
      `${total.errors} of them refused, in ${time.toFixed(0)} s: no difference\n${ops.join(', ')}`,
  )
  return 0
}

async function replay(call: number): Promise<number> {
  const { backend, seed } = options
  const job = {
    backend,
    seed,
    first: Math.floor(call / STEPS),
    calls: 1,
    until: Number.MAX_SAFE_INTEGER,
    place,
  }
  const { failure } = await runChild(job, () => {})
  if (failure !== null) return failed(failure)
  console.log(`fuzz: the scenario of call ${call} from seed ${seed} has no difference`)
  return 0
}

function failed(failure: string): number {
  bar.stop()
  console.error(`fuzz: ${failure}`)
  return 1
}

/** Runs a child to its end. If it crashes, the failure names the scenario that ran. */
function runChild(job: Job, onReport: (report: Report) => void): Promise<Report> {
  return new Promise((resolve) => {
    const args = [JSON.stringify(job)]
    const child = fork(join(tree, 'fuzz/child.ts'), args, {
      cwd: tree,
      env,
      execArgv: ['--no-warnings', '--import', 'tsx'],
    })
    let last: Report = { calls: 0, errors: 0, ops: [], scenario: job.first, failure: null, done: false }
    child.on('message', (report: Report) => {
      last = report
      onReport(report)
    })
    child.on('close', (code, signal) =>
      resolve(last.done ? last : { ...last, failure: crash(job, code ?? signal) }),
    )
  })
}

function crash({ seed }: Job, end: unknown): string {
  if (!existsSync(place)) return `the process ended (${end}) before its first scenario`
  const scenario = Number(readFileSync(place, 'utf8'))
  return `the process ended (${end}) in scenario ${scenario}\n\nto replay: npm run fuzz -- --seed ${seed} --call ${scenario * STEPS}`
}

function here(): string {
  return fileURLToPath(new URL('..', import.meta.url))
}

async function sanitized(): Promise<{ tree: string; env: NodeJS.ProcessEnv }> {
  const { arrangeSanitized } = await import('../scripts/sanitized.mjs')
  return arrangeSanitized('build-fuzz')
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('it must be a whole number from 0 up.')
}
