#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { EvenkeelError } from '../errors.js'

/** Of a command: prints what it found, and returns the exit code. */
export type Command = (options: { readonly json: boolean }) => number | Promise<number>

const USAGE = `Usage: evenkeel <command>

  info [--json]       which backend runs, and why
  selftest [--json]   compares the bits of a fixed set of cases, on every backend here, with the package's own
  build               compiles the addon for this machine: needs a C++17 compiler, make and Python

Exit codes: 0 all is well, 1 it is not, 2 the command line is wrong.
`

// Imported on demand: a wish in the environment that cannot be met throws as the library is loaded.
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  info: async () => (await import('./info.js')).info,
  selftest: async () => (await import('./selftest.js')).selftest,
  build: async () => (await import('./build.js')).build,
}

// The commands tell themselves what the loader's hint would.
process.env.EVENKEEL_QUIET ??= '1'
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    process.stderr.write(`evenkeel: ${(error as Error).message}\n\n${USAGE}`)
    return 2
  }
  const { values, positionals } = parsed
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const [name, ...rest] = positionals
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined
  if (command === undefined || rest.length > 0) {
    const what = name === undefined ? 'a command is missing' : `unknown command '${positionals.join(' ')}'`
    process.stderr.write(`evenkeel: ${what}\n\n${USAGE}`)
    return 2
  }
  try {
    return await (await command())({ json: values.json })
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error
    process.stderr.write(`evenkeel: ${error.message}\n`)
    return 1
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
}
