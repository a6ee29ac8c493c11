/** `npm run study`: trains networks with and without norms, and reports what came of it. */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { EvenkeelError } from '../errors.js'
import { loadDataset } from './data/dataset.js'
import { allCells } from './experiments/cells.js'
import { report } from './report/report.js'
import { printTable } from './report/table.js'
import { inWorkers } from './runner/executors.js'
import { clock, showProgress } from './runner/progress.js'
import { ResultStore } from './runner/store.js'
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
    .option(
      '--quick',
      'fewer cells and images: about three minutes on two cores instead of half an hour',
      false,
    )
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
  const { trainCount, testCount } = settings
  const data = loadDataset({ directory, seed, trainCount, testCount })
  const [train, test] = [data.train.labels.length, data.test.labels.length]
  const { name, fingerprint, classes } = data
  const options = {
    seed,
    scale: quick ? ('quick' as const) : ('full' as const),
    data: { name, fingerprint, train, test, classes },
    settings,
  }
  const store = new ResultStore(out, options, allCells(settings, train))
  if (resume) store.resume()
  const waiting = store.cells.filter((cell) => !store.has(cell))
  console.log(
    `${name}: ${train} images to train, ${test} to test. ${waiting.length} of ${store.cells.length} networks to train, ${workers} at once.`,
  )
  store.save()
  if (waiting.length > 0) {
    const script = new URL('./runner/worker.js', import.meta.url)
    const interrupt = new AbortController()
    process.once('SIGINT', () => interrupt.abort(new Interrupted()))
    const progress = showProgress(waiting, process.stdout)
    try {
      await inWorkers(script, workers, { seed, data })(
        waiting,
        {
          progress: (cell, share) => progress.update(cell, share),
          finished(cell, result) {
            store.add(cell, result)
            progress.finished(cell)
          },
        },
        interrupt.signal,
      )
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      const count = `${store.finished.length} of ${store.cells.length} networks`
      progress.stop()
      console.log(`\nInterrupted: ${store.path} holds ${count}; the same command with --resume goes on.`)
      process.exitCode = INTERRUPTED
      return
    } finally {
      progress.stop()
    }
  }
  const page = join(out, 'report.html')
  const study = { options, cells: store.finished }
  writeFileSync(page, report(study, data))
  printTable(study)
  console.log(`\n${store.path} and ${page} written after ${clock((performance.now() - started) / 1000)}.`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof EvenkeelError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
