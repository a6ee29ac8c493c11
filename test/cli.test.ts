import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { info } from '../src/index.js'
import { selftestCases } from '../src/selftest/cases.js'
import { version } from '../src/version.js'

// The command line: what it prints, where, and its exit codes.

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = ['--import', 'tsx', 'src/cli/main.ts', ...args]
  const settings = { encoding: 'utf8', env: { ...process.env, ...env } } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, command, settings)
  return { status, stdout, stderr }
}

const evenkeel = (...args: readonly string[]) => run(args)

describe('prints on stdout', () => {
  const commands = /Usage: evenkeel .*\n.* info .* selftest .* build .*Exit codes: 0 /s
  const rows: readonly (readonly [args: string, stdout: RegExp])[] = [
    ['--version', new RegExp(`^${version}\n$`)],
    ['-v', new RegExp(`^${version}\n$`)],
    ['--help', commands],
    ['-h', commands],
    ['help', commands],
    ['help build', /^Usage: evenkeel build .*compiler/s],
    ['build --help', /^Usage: evenkeel build .*compiler/s],
    ['help selftest', /^Usage: evenkeel selftest .*--json/s],
    ['info', new RegExp(`^evenkeel ${version} on `)],
  ]

  it.each(rows)('evenkeel %s', (args, stdout) => {
    const said = evenkeel(...args.split(' '))
    expect(said).toEqual({ status: 0, stdout: expect.stringMatching(stdout), stderr: '' })
  })

  it('evenkeel info --json: the result of info()', () => {
    const { status, stdout, stderr } = evenkeel('info', '--json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ ...info(), node: process.version })
    expect(evenkeel('info').stdout).toContain(`backend: ${info().backend}`)
  })

  it('evenkeel selftest --json', () => {
    const { status, stdout } = run(['selftest', '--json'], { EVENKEEL_BACKEND: 'portable' })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, cases: selftestCases.length })
  })
})

describe('refuses, on stderr and with exit code 2', () => {
  const rows: readonly (readonly [args: string, stderr: RegExp])[] = [
    [
      'inof',
      /^evenkeel: unknown command 'inof'\n\(Did you mean info\?\)\n`evenkeel help` lists the commands\.\n$/,
    ],
    ['self-test', /^evenkeel: unknown command 'self-test'\n\(Did you mean selftest\?\)\n/],
    ['constructor', /^evenkeel: unknown command 'constructor'\n/],
    ['toString', /^evenkeel: unknown command 'toString'\n/],
    ['fly', /^evenkeel: unknown command 'fly'\n`evenkeel help`/],
    ['info extra', /^evenkeel: too many arguments for 'info'\./],
    ['build --json', /^evenkeel: unknown option '--json'\n/],
    ['info --jsn', /^evenkeel: unknown option '--jsn'\n\(Did you mean --json\?\)\n/],
    ['--verison', /^evenkeel: unknown option '--verison'\n\(Did you mean --version\?\)\n/],
    ['help inof', /^Usage: evenkeel /],
  ]

  it.each(rows)('evenkeel %s', (args, stderr) => {
    const said = evenkeel(...args.split(' '))
    expect(said).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(stderr) })
  })

  it('evenkeel', () => {
    expect(evenkeel()).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(/^Usage: evenkeel /) })
  })
})

it('a setting that cannot be met prints one line and no stack; --version still works', () => {
  const setting = { EVENKEEL_BACKEND: 'fastest' }
  expect(run(['info'], setting)).toEqual({
    status: 1,
    stdout: '',
    stderr:
      "evenkeel: EVENKEEL_BACKEND: must be 'native' or 'portable', got 'fastest'; unset it, and evenkeel chooses.\n",
  })
  expect(run(['--version'], setting)).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
})
