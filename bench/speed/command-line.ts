import { Command, CommanderError } from 'commander'
import { EvenkeelError } from '../../src/errors.js'
import { buildCopyAddon } from './build-copy.js'
import { speedChart } from './chart.js'
import { CONTENDER_NAMES, LIMIT } from './contenders.js'
import { growthChart, growthSuite } from './growth.js'
import { formatMemory, measureMemory } from './memory.js'
import {
  builtCheckout,
  contendersOf,
  count,
  listOf,
  namedSuites,
  pattern,
  positive,
  type RunOptions,
  settingsOf,
  suitesOf,
  threadingName,
  threadList,
} from './options.js'
import {
  checkWritable,
  joinResults,
  loadResults,
  type Results,
  saveResults,
  type Verdict,
  writeWhole,
} from './results.js'
import { run, titlesOf } from './run.js'
import { SUITE_NAMES, type Suite } from './suites.js'
import { formatReport, formatSkipped } from './table.js'
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

  const suites = listOf('suite', SUITE_NAMES)
  runOptions(program.command('run', { isDefault: true }))
    .option('--suites <list>', `of ${SUITE_NAMES.join(', ')} (default: all)`, suites)
    .description('every layer, shape, layout and operation')
    .action(async (options: RunOptions) => {
      await timeCases(options, namedSuites(options), { draw: speedChart, judge: judgeTargets })
    })

  runOptions(program.command('growth'))
    .description('the time of a call against the number of elements')
    .action(async (options: RunOptions) => {
      await timeCases(options, [growthSuite(options.quick)], { draw: growthChart })
    })

  program
    .command('memory')
    .description('peak memory of a forward and backward step against the least')
    .option('--threads <number>', 'how many threads', count, 1)
    .action(({ threads }: { threads: number }) => console.log(formatMemory(measureMemory(threads))))

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
    .option(
      '--contenders <list>',
      `of ${CONTENDER_NAMES.join(', ')} (default: those of the suite that are here)`,
      listOf('contender', CONTENDER_NAMES),
    )
    .option(
      '--baseline <directory>',
      'a checkout that was built: timed as the contender baseline',
      builtCheckout,
    )
    .option('--threads <list>', 'numbers of threads (default: those of the suite)', threadList)
    .option('--threading <name>', 'whose threads run evenkeel: pool (default) or openmp', threadingName)
    .option('--quick', 'fewer shapes and rounds', false)
    .option('--rounds <number>', 'medians are over so many (default: 7, with --quick 3)', count)
    .option('--budget <seconds>', 'slower calls are not timed (default: 0.5, with --quick 0.2)', positive)
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

/** What is made of the results. */
interface Uses {
  draw(results: Results): string
  judge?(results: Results): Verdict[]
}

async function timeCases(options: RunOptions, all: readonly Suite[], { draw, judge }: Uses): Promise<void> {
  const { json, chart } = options
  const suites = suitesOf(options, all)
  const contenders = contendersOf(options, suites, (text) => console.warn(`bench: ${text}.`))
  if (json) checkWritable('--json', json)
  if (chart) checkWritable('--chart', chart)
  if (contenders.some(({ name }) => name === LIMIT)) buildCopyAddon()
  const results = await run({ suites, contenders, settings: settingsOf(options) })
  const targets = judge?.(results)
  if (json) saveResults(json, { ...results, targets })
  if (chart && results.records.length > 0) writeWhole(chart, draw(results))
  console.log(`${formatReport(results)}\n\n${formatSkipped(results, titlesOf(contenders))}\n`)
  if (targets) console.log(formatTargets(targets))
  if (!results.complete) {
    console.log('interrupted: these are the cases done so far')
    process.exitCode = INTERRUPTED
  }
}
