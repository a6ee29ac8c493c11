#!/usr/bin/env node
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import { EvenkeelError } from '../errors.js'
import { version } from '../version.js'
import type { Action } from './action.js'
import { Interrupted } from './child.js'

/** Of the process: 0 where all is well, and for a signal 128 and its number, as shells have it. */
const [NOT_WELL, WRONG_COMMAND_LINE, SIGNALLED] = [1, 2, 128]
const JSON_OPTION = ['--json', 'print it as JSON', false] as const

const program = new Command('evenkeel')
  .description('Tells what evenkeel runs on here, checks its bits, and compiles its native backend.')
  .version(version, '-v, --version', 'tell the version')
  .helpOption('-h, --help', 'tell the commands, or the options of one')
  .helpCommand('help [command]', 'tell the commands, or the options of one')
  .showHelpAfterError('`evenkeel help` tells the commands.')
  .addHelpText('after', '\nExit codes: 0 all is well, 1 it is not, 2 the command line is wrong.')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'evenkeel:')) })
  .exitOverride()

// Imported on demand: a wish in the environment that cannot be met throws as the library is loaded.
command('info', 'which backend runs, and why', async () => (await import('./info.js')).info).option(
  ...JSON_OPTION,
)
command(
  'selftest',
  "compare the bits of a fixed set of cases, on every backend here, with the package's own",
  async () => (await import('./selftest.js')).selftest,
).option(...JSON_OPTION)
command(
  'build',
  'compile the native backend for this machine: needs a C++17 compiler, make and Python',
  async () => (await import('./build.js')).build,
)

// The commands tell themselves what the loader's hint would.
process.env.EVENKEEL_QUIET ??= '1'
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = explain(error)
}

function command(name: string, description: string, load: () => Promise<Action>): Command {
  return program
    .command(name)
    .description(description)
    .helpOption('-h, --help', 'tell this')
    .action(async (options) => {
      process.exitCode = await (await load())(options)
    })
}

/** Says what was wrong, where that was not said; returns the exit code. */
function explain(error: unknown): number {
  // Commander has printed it: help and version too end so.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_COMMAND_LINE
  if (!(error instanceof EvenkeelError || error instanceof Interrupted)) throw error
  process.stderr.write(`evenkeel: ${error.message}\n`)
  return error instanceof Interrupted ? SIGNALLED + constants.signals[error.signal] : NOT_WELL
}
