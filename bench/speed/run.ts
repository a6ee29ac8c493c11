import { MultiBar, Presets } from 'cli-progress'
import type { Contender } from './contenders.js'
import { DataDirectory } from './data.js'
import { describeMachine, loadWarning, measureLoad } from './machine.js'
import { Bench, type Settings } from './measure.js'
import { type BenchRecord, FORMAT, type Results, type Skipped } from './results.js'
import type { Suite } from './suites.js'
import { formatUnit } from './table.js'
import { Workers } from './workers.js'

export interface Plan {
  readonly suites: readonly Suite[]
  /** Those that are here; each suite takes its own of them. */
  readonly contenders: readonly Contender[]
  readonly settings: Settings
}

/** Ctrl-C, and what `timeout` and `kill` send. */
const INTERRUPTIONS = ['SIGINT', 'SIGTERM'] as const

/** Every case of every suite with each number of threads. On Ctrl-C the results hold what was done by then. */
export async function run({ suites, contenders, settings }: Plan): Promise<Results> {
  const load = await measureLoad()
  const warning = loadWarning(load)
  if (warning) console.warn(`bench: ${warning}.`)
  const workers = new Workers()
  const directory = new DataDirectory()
  const titles = titlesOf(contenders)
  const records: BenchRecord[] = []
  const skipped: Skipped[] = []
  let repeatedRounds = 0
  const units = suites.flatMap(({ cases, threads, contenders: names, timeSlice = settings.timeSlice }) => {
    const bench = new Bench(workers, directory, { ...settings, timeSlice })
    const chosen = contenders.filter(({ name }) => names.includes(name))
    return cases.map((each) => ({ bench, each, threads, chosen }))
  })
  const progress = showProgress(units.reduce((sum, { threads }) => sum + threads.length, 0))
  const interruption = new AbortController()
  const interrupt = () => {
    interruption.abort()
    workers.stop()
  }
  for (const signal of INTERRUPTIONS) process.once(signal, interrupt)
  try {
    for (const { bench, each, threads, chosen } of units) {
      if (interruption.signal.aborted) break
      const inputs = directory.write(each)
      for (const count of threads) {
        if (interruption.signal.aborted) break
        progress.begin(each.name)
        const unit = await bench.measure(each, inputs, count, chosen)
        if (interruption.signal.aborted) break
        records.push(...unit.records)
        skipped.push(...unit.skipped)
        repeatedRounds += unit.repeatedRounds
        progress.done(formatUnit(unit.records, titles))
      }
    }
  } finally {
    progress.stop()
    for (const signal of INTERRUPTIONS) process.removeListener(signal, interrupt)
    workers.stop()
    directory.remove()
  }
  return {
    format: FORMAT,
    date: new Date().toISOString(),
    complete: !interruption.signal.aborted,
    machine: describeMachine(),
    repeatedRounds,
    load: { before: load, after: await measureLoad() },
    versions: workers.versions,
    records,
    skipped,
  }
}

export function titlesOf(contenders: readonly Contender[]): Map<string, string> {
  return new Map(contenders.map(({ name, title }) => [name, title]))
}

/** Blocks as they are done, a bar below them where the output is a terminal. */
function showProgress(total: number) {
  const bars = new MultiBar(
    {
      format: '{bar} {value} of {total} | {eta_formatted} left | {name}',
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  )
  const isTerminal = process.stderr.isTTY
  const bar = bars.create(total, 0, { name: '' })
  let count = 0
  return {
    begin: (name: string) => bar.update({ name }),
    done(block: string) {
      count++
      bar.increment()
      if (isTerminal) bars.log(`${block}\n\n`)
      else console.log(`[${count} of ${total}] ${block}\n`)
    },
    stop: () => bars.stop(),
  }
}
