import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { version } from '../src/version.js'

// The command line: what it prints, where, and its exit codes.

function evenkeel(...args: readonly string[]) {
  const command = ['--import', 'tsx', 'src/cli/main.ts', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('tells on stdout', () => {
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

  it('evenkeel info --json', () => {
    const { status, stdout, stderr } = evenkeel('info', '--json')
    expect({ status, stderr, version: JSON.parse(stdout).version }).toEqual({
      status: 0,
      stderr: '',
      version,
    })
  })
})

describe('refuses, on stderr and with exit code 2', () => {
  const rows: readonly (readonly [args: string, stderr: RegExp])[] = [
    [
      'inof',
      /^evenkeel: unknown command 'inof'\n\(Did you mean info\?\)\n`evenkeel help` tells the commands\.\n$/,
    ],
    ['self-test', /^evenkeel: unknown command 'self-test'\n\(Did you mean selftest\?\)\n/],
    ['constructor', /^evenkeel: unknown command 'constructor'\n/],
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

it('a wish that cannot be met: exit code 1, and the version can be had', () => {
  const env = { ...process.env, EVENKEEL_BACKEND: 'fastest' }
  const run = (arg: string) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', arg], { encoding: 'utf8', env })
  expect(run('info')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^evenkeel: EVENKEEL_BACKEND: must be 'native' or 'portable', got 'fastest'/,
    ),
  })
  expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n` })
})
