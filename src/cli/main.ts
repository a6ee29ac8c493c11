#!/usr/bin/env node
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import { EvenkeelError } from '../errors.js'
import { version } from '../version.js'
import type { Action } from './action.js'
import { Interrupted } from './child.js'
import { addJobCommands } from './job-commands.js'
import { forCommandLine } from './option-names.js'
import { UsageError } from './usage.js'

/** Of the process: 0 where all is well, and for a signal 128 and its number, as shells have it. */
const [NOT_WELL, WRONG_COMMAND_LINE, SIGNALLED] = [1, 2, 128]
const JSON_OPTION = ['--json', 'print it as JSON', false] as const

const program = new Command('evenkeel')
  .description(
    'Scales and normalizes files of any size; shows which backend evenkeel uses here, checks its bits, and compiles it.',
  )
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'list the commands, or the options of a command')
  .helpCommand('help [command]', 'list the commands, or the options of a command')
  .showHelpAfterError('`evenkeel help` lists the commands.')
  .addHelpText(
    'after',
    '\nExit codes: 0 success, 1 the command or a check failed, 2 the command line is wrong, 130 interrupted.',
  )
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'evenkeel:')) })
  .exitOverride()

// The commands are imported on demand. The library throws while it is loaded if a setting in the environment cannot be
// met.
command('info', 'show which backend runs, and why', async () => (await import('./info.js')).info).option(
  ...JSON_OPTION,
)
command(
  'selftest',
  'run a fixed set of cases on every backend here, and compare the bits with the expected ones',
  async () => (await import('./selftest.js')).selftest,
).option(...JSON_OPTION)
command(
  'build',
  'compile the native backend for this machine (needs a C++17 compiler, make and Python)',
  async () => (await import('./build.js')).build,
)

addJobCommands(command)

// The commands print the reasons that the loader's warning would print.
process.env.EVENKEEL_QUIET ??= '1'
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = explain(error)
}

function command<Options>(name: string, description: string, load: () => Promise<Action<Options>>): Command {
  return program
    .command(name)
    .description(description)
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError(`\`evenkeel ${name} --help\` lists its options.`)
    .action(async (...parameters) => {
      // The arguments come before, as many as the command has.
      const self = parameters.at(-1) as Command
      process.exitCode = await (await load())(self.opts() as Options, self.args)
    })
}

/** Prints the error, unless commander did so already. Returns the exit code. */
function explain(error: unknown): number {
  // Commander has printed the message. It also throws after it printed help or the version, with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_COMMAND_LINE
  const ours = error instanceof EvenkeelError || error instanceof Interrupted || error instanceof UsageError
  if (!ours) throw error
  const message = error instanceof EvenkeelError ? forCommandLine(error.message) : error.message
  process.stderr.write(`evenkeel: ${message}\n`)
  if (error instanceof UsageError) return WRONG_COMMAND_LINE
  // A read of standard input that was given up would keep the process alive.
  if (error instanceof Interrupted) process.exit(SIGNALLED + constants.signals[error.signal])
  return NOT_WELL
}
