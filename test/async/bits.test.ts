import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BYTES_PER_THREAD, setBytesPerThread } from '../../src/backend/native/threads.js'
import { PASS_NAMES } from '../../src/backend/operands.js'
import { backends, info, setThreads } from '../../src/backend/select.js'
import { type Case, cases, casesByKind } from '../support/cases.js'
import { judgeExtrema } from '../support/oracle.js'
import {
  EXTREMA_FIELDS,
  fieldDifferences,
  outcomeDifferences,
  run,
  runAsync,
  runExtremaAsync,
  runPassesAsync,
} from '../support/run.js'

// Runs the case table asynchronously, with many calls at a time, and compares the bits with the portable backend.

/** Only every fifth case runs here. parity.test.ts runs the whole table. */
const STRIDE = 5
/** More calls than libuv has threads (four), so that some wait. They find the threads busy at random. */
const IN_FLIGHT = 12
const THREADS = 3

const [portable, ...all] = backends()
const native = all.filter(({ forwardAsync }) => forwardAsync !== undefined)
const { threads: threadsBefore, threading: threadingBefore, threadings } = info()

describe.each(threadings)('the same bits off the main thread: %s', (threading) => {
  beforeAll(() => {
    setBytesPerThread(1)
    setThreads(THREADS, threading)
  })
  afterAll(() => {
    setBytesPerThread(BYTES_PER_THREAD)
    setThreads(threadsBefore, threadingBefore ?? 'pool')
  })

  it.each([...casesByKind])('%s', async (_, list) => {
    const some = list.filter((_, i) => i % STRIDE === 0)
    const failures: string[] = []
    for (const backend of native) {
      for (let first = 0; first < some.length; first += IN_FLIGHT) {
        const group = some.slice(first, first + IN_FLIGHT)
        const found = await Promise.all(group.map((each) => differences(each, backend)))
        failures.push(...found.flat())
      }
    }
    expect(failures).toEqual([])
  })
})

it('every native backend has all passes off the main thread', () => {
  expect(cases.length / STRIDE).toBeGreaterThan(500)
  expect(native).toEqual(all)
  for (const backend of native)
    for (const pass of PASS_NAMES) expect(backend[`${pass}Async`], pass).toBeTypeOf('function')
})

async function differences(each: Case, backend: (typeof native)[number]): Promise<string[]> {
  const expected = run(portable, each, each.make())
  const [extrema, ...both] = await Promise.all([
    runExtremaAsync(backend, each, each.make()),
    runAsync(backend, each, each.make()),
    runPassesAsync(backend, each, each.make()),
  ])
  const found = [
    ...both.flatMap((actual) => outcomeDifferences(actual, expected)),
    ...fieldDifferences(EXTREMA_FIELDS, extrema, judgeExtrema(each.plan, each.make().forward)),
  ]
  return found.map((difference) => `${backend.name}: ${each.title}: ${difference}`)
}
