import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Backend } from '../src/backend/backend.js'
import { BYTES_PER_THREAD, setBytesPerThread, setCacheBytes, threads } from '../src/backend/native/threads.js'
import { backends, info, setThreads } from '../src/backend/select.js'
import { type Case, cases, casesByKind } from './support/cases.js'
import { Digest, OUTCOME_FIELDS, outcomeDifferences, run } from './support/run.js'

// Every case on every native backend and with several thread counts, bit for bit against the portable backend.

/** One, fewer and more than most machines have, and a prime that divides no partition evenly. */
const THREADS = [1, 2, 3, 7]
/** The machine's own last cache, and one that the smallest case exceeds: stores past the cache, a tile at a time. */
const CACHES = [0, 1]
const SHOWN_FAILURES = 8

const [portable, ...native] = backends()
const threadsBefore = info().threads
const digest = new Digest()
let compared = 0

describe.skipIf(native.length === 0)('the same bits', () => {
  // By itself a small call runs on one thread, whatever is set; here the smallest shall reach the team.
  beforeAll(() => setBytesPerThread(1))
  afterAll(() => {
    setBytesPerThread(BYTES_PER_THREAD)
    setCacheBytes(0)
    setThreads(threadsBefore)
    const names = native.map(({ name }) => name).join(', ')
    console.log(
      `parity: ${cases.length} cases x ${native.length} backends (${names}) x ${THREADS.length} thread counts ` +
        `x ${CACHES.length} sizes of the cache, ${compared} arrays compared bit for bit; digest ${digest}`,
    )
  })

  it.each(THREADS)('%i threads are set', (count) => {
    setThreads(count)
    expect(threads()).toBe(count)
  })

  it.each([...casesByKind])('%s', (_, list) => {
    const before = compared
    const failures = list.flatMap(differences)
    expect(failures.slice(0, SHOWN_FAILURES), `${failures.length} differences`).toEqual([])
    // y, mean, variance and dx at the least.
    expect(compared - before).toBeGreaterThanOrEqual(
      list.length * native.length * THREADS.length * CACHES.length * 4,
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
  const expected = run(portable, each, buffers)
  for (const field of OUTCOME_FIELDS) {
    const array = expected[field]
    if (array) digest.add(array)
  }
  return CACHES.flatMap((cache) => {
    setCacheBytes(cache)
    return THREADS.flatMap((count) => {
      setThreads(count)
      const setting = `${count} threads${cache > 0 ? ', beyond the cache' : ''}`
      return native.flatMap((backend) => compare(backend, each, buffers, expected, setting))
    })
  })
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
