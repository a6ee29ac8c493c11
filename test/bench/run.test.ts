import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type BenchCase, benchCase } from '../../bench/speed/cases.js'
import type { Contender } from '../../bench/speed/contenders.js'
import { run } from '../../bench/speed/run.js'
import type { Suite } from '../../bench/speed/suites.js'

// Whole runs, on workers that behave as they are told.

const CASES = [
  benchCase('LayerNorm', 'plain', [4, 16], 'forward'),
  benchCase('LayerNorm', 'plain', [3, 8], 'forward'),
]
const SETTINGS = { rounds: 3, timeSlice: 1, budget: 1 }

function suiteOf(cases: readonly BenchCase[], contenders: readonly Contender[], threads = [1]): Suite {
  return { cases, threads, contenders: contenders.map(({ name }) => name) }
}

function fake(name: string, more: Partial<Contender> = {}): Contender {
  const args = [fileURLToPath(new URL('./fake-worker.mjs', import.meta.url)), name]
  return { name, title: name, process: name, command: { file: process.execPath, args }, ...more }
}

beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
})
afterEach(() => void vi.restoreAllMocks())

it('times what is right, and tells why it did not time the rest', async () => {
  const contenders = [
    fake('right'),
    fake('wrong'),
    fake('none'),
    fake('dies'),
    fake('huge', { nanosecondsPerByte: () => 1e9 }),
    fake('no program', { command: { file: '/no/such/program', args: [] } }),
  ]
  const { records, skipped, complete, versions } = await run({
    suites: [suiteOf(CASES, contenders)],
    contenders,
    settings: SETTINGS,
  })
  expect(complete).toBe(true)
  expect(records.map(({ name, contender, rounds, medianNs }) => [name, contender, rounds, medianNs])).toEqual(
    CASES.map(({ name }) => [name, 'right', 3, 1e6]),
  )
  expect(versions.right).toBe('fake right')
  const reasons = new Map(skipped.map((each) => [each.contender, each]))
  expect(reasons.get('wrong')).toMatchObject({ kind: 'wrong', why: expect.stringContaining('y is off by') })
  expect(reasons.get('none')).toMatchObject({ kind: 'none', why: 'it has none' })
  expect(reasons.get('dies')).toMatchObject({
    kind: 'failed',
    why: expect.stringMatching(/exit code 3.*as asked/),
  })
  expect(reasons.get('huge')).toMatchObject({ kind: 'slow' })
  expect(reasons.get('no program')).toMatchObject({ kind: 'failed', why: expect.stringContaining('ENOENT') })
  expect(skipped).toHaveLength(5 * CASES.length)
})

it('times one-threaded contenders with one thread only', async () => {
  const contenders = [fake('right', { oneThread: true })]
  const { records } = await run({
    suites: [suiteOf(CASES.slice(0, 1), contenders, [1, 2])],
    contenders,
    settings: SETTINGS,
  })
  expect(records.map(({ threads }) => threads)).toEqual([1])
})

it('keeps what was done when it is interrupted', async () => {
  const contenders = [fake('right'), fake('slow', { nanosecondsPerByte: () => 1e6 })]
  // The budget lets the slow one into the second, smaller case only, where it hangs.
  const budget = 0.2
  const done = run({ suites: [suiteOf(CASES, contenders)], contenders, settings: { ...SETTINGS, budget } })
  await vi.waitFor(
    () => expect(console.log).toHaveBeenCalledWith(expect.stringContaining('[1 of 2]')),
    20_000,
  )
  process.emit('SIGINT')
  const { records, complete } = await done
  expect(complete).toBe(false)
  expect(records.map(({ name }) => name)).toEqual([CASES[0].name])
})
