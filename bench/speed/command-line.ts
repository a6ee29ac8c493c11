import { Command, CommanderError } from 'commander'
import { EvenkeelError } from '../../src/errors.js'
import { buildCopyAddon } from './build-copy.js'
import type { BenchCase } from './cases.js'
import { speedChart } from './chart.js'
import { compare, formatCompared } from './compare.js'
import { LIMIT } from './contenders.js'
import { growthCases, growthChart } from './growth.js'
import { formatMemory, measureMemory } from './memory.js'
import {
  casesOf,
  contenderList,
  contendersOf,
  count,
  pattern,
  positive,
  type RunOptions,
  settingsOf,
  threadList,
} from './options.js'
import { checkWritable, joinResults, loadResults, type Results, saveResults, writeWhole } from './results.js'
import { run, titlesOf } from './run.js'
import { formatMachine, formatReport, formatSkipped } from './table.js'
import { formatTargets, judgeTargets } from './targets.js'

// The command line of npm run bench.

/** What a shell expects of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130

/** Does what the arguments ask for; an error that the caller can mend is told and sets process.exitCode, others are thrown. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    await commands().parseAsync(args, { from: 'user' })
  } catch (error) {
    // Commander has told its own.
    if (error instanceof CommanderError) process.exitCode = error.exitCode
    else if (error instanceof EvenkeelError) {
      console.error(error.message)
      process.exitCode = 1
    } else throw error
  }
}

function commands(): Command {
  const program = new Command('npm run bench --')
    .exitOverride()
    .description(
      'How fast evenkeel is, beside other libraries and beside copies of the same bytes; bench/speed/README.md tells how.',
    )

  runOptions(program.command('run', { isDefault: true }))
    .description('every layer, shape, layout and operation')
    .action(async (options: RunOptions) => {
      const results = await timeCases(options, casesOf(options), [1, 2], speedChart)
      console.log(formatTargets(judgeTargets(results)))
    })

  runOptions(program.command('growth'))
    .description('the time of a call against the number of elements')
    .action(async (options: RunOptions) => {
      await timeCases(options, casesOf(options, growthCases(options.quick)), [1], growthChart)
    })

  program
    .command('memory')
    .description('peak memory of a forward and backward step against the least')
    .option('--threads <number>', 'how many threads', count, 1)
    .action(({ threads }: { threads: number }) => console.log(formatMemory(measureMemory(threads))))

  program
    .command('compare <before> <after>')
    .description('two JSON files side by side')
    .action((before: string, after: string) => {
      console.log(formatCompared(compare(loadResults(before), loadResults(after))))
    })

  program
    .command('report <files...>')
    .description(
      'JSON files as of one run: table, targets, chart; of a case that several have, the last counts',
    )
    .option('--chart <file>', 'draw the results as SVG')
    .option('--growth', 'the files are of growth: draw that', false)
    .action(report)
  return program
}

function runOptions(command: Command): Command {
  return command
    .option('--filter <regex>', "only cases whose name it matches, as in 'LayerNorm.*backward'", pattern)
    .option('--contenders <list>', 'names, comma between them (default: all that are here)', contenderList)
    .option('--threads <list>', 'numbers of threads', threadList)
    .option('--quick', 'fewer shapes and rounds', false)
    .option('--rounds <number>', 'medians are over so many (default: 7, with --quick 3)', count)
    .option('--budget <seconds>', 'slower calls are not timed (default: 2, with --quick 0.2)', positive)
    .option('--json <file>', 'write a record per case, threads and contender')
    .option('--chart <file>', 'draw the results as SVG')
}

function report(files: string[], { chart, growth }: Pick<RunOptions, 'chart'> & { growth: boolean }): void {
  if (chart) checkWritable('--chart', chart)
  const results = joinResults(files.map(loadResults))
  console.log(formatReport(results))
  if (!growth) console.log(`\n${formatTargets(judgeTargets(results))}`)
  if (chart) writeWhole(chart, growth ? growthChart(results) : speedChart(results))
}

async function timeCases(
  options: RunOptions,
  cases: readonly BenchCase[],
  usualThreads: readonly number[],
  draw: (results: Results) => string,
): Promise<Results> {
  const { json, chart } = options
  const contenders = contendersOf(options, (text) => console.warn(`bench: ${text}.`))
  if (json) checkWritable('--json', json)
  if (chart) checkWritable('--chart', chart)
  if (contenders.some(({ name }) => name === LIMIT)) buildCopyAddon()
  const threads = options.threads ?? usualThreads
  const results = await run({ cases, contenders, threads, settings: settingsOf(options) })
  if (json) saveResults(json, results)
  if (chart && results.records.length > 0) writeWhole(chart, draw(results))
  console.log(`${formatMachine(results)}\n\n${formatSkipped(results, titlesOf(contenders))}\n`)
  if (!results.complete) {
    console.log('interrupted: these are the cases done so far')
    process.exitCode = INTERRUPTED
  }
  return results
}
