import type { BackwardBuffers, ForwardBuffers } from '../../src/backend/backend.js'
import type { Plan } from '../../src/engine/plan.js'
import type { Random } from '../../src/selftest/random.js'
import { type DType, type FloatArray, newArray } from '../../src/tensor.js'
import type { Condition } from './conditions.js'

/** The buffers of one forward and one backward pass, and a watch over what must not change. */
export interface CaseBuffers {
  readonly forward: ForwardBuffers
  readonly backward: BackwardBuffers
  /** Names of arrays that were changed although only read, or next to which something was written. */
  damaged(): string[]
  /** Puts everything back to what it was before the first pass. */
  reset(): void
}

/** Elements of NaN before and after each array: a read outside shows in the result, a write is found. */
const GUARD = 16

interface Watched {
  readonly name: string
  readonly whole: FloatArray
  readonly from: number
  readonly length: number
  readonly before: FloatArray
  writable: boolean
}

/** Arrays as a caller's might lie in memory: at an odd offset, in shared memory, between other data. */
class Arena {
  private readonly watched: Watched[] = []

  constructor(
    private readonly offset: number,
    private readonly shared: boolean,
  ) {}

  /** An array of `length` elements, filled by `value`. It is watched as read-only unless `writable`. */
  make(name: string, dtype: DType, length: number, writable: boolean, value: (i: number) => number) {
    const from = GUARD + this.offset
    const total = from + length + GUARD
    const Type = dtype === 'float64' ? Float64Array : Float32Array
    const bytes = total * Type.BYTES_PER_ELEMENT
    const buffer = this.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)
    // The library's types know no float array over shared memory; at run time it is the same class.
    const whole: FloatArray = new Type(buffer as ArrayBuffer).fill(Number.NaN)
    const view = whole.subarray(from, from + length)
    for (let i = 0; i < length; i++) view[i] = value(i)
    this.watched.push({ name, whole, from, length, before: whole.slice(), writable })
    return view
  }

  reset(): void {
    for (const { whole, before } of this.watched) whole.set(before)
  }

  damaged(): string[] {
    return this.watched
      .filter(({ whole, from, length, before, writable }) => {
        const untouched = writable
          ? sameValues(whole.subarray(0, from), before.subarray(0, from)) &&
            sameValues(whole.subarray(from + length), before.subarray(from + length))
          : sameValues(whole, before)
        return !untouched
      })
      .map(({ name }) => name)
  }
}

function sameValues(a: FloatArray, b: FloatArray): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return true
}

/** Allocates and fills everything that `condition` asks for under `plan`. */
export function makeBuffers(plan: Plan, condition: Condition, random: Random): CaseBuffers {
  const { dtype, size, slots, affineLength, given } = plan
  const { affine = 'both', inPlace, offset = 0, shared = false } = condition
  const gradients = condition.gradients ?? affine
  const arena = new Arena(offset, shared)
  const has = (which: 'weight' | 'bias', of: string) => of === 'both' || of === which
  const statistics = (name: string, value: () => number) =>
    arena.make(name, 'float64', slots, !given, given ? value : () => Number.NaN) as Float64Array

  const xValue = condition.x(random, plan)
  const values = newArray(dtype, size).map((_, i) => xValue(i))
  const dyValue = condition.dy(random, plan)
  const centre = condition.centre ?? 0
  const x = arena.make('x', dtype, size, inPlace === 'y=x' || inPlace === 'dx=x', (i) => values[i])
  // A forward pass in place destroys x: what backward reads is then a copy that the caller kept.
  const keptX = inPlace === 'y=x' ? arena.make('kept x', dtype, size, false, (i) => values[i]) : x
  const y = inPlace === 'y=x' ? x : arena.make('y', dtype, size, true, () => Number.NaN)
  const weightValue = (i: number) => condition.weight?.(i, plan) ?? 1 + 0.5 * random.normal()
  const weight = has('weight', affine) ? arena.make('weight', dtype, affineLength, false, weightValue) : null
  const bias = has('bias', affine)
    ? arena.make('bias', dtype, affineLength, false, () => random.normal())
    : null
  const mean = statistics('mean', () => centre + 0.25 * random.normal())
  const variance = statistics('variance', () => 0.5 + random.uniform())
  const dy = arena.make('dy', dtype, size, inPlace === 'dx=dy', dyValue)
  const dx =
    inPlace === 'dx=dy' ? dy : inPlace === 'dx=x' ? x : arena.make('dx', dtype, size, true, () => Number.NaN)
  const gradient = (name: 'weight' | 'bias') =>
    has(name, gradients) ? arena.make(`d${name}`, dtype, affineLength, true, () => random.normal()) : null

  return {
    forward: { x, y, weight, bias, mean, variance },
    backward: {
      dy,
      x: keptX,
      dx,
      weight,
      mean,
      variance,
      dweight: gradient('weight'),
      dbias: gradient('bias'),
    },
    damaged: () => arena.damaged(),
    reset: () => arena.reset(),
  }
}
