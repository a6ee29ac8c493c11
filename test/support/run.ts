import { createHash } from 'node:crypto'
import type { Backend } from '../../src/backend/backend.js'
import type { PassName } from '../../src/backend/operands.js'
import type { Plan } from '../../src/engine/plan.js'
import type { FloatArray } from '../../src/tensor.js'
import type { CaseBuffers } from './buffers.js'
import type { Case } from './cases.js'

/** All that a case's forward and backward pass wrote. */
export interface Outcome {
  readonly y: FloatArray
  readonly mean: Float64Array
  readonly variance: Float64Array
  readonly dx: FloatArray
  readonly dweight: FloatArray | null
  readonly dbias: FloatArray | null
}
export const OUTCOME_FIELDS = ['y', 'mean', 'variance', 'dx', 'dweight', 'dbias'] as const

/**
 * Runs a case on a backend, from its buffers' first contents: forward, then backward on the statistics that forward left.
 * Throws where the backend wrote to what it may only read, or outside of an array.
 */
export function run(backend: Backend, each: Case, buffers: CaseBuffers): Outcome {
  const { forward, backward, reset } = buffers
  reset()
  backend.forward(each.plan, forward)
  const middle = afterForward(buffers)
  backend.backward(each.plan, backward)
  return { ...middle, ...afterBackward(backend, each, buffers) }
}

/** The same by a backend's asynchronous entry. */
export async function runAsync(backend: Backend, each: Case, buffers: CaseBuffers): Promise<Outcome> {
  const { forward, backward, reset } = buffers
  reset()
  await backend.forwardAsync!(each.plan, forward)
  const middle = afterForward(buffers)
  await backend.backwardAsync!(each.plan, backward)
  return { ...middle, ...afterBackward(backend, each, buffers) }
}

/** The least and the greatest value of each slot of a case's x. */
export interface Extrema {
  readonly min: Float64Array
  readonly max: Float64Array
}
export const EXTREMA_FIELDS = ['min', 'max'] as const

export function runExtrema(
  backend: Backend,
  { plan }: Case,
  { forward: { x }, reset }: CaseBuffers,
): Extrema {
  reset()
  const extrema = newExtrema(plan)
  backend.extrema(plan, { x, ...extrema })
  return extrema
}

/** The same by a backend's asynchronous entry. */
export async function runExtremaAsync(
  backend: Backend,
  { plan }: Case,
  { forward: { x }, reset }: CaseBuffers,
): Promise<Extrema> {
  reset()
  const extrema = newExtrema(plan)
  await backend.extremaAsync!(plan, { x, ...extrema })
  return extrema
}

/** NaN, which nothing may leave there. */
function newExtrema({ slots }: Plan): Extrema {
  return { min: new Float64Array(slots).fill(Number.NaN), max: new Float64Array(slots).fill(Number.NaN) }
}

/** What the passes of a composition exchange. */
export interface Exchanged {
  readonly mean: Float64Array
  readonly m2: Float64Array
  readonly sum1: Float64Array
  readonly sum2: Float64Array
}
export const EXCHANGED_FIELDS = ['mean', 'm2', 'sum1', 'sum2'] as const

/** run() by the four passes: forward is apply after moments, backward is applyGradient after gradientSums. */
export function runPasses(backend: Backend, each: Case, buffers: CaseBuffers): [Outcome, Exchanged] {
  const exchanged = newExchanged(each.plan)
  const steps = fourPasses(each.plan, buffers, exchanged)
  let step = steps.next()
  for (; !step.done; step = steps.next()) {
    const run = backend[step.value.pass] as (plan: Plan, io: object) => void
    run(each.plan, step.value.io)
  }
  return [{ ...step.value, ...afterBackward(backend, each, buffers) }, exchanged]
}

/** The same by a backend's asynchronous entry. */
export async function runPassesAsync(backend: Backend, each: Case, buffers: CaseBuffers): Promise<Outcome> {
  const steps = fourPasses(each.plan, buffers, newExchanged(each.plan))
  let step = steps.next()
  for (; !step.done; step = steps.next()) {
    const run = backend[`${step.value.pass}Async`] as (plan: Plan, io: object) => Promise<void>
    await run(each.plan, step.value.io)
  }
  return { ...step.value, ...afterBackward(backend, each, buffers) }
}

function newExchanged({ slots }: Plan): Exchanged {
  const [mean, m2, sum1, sum2] = [0, 1, 2, 3].map(() => new Float64Array(slots).fill(Number.NaN))
  return { mean, m2, sum1, sum2 }
}

/** The passes and their buffers, each to be run before the next is asked for; returns what forward wrote. */
function* fourPasses(
  plan: Plan,
  buffers: CaseBuffers,
  exchanged: Exchanged,
): Generator<{ pass: PassName; io: object }, ReturnType<typeof afterForward>> {
  const { forward, backward, reset } = buffers
  reset()
  yield { pass: 'moments', io: { ...exchanged, x: forward.x } }
  if (!plan.given) {
    forward.mean.set(exchanged.mean)
    forward.variance.set(exchanged.m2.map((m2) => (plan.count > 0 ? m2 / plan.count : 0)))
  }
  yield { pass: 'apply', io: forward }
  const middle = afterForward(buffers)
  const io = { ...exchanged, ...backward }
  yield { pass: 'gradientSums', io }
  yield { pass: 'applyGradient', io }
  return middle
}

function afterForward({ forward }: CaseBuffers) {
  return { y: forward.y.slice(), mean: forward.mean.slice(), variance: forward.variance.slice() }
}

function afterBackward(backend: Backend, { title }: Case, { backward, damaged }: CaseBuffers) {
  const names = damaged()
  if (names.length > 0) throw new Error(`${backend.name} damaged ${names.join(', ')} in ${title}`)
  const copy = (array: FloatArray | null) => array?.slice() ?? null
  return { dx: backward.dx.slice(), dweight: copy(backward.dweight), dbias: copy(backward.dbias) }
}

/** How an outcome differs from the expected one, field by field. */
export function outcomeDifferences(actual: Outcome, expected: Outcome): string[] {
  return fieldDifferences(OUTCOME_FIELDS, actual, expected)
}

/** The same of any arrays. */
export function fieldDifferences<Field extends string>(
  fields: readonly Field[],
  actual: Readonly<Record<Field, FloatArray | null>>,
  expected: Readonly<Record<Field, FloatArray | null>>,
): string[] {
  return fields.flatMap((field) => {
    const [a, e] = [actual[field], expected[field]]
    if (a === null || e === null) return a === e ? [] : [`${field} is missing`]
    const difference = firstDifference(a, e)
    return difference ? [`${field}${difference}`] : []
  })
}

/** The first difference of two arrays' bits, or null. NaNs are equal to one another: payloads are not promised. */
export function firstDifference(actual: FloatArray, expected: FloatArray): string | null {
  if (actual.length !== expected.length) return `length ${actual.length} instead of ${expected.length}`
  if (actual.constructor !== expected.constructor) return 'another element type'
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) return `[${i}] is ${actual[i]} instead of ${expected[i]}`
  }
  return null
}

/** Accumulates outcomes into one digest, which other machines and builds must reach too. */
export class Digest {
  private readonly hash = createHash('sha256')

  add(array: FloatArray): void {
    // One NaN for all, so that its payload does not enter.
    const canonical = array.map((value) => (Number.isNaN(value) ? Number.NaN : value))
    this.hash.update(new Uint8Array(canonical.buffer, canonical.byteOffset, canonical.byteLength))
  }

  toString(): string {
    return this.hash.digest('hex').slice(0, 16)
  }
}
