import type { Backend, BackwardBuffers, ForwardBuffers } from '../../src/backend/backend.js'
import type { Plan } from '../../src/engine/plan.js'
import { KINDS, type Kind, type Size, titleOf } from '../../src/selftest/kinds.js'
import type { Random } from '../../src/selftest/random.js'
import { DTYPES, type DType, type FloatArray, newArray } from '../../src/tensor.js'
import { Exact } from './exact.js'
import { type ExactVerdict, judgeExactly, type Truth } from './exact-oracle.js'
import { OUTCOME_FIELDS, type Outcome } from './run.js'
import { FLOORS, UNIT_ROUNDOFF } from './tolerance.js'

// Inputs over the whole range of the floats, and how far a backend is off on them.

export interface EndsCase {
  readonly title: string
  readonly kind: string
  readonly plan: Plan
  readonly forward: ForwardBuffers
  readonly backward: BackwardBuffers
}

/** Around the lanes of either type, the blocks of a column (32 rows), and several rows at a time. */
const LENGTHS = [2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65]
/** Of a run of either type. */
const PAST_A_BLOCK = 1030
const SAMPLES = [1, 2, 3, 5, 9]

/** The largest and smallest powers of ten of a type, subnormal numbers included. */
const DECADES: Readonly<Record<DType, readonly [low: number, high: number]>> = {
  float32: [-45, 38],
  float64: [-323, 308],
}
const LARGEST: Readonly<Record<DType, number>> = {
  float32: (2 - 2 ** -23) * 2 ** 127,
  float64: Number.MAX_VALUE,
}
const SMALLEST: Readonly<Record<DType, number>> = { float32: 2 ** -149, float64: Number.MIN_VALUE }
const SMALLEST_NORMAL: Readonly<Record<DType, number>> = { float32: 2 ** -126, float64: 2 ** -1022 }

/** Gives one value after another. */
type Draw = () => number

function drawDecade(random: Random, [low, high]: readonly [number, number]): number {
  return 10 ** (low + random.uniform() * (high - low))
}

/** A way to fill an array: around 0 or far from it, at an end, or over the whole range. */
function drawFill(random: Random, dtype: DType): Draw {
  const decades = DECADES[dtype]
  const sign = () => random.pick([1, -1])
  const scale = drawDecade(random, decades)
  const other = drawDecade(random, decades)
  const top = LARGEST[dtype]
  const fills: readonly (() => Draw)[] = [
    () => () => random.normal(),
    () => () => scale * random.normal(),
    () => () => scale * random.normal(),
    () => () => sign() * random.pick([scale, other]) * (1 + random.uniform()),
    () => () => sign() * drawDecade(random, decades),
    () => () => sign() * top * (1 - random.uniform() ** 2),
    () => () => sign() * random.pick([top, top * 0.5, scale]),
    () => () => SMALLEST[dtype] * random.integer(-20, 20),
    () => () => SMALLEST_NORMAL[dtype] * random.normal(),
    () => () => scale,
    () => () => top,
    () => () => scale * (1 + 2 ** -random.integer(10, 60) * random.normal()),
    () => () => random.pick([0, -0, scale]),
  ]
  const fill = random.pick(fills)()
  return () => Math.max(-top, Math.min(top, fill()))
}

function drawEps(random: Random): number {
  return random.pick([1e-5, 1e-5, 1e-5, 1e-12, 1e-30, Number.MIN_VALUE, drawDecade(random, [-320, 300])])
}

function drawSize(random: Random, kind: Kind): Size {
  const length = random.integer(0, 24) === 0 ? PAST_A_BLOCK : random.pick(LENGTHS)
  if (kind.pattern === 'rows') return [length > 100 ? 2 : random.pick(SAMPLES), 1, length, 1]
  const groups = random.integer(1, 3)
  return [
    random.integer(1, 3),
    groups * random.integer(1, 3),
    kind.pattern === 'columns' ? Math.min(length, 70) : length,
    groups,
  ]
}

/** One case of any layer; null where the layer takes no such shape. */
export function drawEnds(random: Random): EndsCase | null {
  const kind = random.pick(KINDS)
  const dtype = random.pick(DTYPES)
  const size = drawSize(random, kind)
  const plan = kind.plan(size, dtype, drawEps(random))
  if (plan === null) return null
  const ordinary = random.pick([true, false])
  const array = (length: number) => newArray(dtype, length).map(drawFill(random, dtype))
  const affine = (likely: boolean) => {
    if (!likely) return null
    const draw = ordinary ? () => 1 + 0.5 * random.normal() : drawFill(random, dtype)
    return newArray(dtype, plan.affineLength).map(draw)
  }
  const mean = new Float64Array(plan.slots)
  const variance = new Float64Array(plan.slots)
  if (plan.given) {
    mean.set(mean.map(drawFill(random, dtype)))
    const root = drawFill(random, 'float32')
    variance.set(variance.map(() => root() ** 2))
  }
  const x = array(plan.size)
  const dy = random.pick([true, false]) ? array(plan.size) : x.map(() => random.normal())
  const weight = affine(random.pick([true, true, false]))
  const gradients = random.pick([true, true, false])
  const gradient = () => (gradients ? newArray(dtype, plan.affineLength).map(() => random.normal()) : null)
  return {
    title: `${titleOf(kind, dtype, size, `eps ${plan.eps}`)}`,
    kind: kind.name,
    plan,
    forward: {
      x,
      y: newArray(dtype, plan.size),
      weight,
      bias: affine(random.pick([true, false])),
      mean,
      variance,
    },
    backward: {
      dy,
      x,
      dx: newArray(dtype, plan.size),
      weight,
      mean,
      variance,
      dweight: gradient(),
      dbias: gradient(),
    },
  }
}

/** Runs forward and backward on copies. */
export function runEnds(backend: Backend, { plan, forward, backward }: EndsCase): Outcome {
  const mean = forward.mean.slice()
  const variance = forward.variance.slice()
  const [dweight, dbias] = [backward.dweight, backward.dbias].map((array) => array?.slice() ?? null)
  const y = newArray(plan.dtype, plan.size)
  const dx = newArray(plan.dtype, plan.size)
  backend.forward(plan, { ...forward, y, mean, variance })
  backend.backward(plan, { ...backward, dx, mean, variance, dweight, dbias })
  return { y, mean, variance, dx, dweight, dbias }
}

/** What comes of comparing one field with the truth. */
export interface Measure {
  /** The largest error, in roundings of the largest term. */
  roundings: number
  /** Where that is. */
  where: string
  /** Values that are infinite or NaN because something on their way leaves the type, as docs/numerics.md says. */
  outOfRange: number
  values: number
}

export function measureEnds(each: EndsCase, outcome: Outcome): Record<keyof Outcome, Measure> {
  const verdict = judgeExactly(each.plan, each.forward, each.backward)
  const entries = OUTCOME_FIELDS.map((field) => [field, measure(each, field, outcome[field], verdict)])
  return Object.fromEntries(entries)
}

function measure(
  { title, plan }: EndsCase,
  field: keyof Outcome,
  actual: FloatArray | null,
  verdict: ExactVerdict,
): Measure {
  const truths = verdict[field]
  const result: Measure = { roundings: 0, where: '', outOfRange: 0, values: actual?.length ?? 0 }
  if (actual === null || truths === null) return result
  const stored = field === 'mean' || field === 'variance' ? 'float64' : plan.dtype
  for (const [i, truth] of truths.entries()) {
    if (!Number.isFinite(actual[i]) && mayLeave(stored, truth)) {
      result.outOfRange++
      continue
    }
    const roundings = Number.isFinite(actual[i]) ? roundingsOf(plan.dtype, actual[i], truth) : Infinity
    if (roundings <= result.roundings) continue
    result.roundings = roundings
    result.where = `${title}: ${field}[${i}] is ${actual[i]} instead of ${truth.value.toNumber()}, scale ${truth.scale.toNumber()}`
  }
  return result
}

/** A little below the largest number, roundings on the way decide. */
function mayLeave(dtype: DType, { reach }: Truth): boolean {
  return reach.isAbove(Exact.of(LARGEST[dtype] * (1 - 2 ** -10)))
}

function roundingsOf(dtype: DType, actual: number, { value, scale, floor }: Truth): number {
  const error = value.minus(Exact.of(actual)).abs()
  const beyond = error.minus(floor.times(Exact.of(FLOORS)))
  if (!beyond.isAbove(Exact.ZERO)) return 0
  return beyond.over(scale.times(Exact.of(UNIT_ROUNDOFF[dtype]))).toNumber()
}
