/** `npm run study`: trains networks with and without norms, and reports what came of it. */
import { existsSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { EvenkeelError } from '../src/errors.js'
import { loadDataset } from './data/dataset.js'
import { allCells } from './experiments/cells.js'
import { report } from './report/report.js'
import { terminalText } from './report/terminal.js'
import { type Events, type Executor, inWorkers } from './runner/executors.js'
import { clock, estimate, showProgress } from './runner/progress.js'
import { ResultStore, studyOptions } from './runner/store.js'
import { FULL, QUICK } from './settings.js'

interface CommandLine {
  readonly data?: string
  readonly quick: boolean
  readonly seed: number
  readonly out: string
  readonly resume: boolean
  readonly workers: number
}

/** More workers than this gain nothing: the last, longest cells set the end. */
const MOST_WORKERS = 16

/** Ctrl-C. */
class Interrupted extends Error {}

/** What a shell expects of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130

function commandLine(): CommandLine {
  return new Command('npm run study --')
    .description('Trains networks with and without normalization layers, and writes what came of it.')
    .option('--data <directory>', 'IDX files of images as MNIST has them, .gz or not (default: drawn glyphs)')
    .option('--quick', 'fewer networks and images: about five minutes on two cores instead of an hour', false)
    .option(
      '--seed <number>',
      'for images, first weights and orders; the same gives the same results',
      whole(0),
      1,
    )
    .option('--out <directory>', 'where results.json and report.html go', 'study-results')
    .option('--resume', 'go on with what --out holds from an interrupted run', false)
    .option(
      '--workers <number>',
      'networks trained at once',
      whole(1),
      Math.min(MOST_WORKERS, availableParallelism()),
    )
    .parse()
    .opts()
}

/** A parser of whole numbers from `least` up. */
function whole(least: number) {
  return (text: string) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`expected a whole number from ${least} up.`)
  }
}

async function main(): Promise<void> {
  const { data: directory, quick, seed, out, resume, workers } = commandLine()
  const started = performance.now()
  const settings = quick ? QUICK : FULL
  const data = loadDataset({ directory, seed, ...settings })
  const options = studyOptions(data, { seed, scale: quick ? 'quick' : 'full', settings })
  const store = new ResultStore(out, options, allCells(settings, options.data.train))
  if (resume) store.resume()
  const { name, train, test } = options.data
  console.log(`${name}: ${train} images to train, ${test} to test.`)
  console.log(plan(store, workers))
  // The worker is TypeScript: start-worker.mjs brings the loader.
  const script = new URL('./runner/start-worker.mjs', import.meta.url)
  await runWaiting(store, inWorkers(script, workers, { seed, data }))
  const page = join(out, 'report.html')
  const study = { options, cells: store.finished }
  writeFileSync(page, report(study, data))
  console.log(`\n${terminalText(study, process.stdout.columns)}`)
  console.log(`\n${store.path} and ${page} written after ${clock((performance.now() - started) / 1000)}.`)
}

function plan({ waiting, cells, path }: ResultStore, workers: number): string {
  const count = `${waiting.length} of ${cells.length} networks to train, ${workers} at once`
  if (waiting.length === 0) return `${count}.`
  const replaced =
    waiting.length === cells.length && existsSync(path)
      ? `\nThe first of them replaces ${path} of an earlier run; --out keeps it, --resume goes on with it.`
      : ''
  return `${count}: ${estimate(waiting, workers)}.${replaced}`
}

/** Runs what is not finished yet, with a progress bar; Ctrl-C throws Interrupted. */
async function runWaiting(store: ResultStore, execute: Executor): Promise<void> {
  const { waiting } = store
  if (waiting.length === 0) return
  const controller = new AbortController()
  // tsx hands on a Ctrl-C that the terminal has sent already: every one after the first means nothing new.
  process.on('SIGINT', () => {
    const remedy = store.finished.length > 0 ? '; the same command with --resume goes on' : ''
    controller.abort(new Interrupted(`Interrupted: ${store.held}${remedy}.`))
  })
  const progress = showProgress(waiting, process.stdout)
  const events: Events = {
    progress: (cell, share) => progress.update(cell, share),
    finished(cell, result) {
      store.add(cell, result)
      progress.finished(cell)
    },
  }
  try {
    await execute(waiting, events, controller.signal)
  } finally {
    progress.stop()
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof EvenkeelError || error instanceof Interrupted)) throw error
  console.error(error.message)
  process.exitCode = error instanceof Interrupted ? INTERRUPTED : 1
}
