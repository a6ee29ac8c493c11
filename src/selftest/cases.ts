import type { Backend, BackwardBuffers, ForwardBuffers } from '../backend/backend.js'
import type { Pattern, Plan } from '../engine/plan.js'
import { DEFAULT_EPS } from '../functional.js'
import { DTYPES, type DType, newArray } from '../tensor.js'
import { Hash } from './hash.js'
import { KINDS, type Kind, type Size, titleOf } from './kinds.js'
import { Random, seedOf } from './random.js'

/** A forward and a backward pass over numbers that are the same on every machine. */
export interface SelftestCase {
  readonly title: string
  readonly plan: Plan
  /** Makes new buffers, with the same values each time. */
  make(): { readonly forward: ForwardBuffers; readonly backward: BackwardBuffers }
}

/**
 * Near the number of lanes (16 float64, 32 float32), and near a block of a span (512 float64, 1024 float32 elements).
 */
const LENGTHS = [7, 8, 9, 15, 16, 17, 31, 32, 33, 65, 513, 1025]

const SIZES: Record<Pattern, readonly Size[]> = {
  // Short rows are processed four at a time. The last three cases have more than four rows, and one row left over.
  rows: [...LENGTHS.map((length): Size => [3, 1, length, 1]), [9, 1, 4, 1], [33, 1, 7, 1], [33, 1, 64, 1]],
  planes: [...LENGTHS.map((spatial): Size => [2, 6, spatial, 3]), [33, 4, 1, 2]],
  // Channels lie along the lanes. A block has 32 rows.
  columns: [...LENGTHS.slice(0, -2).map((width): Size => [2, width, 35, 1]), [2, 24, 33, 6], [33, 4, 3, 2]],
}

/** A mean of ten thousand standard deviations. Sums of squares would lose all digits of the variance. */
const LARGE_MEAN = 1e4
const LARGE_MEAN_SIZES: Record<Pattern, Size> = {
  rows: [3, 1, 1031, 1],
  planes: [3, 4, 531, 2],
  columns: [3, 20, 40, 5],
}

/** Deviations near the end of each type's range. normal() stays within 3.47 deviations, which are still finite. */
const LARGEST_DEVIATION: Readonly<Record<DType, number>> = { float32: 9e37, float64: 5e307 }
const LARGEST_DEVIATION_SIZES: Record<Pattern, Size> = {
  rows: [5, 1, 33, 1],
  planes: [3, 4, 35, 2],
  columns: [3, 20, 40, 5],
}

/** Every layer in every pattern and in both dtypes: some 500 cases of at most a few thousand elements. */
export const selftestCases: readonly SelftestCase[] = KINDS.flatMap((kind) =>
  DTYPES.flatMap((dtype) => [
    ...SIZES[kind.pattern].flatMap((size) => build(kind, size, dtype, 0)),
    ...build(kind, LARGE_MEAN_SIZES[kind.pattern], dtype, LARGE_MEAN),
    ...build(kind, LARGEST_DEVIATION_SIZES[kind.pattern], dtype, 0, LARGEST_DEVIATION[dtype]),
  ]),
)

function build(kind: Kind, size: Size, dtype: DType, mean: number, deviation = 1): SelftestCase[] {
  const plan = kind.plan(size, dtype, DEFAULT_EPS)
  if (plan === null) return []
  const title = titleOf(kind, dtype, size, deviation === 1 ? `mean ${mean}` : `deviation ${deviation}`)
  return [{ title, plan, make: () => makeBuffers(plan, mean, deviation, new Random(seedOf(title))) }]
}

function makeBuffers(plan: Plan, centre: number, deviation: number, random: Random) {
  const { dtype, size, affineLength, slots, given } = plan
  const around = (middle: number, length: number, spread = 1) =>
    newArray(dtype, length).map(() => middle + spread * random.normal())
  const x = around(centre, size, deviation)
  const dy = around(0, size)
  const weight = around(1, affineLength)
  const bias = around(0, affineLength)
  const dweight = around(0, affineLength)
  const dbias = around(0, affineLength)
  const mean = new Float64Array(slots)
  const variance = new Float64Array(slots)
  if (given) {
    mean.forEach((_, i) => {
      mean[i] = centre + random.normal()
      variance[i] = 0.5 + random.uniform()
    })
  }
  return {
    forward: { x, y: newArray(dtype, size), weight, bias, mean, variance },
    backward: { dy, x, dx: newArray(dtype, size), weight, mean, variance, dweight, dbias },
  }
}

/** The hash of everything that the forward and the backward pass of a case write. */
export async function hashOf(backend: Backend, { plan, make }: SelftestCase, async = false): Promise<string> {
  const { forward, backward } = make()
  if (async) {
    await backend.forwardAsync!(plan, forward)
    await backend.backwardAsync!(plan, backward)
  } else {
    backend.forward(plan, forward)
    backend.backward(plan, backward)
  }
  const { y, mean, variance } = forward
  const { dx, dweight, dbias } = backward
  const hash = new Hash()
  for (const array of [y, mean, variance, dx, dweight, dbias]) if (array !== null) hash.add(array)
  return hash.toString()
}
