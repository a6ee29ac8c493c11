import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.js'
import { BYTES_PER_THREAD, setBytesPerThread, setCacheBytes } from '../src/backend/native/threads.js'
import { backends, info, setThreads } from '../src/backend/select.js'
import { Random } from '../src/selftest/random.js'
import { type Case, casesByKind } from './support/cases.js'
import { drawEnds } from './support/ends.js'
import {
  EXCHANGED_FIELDS,
  type Exchanged,
  fieldDifferences,
  type Outcome,
  outcomeDifferences,
  run,
  runPasses,
} from './support/run.js'

// forward is apply after moments, and backward applyGradient after gradientSums, bit for bit: in every case, on every
// backend, with several thread counts. What these passes exchange is the same on all of them.

/** As in parity.test.ts. */
const THREADS = [1, 2, 3, 7]
const CACHES = [0, 1]
const SHOWN_FAILURES = 8
/** Some seconds of inputs over the whole range of the floats. */
const DRAWN = 300

const [portable, ...native] = backends()
const threadsBefore = info().threads
let compared = 0

beforeAll(() => setBytesPerThread(1))
afterAll(() => {
  setBytesPerThread(BYTES_PER_THREAD)
  setCacheBytes(0)
  setThreads(threadsBefore)
})

describe('two passes are the fused one', () => {
  it.each([...casesByKind])('%s', (_, list) => {
    const before = compared
    const failures = list.flatMap(differences)
    expect(failures.slice(0, SHOWN_FAILURES), `${failures.length} differences`).toEqual([])
    const runs = 1 + native.length * THREADS.length * CACHES.length
    expect(compared - before).toBe(list.length * runs)
  })

  it(`of ${DRAWN} random inputs over the whole range of the floats`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const drawn = drawEnds(new Random(seed))
        if (drawn === null) return
        const { mean, variance } = drawn.forward
        const [given, givenVariance] = [mean.slice(), variance.slice()]
        const buffers = () => {
          const [dweight, dbias] = [drawn.backward.dweight, drawn.backward.dbias].map(
            (array) => array?.slice() ?? null,
          )
          return {
            forward: drawn.forward,
            backward: { ...drawn.backward, dweight, dbias },
            damaged: () => [],
            reset: () => {
              mean.set(given)
              variance.set(givenVariance)
            },
          }
        }
        const each: Case = { ...drawn, ends: true, make: buffers }
        const expected = run(portable, each, buffers())
        const [, exchanged] = runPasses(portable, each, buffers())
        for (const backend of [portable, ...native])
          expect(differencesOn(backend, each, buffers(), expected, exchanged), each.title).toEqual([])
      }),
      { numRuns: DRAWN, seed: 20 },
    )
  })
})

function differences(each: Case): string[] {
  const buffers = each.make()
  const expected = run(portable, each, buffers)
  const [outcome, exchanged] = runPasses(portable, each, buffers)
  compared++
  const own = outcomeDifferences(outcome, expected).map((failure) => `portable: ${each.title}: ${failure}`)
  const others = CACHES.flatMap((cache) => {
    setCacheBytes(cache)
    return THREADS.flatMap((count) => {
      setThreads(count)
      return native.flatMap((backend) =>
        differencesOn(backend, each, buffers, expected, exchanged).map(
          (failure) => `${backend.name}, ${count} threads, cache ${cache}: ${each.title}: ${failure}`,
        ),
      )
    })
  })
  return [...own, ...others]
}

function differencesOn(
  backend: Backend,
  each: Case,
  buffers: ReturnType<Case['make']>,
  expected: Outcome,
  expectedBetween: Exchanged,
): string[] {
  const [outcome, exchanged] = runPasses(backend, each, buffers)
  compared++
  return [
    ...outcomeDifferences(outcome, expected),
    ...fieldDifferences(EXCHANGED_FIELDS, exchanged, expectedBetween),
  ]
}
