import { Difference } from './argument.js'
import type { Call } from './call.js'
import type { Libraries } from './libraries.js'
import type { Scenario, Step } from './scenario.js'
import { Side } from './side.js'
import { callOf } from './steps.js'

// Runs a scenario on both libraries, call by call, and checks after each call:
//
//   both sides: the same error, or the same bits in all arrays
//   each side: a call that must fail has thrown; after an error, nothing has changed; after a success, nothing has
//   changed outside of what the call writes

/** The code and message of what the library, or a caller's getter, threw. Null: nothing was thrown. */
type Thrown = { readonly code: string; readonly message: string } | null
type Pair = readonly [tested: Side, portable: Side]

/** How many calls there were, how many threw, and how many there were of each kind. */
export interface Tally {
  calls: number
  errors: number
  readonly ops: Map<string, number>
}

export async function check(libraries: Libraries, scenario: Scenario, tally: Tally): Promise<void> {
  const { subject, setting, steps } = scenario
  libraries.set(setting)
  const sides: Pair = [new Side(libraries.tested, subject), new Side(libraries.portable, subject)]
  for (const [i, step] of steps.entries()) {
    if (step.op === 'nothing') continue
    tally.calls += step.op === 'burst' ? step.calls.length : 1
    tally.ops.set(step.op, (tally.ops.get(step.op) ?? 0) + 1)
    try {
      if (!(await runStep(libraries, sides, step, tally))) break
    } catch (error) {
      const why = error instanceof Difference ? error.message : (error as Error).stack
      throw new Difference(`step ${i} (${step.op}): ${why}`)
    }
  }
}

/** Runs a step on both sides. Returns whether the scenario goes on. */
async function runStep(libraries: Libraries, sides: Pair, step: Step, tally: Tally): Promise<boolean> {
  if (step.op === 'burst') {
    const goesOn = await runBurst(sides, step)
    if (!goesOn) return false
    for (const { memory } of sides) memory.accept()
  } else if (step.op === 'threads') libraries.set(step.setting)
  else if (step.op === 'lose') for (const side of sides) side.loseOne(step.what)
  else {
    const thrown = [await runCall(sides[0], step), await runCall(sides[1], step)]
    if (thrown[0] !== null) tally.errors++
    compareThrown(thrown, step.op === 'pass')
  }
  compare(sides)
  return true
}

async function runCall(side: Side, step: Step): Promise<Thrown> {
  const call = callOf(side, step)
  const before = side.counters()
  const [thrown, result] = await outcome(call)
  if (thrown === null && call.bad) throw new Difference(`${side.library.backend.name} did not refuse it`)
  if (call.calls) side.memory.accept()
  else checkUnchanged(side, call, thrown, result, before)
  return thrown
}

async function outcome(call: Call): Promise<[Thrown, unknown]> {
  try {
    return [null, await call.run()]
  } catch (error) {
    if (error instanceof Difference) throw error
    return [thrownBy(error), null]
  }
}

/**
 * Runs a burst on both sides. Returns whether the scenario goes on. If an array loses its memory, a call that reads it
 * may go through on one side and be refused on the other, by when it runs. Then the scenario ends.
 */
async function runBurst(sides: Pair, { calls, lose }: Extract<Step, { op: 'burst' }>): Promise<boolean> {
  const thrown: Thrown[][] = []
  for (const side of sides) {
    const outcomes = calls.map((step) => outcome(callOf(side, step)))
    if (lose !== null) side.loseOne(lose)
    thrown.push((await Promise.all(outcomes)).map(([each]) => each))
  }
  if (lose === null) for (const [i, each] of thrown[0].entries()) compareThrown([each, thrown[1][i]], false)
  return lose === null
}

function checkUnchanged(
  side: Side,
  { writes = [], writesBeforeStatistics = [] }: Call,
  thrown: Thrown,
  result: unknown,
  before: string,
): void {
  const begun = thrown?.code === 'EVENKEEL_STATISTICS'
  const failed = begun ? [...writesBeforeStatistics, ...side.released.map(({ data }) => data)] : []
  const written = thrown === null ? [...writes, ...((result as []) ?? [])] : failed
  const who = `${side.library.backend.name}${thrown === null ? '' : `, after ${thrown.code} (${thrown.message})`}`
  const changed = side.memory.changed(written)
  if (changed) throw new Difference(`${who}: it changed ${changed}`)
  const counters = side.counters()
  if (thrown !== null && !begun && counters !== before)
    throw new Difference(`${who}: it changed ${before} to ${counters}`)
}

function compareThrown([tested, portable]: readonly Thrown[], codeOnly: boolean): void {
  const text = (thrown: Thrown) =>
    thrown === null ? 'it passed' : codeOnly ? thrown.code : `${thrown.code}: ${thrown.message}`
  if (text(tested) !== text(portable))
    throw new Difference(`the tested backend: ${text(tested)}; portable: ${text(portable)}`)
}

function compare([tested, portable]: Pair): void {
  const difference = tested.memory.difference(portable.memory)
  if (difference) throw new Difference(`tested against portable: ${difference}`)
  if (tested.counters() !== portable.counters())
    throw new Difference(`tested against portable: ${tested.counters()} instead of ${portable.counters()}`)
}

/** Errors of the library and of a caller's getter have a code. Any other error is a fault of the library. */
function thrownBy(error: unknown): Thrown {
  const { code, message } = error as { code?: string; message: string }
  if (code === undefined) throw new Difference(`it threw ${(error as Error).stack}`)
  return { code, message }
}
