import { Command } from 'commander'
import { EvenkeelError } from '../../src/errors.js'
import { buildCopyAddon } from './build-copy.js'
import { compare, formatCompared } from './compare.js'
import { LIMIT } from './contenders.js'
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
import { byUnit, checkWritable, joinResults, loadResults, type Results, saveResults } from './results.js'
import { run, titlesOf } from './run.js'
import { formatMachine, formatSkipped, formatUnit } from './table.js'
import { formatTargets, judgeTargets } from './targets.js'

// npm run bench: how fast evenkeel is, beside others and beside the machine's limit.

/** What a shell expects of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130

const program = new Command('npm run bench --')
  .description(
    'Times evenkeel beside other libraries and beside copies of the same bytes; see bench/speed/README.md.',
  )
  .option('--filter <regex>', "only cases whose name it matches, as in 'LayerNorm.*backward'", pattern)
  .option('--contenders <list>', 'names, comma between them (default: all that are here)', contenderList)
  .option('--threads <list>', 'numbers of threads', threadList, [1, 2])
  .option('--quick', 'fewer shapes and rounds', false)
  .option('--rounds <number>', 'medians are over so many (default: 7, with --quick 3)', count)
  .option(
    '--budget <seconds>',
    'what takes longer a call is not timed (default: 2, with --quick 0.2)',
    positive,
  )
  .option('--json <file>', 'write a record per case, threads and contender')
  .action(timeCases)

program
  .command('compare <before> <after>')
  .description('two JSON files side by side')
  .action((before: string, after: string) => {
    console.log(formatCompared(compare(loadResults(before), loadResults(after))))
  })

program
  .command('report <files...>')
  .description(
    'the table and the targets of JSON files, as of one run; of a case that several have, the last counts',
  )
  .action((files: string[]) => report(joinResults(files.map(loadResults))))

async function timeCases(options: RunOptions): Promise<void> {
  const cases = casesOf(options)
  const contenders = contendersOf(options, (text) => console.warn(`bench: ${text}.`))
  if (options.json) checkWritable('--json', options.json)
  if (contenders.some(({ name }) => name === LIMIT)) buildCopyAddon()
  const results = await run({ cases, contenders, threads: options.threads, settings: settingsOf(options) })
  if (options.json) saveResults(options.json, results)
  const titles = titlesOf(contenders)
  console.log(`${formatMachine(results)}\n\n${formatSkipped(results, titles)}\n`)
  console.log(formatTargets(judgeTargets(results)))
  if (options.json)
    console.log(`\n${options.json} written${results.complete ? '' : ', with the cases done so far'}.`)
  if (!results.complete) process.exitCode = INTERRUPTED
}

function report(results: Results): void {
  const titles = new Map<string, string>()
  for (const records of byUnit(results.records)) console.log(`${formatUnit(records, titles)}\n`)
  console.log(`${formatMachine(results)}\n\n${formatTargets(judgeTargets(results))}`)
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof EvenkeelError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
