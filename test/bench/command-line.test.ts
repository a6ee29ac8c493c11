import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runCommandLine } from '../../bench/speed/command-line.js'

// The command line's own errors: each says what came and what would do, with exit code 1, before anything is timed.

const directory = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'))
let said: string

beforeEach(() => {
  said = ''
  const hear = (text: unknown) => {
    said += `${text}\n`
    return true
  }
  vi.spyOn(console, 'error').mockImplementation(hear)
  vi.spyOn(process.stderr, 'write').mockImplementation(hear)
  vi.spyOn(console, 'warn').mockReturnValue()
  vi.stubEnv('EVENKEEL_PYTHON', '')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
})
afterAll(() => rmSync(directory, { recursive: true }))

it.each([
  [['--contenders', 'pytroch'], /no contender 'pytroch'; there are evenkeel, .*pytorch/],
  [['--contenders', 'pytorch'], /pytorch is not here; EVENKEEL_PYTHON=/],
  [['--contenders', 'baseline'], /baseline is not here; --baseline DIRECTORY/],
  [['--baseline', directory], /there is no build in .*npm run build/],
  [['--suites', 'models,planes'], /no suite 'planes'; there are models, .*loops/],
  [['--filter', '['], /Invalid regular expression.*backslashes/],
  [['--filter', 'SwitchNorm'], /no case matches .*SwitchNorm.*LayerNorm/],
  [['--threads', '1,x'], /whole numbers from 1 up/],
  [['--threading', 'team'], /there is no 'team' here; there are pool/],
  [['--rounds', '0'], /number above 0/],
  [['--rounds', '2.5'], /whole number from 1 up/],
  [['--json', join(directory, 'none', 'out.json')], /--json: cannot write .*out\.json/],
  [['--chart', join(directory, 'none', 'out.svg')], /--chart: cannot write .*out\.svg/],
  [['report', join(directory, 'a.json')], /cannot read .*a\.json/],
  [['report'], /missing required argument 'files'/],
  [['--quik'], /unknown option '--quik'/],
  [['quick'], /too many arguments|unknown command/],
] as const)('refuses %j', async (args, message) => {
  await runCommandLine(args)
  expect(said).toMatch(message)
  expect(process.exitCode).toBe(1)
  expect(existsSync(join(directory, 'none'))).toBe(false)
})
