import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Backend } from '../src/backend/backend.js'
import { BYTES_PER_THREAD, setBytesPerThread, setCacheBytes } from '../src/backend/native/threads.js'
import { backends, info, setThreads } from '../src/backend/select.js'
import { type Case, cases, casesByKind } from './support/cases.js'
import { judgeExtrema } from './support/oracle.js'
import {
  Digest,
  EXTREMA_FIELDS,
  type Extrema,
  fieldDifferences,
  OUTCOME_FIELDS,
  outcomeDifferences,
  run,
  runExtrema,
} from './support/run.js'

// Every case on every native backend, with several thread counts, on the threads of each engine, bit for bit against the
// portable backend. The extrema of x, which are exact, are those of a plain loop.

/** One, fewer and more than most machines have, and a prime that divides no partition evenly. */
const THREADS = [1, 2, 3, 7]
/** One thread is the caller's own, whatever the engine. */
const CREWS = info().threadings.flatMap((threading) =>
  THREADS.filter((count) => count > 1 || threading === 'pool').map((count) => ({ count, threading })),
)
/** The machine's own last cache, and one that the smallest case exceeds: stores past the cache, a tile at a time. */
const CACHES = [0, 1]
const SHOWN_FAILURES = 8

const [portable, ...native] = backends()
const { threads: threadsBefore, threading: threadingBefore } = info()
const digest = new Digest()
let compared = 0

describe.skipIf(native.length === 0)('the same bits', () => {
  // By itself a small call runs on one thread, whatever is set. Here the smallest shall reach the others.
  beforeAll(() => setBytesPerThread(1))
  afterAll(() => {
    setBytesPerThread(BYTES_PER_THREAD)
    setCacheBytes(0)
    setThreads(threadsBefore, threadingBefore ?? 'pool')
    const names = native.map(({ name }) => name).join(', ')
    console.log(
      `parity: ${cases.length} cases x ${native.length} backends (${names}) x ${CREWS.length} settings of threads ` +
        `(${CREWS.map(({ count, threading }) => `${count} ${threading}`).join(', ')}) x ${CACHES.length} sizes of the cache, ${compared} arrays compared bit for bit; digest ${digest}`,
    )
  })

  it.each(CREWS)('$count threads of $threading are set', ({ count, threading }) => {
    setThreads(count, threading)
    expect(info()).toMatchObject({ threads: count, threading })
  })

  it.each([...casesByKind])('%s', (_, list) => {
    const before = compared
    const failures = list.flatMap(differences)
    expect(failures.slice(0, SHOWN_FAILURES), `${failures.length} differences`).toEqual([])
    // y, mean, variance, dx, min and max at the least.
    expect(compared - before).toBeGreaterThanOrEqual(
      list.length * native.length * CREWS.length * CACHES.length * 6,
    )
  })
})

describe('EVENKEEL_BACKEND and EVENKEEL_ISA', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.resetModules()
  })

  it.each(backends().map(({ name }) => name))('%s runs when it is forced', async (name) => {
    const [kind, isa] = name.split('-')
    vi.stubEnv('EVENKEEL_BACKEND', kind)
    vi.stubEnv('EVENKEEL_ISA', isa)
    vi.resetModules()
    const { currentBackend, info } = await import('../src/backend/select.js')
    expect(currentBackend().name).toBe(name)
    expect(info()).toMatchObject({ backend: kind, isa: isa ?? null })
  })

  it.each([{ EVENKEEL_BACKEND: 'fastest' }, { EVENKEEL_ISA: 'mmx' }])(
    '%o is refused, and what there is is named',
    async (env) => {
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
      vi.resetModules()
      await expect(import('../src/backend/select.js')).rejects.toMatchObject({ code: 'EVENKEEL_BACKEND' })
    },
  )
})

describe('OpenMP', () => {
  it('is in the build of a machine whose compiler has it', ({ skip }) => {
    if (process.platform !== 'linux' || native.length === 0) return skip('evenkeel has it on Linux only')
    expect(info().threadings).toEqual(['pool', 'openmp'])
  })
})

describe('the native backend', () => {
  it('is there, or its absence is reported', ({ skip }) => {
    if (native.length > 0) return
    const why = `the native backend is not built, nothing was compared: ${info().loadErrors.join('; ')}`
    if (process.env.CI) expect.fail(why)
    console.warn(why)
    skip(why)
  })
})

function differences(each: Case): string[] {
  const buffers = each.make()
  const extrema = judgeExtrema(each.plan, buffers.forward)
  const expected = run(portable, each, buffers)
  for (const field of OUTCOME_FIELDS) {
    const array = expected[field]
    if (array) digest.add(array)
  }
  const own = extremaDifferences(portable, each, buffers, extrema, 'any setting')
  const others = CACHES.flatMap((cache) => {
    setCacheBytes(cache)
    return CREWS.flatMap(({ count, threading }) => {
      setThreads(count, threading)
      const setting = `${count} threads of ${threading}${cache > 0 ? ', beyond the cache' : ''}`
      return native.flatMap((backend) => [
        ...compare(backend, each, buffers, expected, setting),
        ...extremaDifferences(backend, each, buffers, extrema, setting),
      ])
    })
  })
  return [...own, ...others]
}

function extremaDifferences(
  backend: Backend,
  each: Case,
  buffers: ReturnType<Case['make']>,
  expected: Extrema,
  setting: string,
): string[] {
  const actual = runExtrema(backend, each, buffers)
  compared += EXTREMA_FIELDS.length
  return fieldDifferences(EXTREMA_FIELDS, actual, expected).map(
    (failure) => `${backend.name}, ${setting}: ${each.title}: ${failure}`,
  )
}

function compare(
  backend: Backend,
  each: Case,
  buffers: ReturnType<Case['make']>,
  expected: ReturnType<typeof run>,
  setting: string,
): string[] {
  const actual = run(backend, each, buffers)
  compared += OUTCOME_FIELDS.filter((field) => actual[field] !== null).length
  return outcomeDifferences(actual, expected).map(
    (failure) => `${backend.name}, ${setting}: ${each.title}: ${failure}`,
  )
}
