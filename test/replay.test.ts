import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { portable } from '../src/backend/portable/index.js'
import { type Case, cases, casesByKind } from './support/cases.js'
import { judgeExtrema } from './support/oracle.js'
import {
  CaseFile,
  encodeCase,
  offeredIsas,
  RESULT_FIELDS,
  type Replayer,
  type Result,
  type Setting,
} from './support/replay.js'
import { Digest, firstDifference, OUTCOME_FIELDS, run } from './support/run.js'

// Every case of the table on a build that Node cannot load (another processor's, emulated, sanitized), bit for bit
// against the portable backend, and the extrema of x against a plain loop. scripts/native-tests.mjs makes these builds and names them here.

/**
 * The machine's own cache, and as in parity.test.ts one that the smallest case exceeds: a tile is one slot. Where data are
 * taken a tile at a time, they lie at the ends of pages.
 */
const MEMORIES = [
  { cacheBytes: 0, places: 'lines' },
  { cacheBytes: 1, places: 'page-ends' },
] as const
/** A tile is several slots, or several samples. */
const SOME_SLOTS_A_TILE = { cacheBytes: 4096, places: 'page-ends' } as const
const SHOWN_FAILURES = 8
/** For a build under ThreadSanitizer on a busy machine: one kind took 525 s there. On a free machine it takes seconds. */
const KIND_TIMEOUT_MS = 1_800_000
const replayer: Replayer | null = JSON.parse(process.env.EVENKEEL_REPLAY ?? 'null')
const digest = new Digest()
let compared = 0

/** A plan with stages is some plans to the kernels, which the other kinds have. */
const nativeCases = [...casesByKind]
  .map(([kind, list]) => [kind, list.filter(({ plan }) => plan.stages === null)] as const)
  .filter(([, list]) => list.length > 0)

if (replayer === null) {
  it.skip('replay: run by `npm run test:native` and its like', () => {})
} else {
  describe(`replay: ${replayer.title}`, () => replayTests(replayer))
}

function replayTests(replayer: Replayer): void {
  const { title, command, isas, threads, openmp } = replayer
  const most = Math.max(...threads)
  const settings: readonly Setting[] = isas.flatMap((isa) => [
    ...threads.flatMap((count) =>
      MEMORIES.map((memory) => ({ isa, threads: count, threading: 'pool' as const, ...memory })),
    ),
    { isa, threads: 1, threading: 'pool', ...SOME_SLOTS_A_TILE },
    // OpenMP's threads take the same parts. One setting is enough to see whose threads these are.
    ...(openmp === '' ? [] : [{ isa, threads: most, threading: 'openmp' as const, ...MEMORIES[1] }]),
  ])

  beforeAll(() => {
    expect(offeredIsas(command)).toEqual(expect.arrayContaining([...isas]))
  })
  afterAll(() => {
    console.log(
      `replay: ${title}: ${cases.length} cases x ${isas.join(', ')} x ${threads.length} thread counts ` +
        `(${threads.join(', ')}) x ${MEMORIES.length} sizes of the cache, and a third on one thread, OpenMP ${openmp === '' ? 'not there' : `(${openmp}) with ${most} threads`}, ${compared} arrays compared bit for bit; digest ${digest}`,
    )
  })

  it.each(nativeCases)(
    '%s',
    (_, list) => {
      const before = compared
      const encoded: Uint8Array[][] = []
      const expected = list.map((each) => expectation(each, encoded))
      const file = new CaseFile(encoded)
      onTestFinished(() => file.remove())
      const failures = settings.flatMap((setting) => {
        const results = file.replay(replayer, setting)
        const found = list.flatMap((each, i) =>
          differences(results.next(expected[i]), expected[i]).map(
            (difference) => `${Object.values(setting).join(', ')}: ${each.title}: ${difference}`,
          ),
        )
        expect(results.atEnd()).toBe(true)
        return found
      })
      expect(failures.slice(0, SHOWN_FAILURES), `${failures.length} differences`).toEqual([])
      // y, mean, variance, dx, min and max at the least.
      expect(compared - before).toBeGreaterThanOrEqual(list.length * settings.length * 6)
    },
    KIND_TIMEOUT_MS,
  )
}

function expectation(each: Case, encoded: Uint8Array[][]): Result {
  const buffers = each.make()
  encoded.push(encodeCase(each.plan, buffers))
  const extrema = judgeExtrema(each.plan, buffers.forward)
  const outcome = run(portable, each, buffers)
  for (const field of OUTCOME_FIELDS) {
    const array = outcome[field]
    if (array) digest.add(array)
  }
  return { ...outcome, ...extrema }
}

function differences(actual: Result, expected: Result): string[] {
  return RESULT_FIELDS.flatMap((field) => {
    const [a, e] = [actual[field], expected[field]]
    if (a === null || e === null) return []
    compared++
    const difference = firstDifference(a, e)
    return difference ? [`${field}${difference}`] : []
  })
}
