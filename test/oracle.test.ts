import { describe, expect, it } from 'vitest'
import { backends } from '../src/backend/select.js'
import type { DType, FloatArray } from '../src/tensor.js'
import { type Case, casesByKind } from './support/cases.js'
import { judge } from './support/oracle.js'
import { OUTCOME_FIELDS, type Outcome, run } from './support/run.js'
import type { Judged } from './support/textbook.js'
import { oracleTolerance } from './support/tolerance.js'

// Every case on every backend against the textbook in float64, which shares no code with them.

/** Enough to see the pattern of a failure. */
const SHOWN_FAILURES = 8

describe('against the float64 oracle', () => {
  it.each([...casesByKind])('%s', (_, all) => {
    const cases = all.filter(({ ends }) => !ends)
    let compared = 0
    const failures: string[] = []
    for (const each of cases) {
      const buffers = each.make()
      const verdict = judge(each.plan, buffers.forward, buffers.backward)
      for (const backend of backends()) {
        const outcome = run(backend, each, buffers)
        for (const field of OUTCOME_FIELDS) {
          const actual = outcome[field]
          const judged = verdict[field]
          if (actual === null || judged === null) continue
          compared += actual.length
          const problem = firstMiss(each, field, actual, judged)
          if (problem) failures.push(`${backend.name}: ${each.title}: ${problem}`)
        }
      }
    }
    expect(failures.slice(0, SHOWN_FAILURES), `${failures.length} misses in ${cases.length} cases`).toEqual(
      [],
    )
    expect(compared).toBeGreaterThan(0)
  })
})

function firstMiss(
  { plan }: Case,
  field: keyof Outcome,
  actual: FloatArray,
  judged: Judged<number>,
): string | null {
  const stored: DType = field === 'mean' || field === 'variance' ? 'float64' : plan.dtype
  for (let i = 0; i < actual.length; i++) {
    const truth = judged.value[i]
    if (actual[i] === truth) continue
    const error = Math.abs(actual[i] - truth)
    if (error <= oracleTolerance(field, plan.dtype, judged.scale[i])) continue
    // What is not finite, or overflows the type, must not come out finite. NaN or infinity is all the same.
    const unrepresentable = !Number.isFinite(stored === 'float32' ? Math.fround(truth) : truth)
    if (unrepresentable && !Number.isFinite(actual[i])) continue
    return `${field}[${i}] is ${actual[i]} instead of ${truth}`
  }
  return null
}
