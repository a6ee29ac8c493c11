import type { Plan } from '../../src/engine/plan.js'
import type { Random } from '../../src/selftest/random.js'
import type { DType } from '../../src/tensor.js'

/** Gives the value of each element of an array; called in the order of the elements. */
export type Fill = (random: Random, plan: Plan) => (i: number) => number

/** What is special about a case, apart from its layer, size and element type. */
export interface Condition {
  readonly name: string
  readonly x: Fill
  readonly dy: Fill
  /** Values of the weight; about 1 where absent. */
  readonly weight?: (i: number, plan: Plan) => number
  /** About where x lies: given means are drawn around it. */
  readonly centre?: number
  /** Which parameters there are. Default both. */
  readonly affine?: Affine
  /** Which parameter gradients are asked for. Default: those of the parameters that there are. */
  readonly gradients?: Affine
  readonly inPlace?: 'y=x' | 'dx=dy' | 'dx=x'
  /** Elements by which each array lies off its buffer's alignment. */
  readonly offset?: number
  readonly shared?: boolean
  readonly eps?: number
  /** True: at the ends of the range, where only exact arithmetic is a judge. */
  readonly ends?: boolean
}
export type Affine = 'both' | 'none' | 'weight' | 'bias'

export const normal: Fill = (random) => () => random.normal()
export const around =
  (mean: number, deviation = 1): Fill =>
  (random) =>
  () =>
    mean + deviation * random.normal()
export const constant =
  (value: number): Fill =>
  () =>
  () =>
    value
export const scaled = (factor: number): Fill => around(0, factor)

/** `fill`, but `value` at one element in the middle. */
const withOne =
  (value: number, fill: Fill = normal): Fill =>
  (random, plan) => {
    const at = random.integer(0, Math.max(plan.size - 1, 0))
    const rest = fill(random, plan)
    return (i) => (i === at ? value : rest(i))
  }

/** Magnitudes over many decades, the sum dominated by few elements. */
const decades =
  (low: number, high: number): Fill =>
  (random) =>
  () =>
    random.normal() * 10 ** random.integer(low, high)

/** The first elements of each block, from which its shift is taken, lie far from the rest. */
const misleadingStart: Fill = (random) => (i) => (i % 1024 < 64 ? 1e4 : 0) + random.normal()

/** The same for columns, whose blocks of 32 rows are shifted by their first two. */
const misleadingRows: Fill =
  (random, { channels }) =>
  (i) =>
    (Math.floor(i / channels) % 32 < 2 ? 1e4 : 0) + random.normal()

/** Each stretch of elements has a mean of its own: what a merge of blocks has to bridge. */
const steps: Fill = (random) => (i) => Math.floor(i / 100) * 1e3 + random.normal()

/** Two neighbouring float32 numbers: the deviation is below the spacing of the mean's neighbours. */
const neighbours: Fill = (random) => () => 1e8 + 8 * random.integer(0, 1)

const zeros: Fill = (random) => () => random.pick([0, -0])

/** The largest float32 and float64 numbers, or near. */
const TOP: Readonly<Record<DType, number>> = { float32: 3.4e38, float64: 1.7e308 }

const top: Fill =
  (random, { dtype }) =>
  () =>
    TOP[dtype] * (2 * random.uniform() - 1)

/** The first half of each sample's elements at the end, the others ordinary: slots of both sorts side by side. */
const halfTop: Fill = (random, plan) => {
  const [large, small] = [top(random, plan), normal(random, plan)]
  return (i) => (i % 37 < 18 ? large(i) : small(i))
}

const constantTop: Fill =
  (_, { dtype }) =>
  () =>
    TOP[dtype]

/** By a factor of each type: float32 and float64 leave their ranges at different ones. */
const scaledBy =
  (factors: Readonly<Record<DType, number>>): Fill =>
  (random, { dtype }) =>
  () =>
    factors[dtype] * random.normal()

const SUBNORMAL: Readonly<Record<DType, number>> = { float32: 2 ** -149, float64: 2 ** -1074 }
const subnormals: Fill =
  (random, { dtype }) =>
  () =>
    SUBNORMAL[dtype] * random.integer(-9, 9)

/** All that a type has, the smallest numbers as often as the largest. */
const allDecades: Fill = (random, { dtype }) => {
  const [low, high] = dtype === 'float32' ? [-45, 38] : [-323, 308]
  return () => random.pick([1, -1]) * 10 ** (low + random.uniform() * (high - low))
}

/** Most elements are no values, and the others are equal, of both signs. */
const zerosAmongNaN: Fill = (random) => () => random.pick([0, -0, Number.NaN, Number.NaN])

const plain = { x: normal, dy: normal }

/** The condition of all cases that vary the size. */
export const ORDINARY: Condition = { name: 'ordinary', ...plain }

const SMALLEST_EPS = Number.MIN_VALUE

/** At the ends of the range. */
const ENDS: readonly Condition[] = [
  { name: 'x at the end', x: top, dy: normal },
  { name: 'x at the end, y over x', x: top, dy: normal, inPlace: 'y=x' },
  { name: 'x at the end, dx over dy', x: top, dy: normal, inPlace: 'dx=dy' },
  { name: 'x at the end, dx over x', x: top, dy: normal, inPlace: 'dx=x' },
  { name: 'x at the end, no parameters', x: top, dy: normal, affine: 'none' },
  { name: 'half of x at the end', x: halfTop, dy: normal },
  { name: 'constant at the end', x: constantTop, dy: normal },
  { name: 'dy at the end', x: normal, dy: top },
  { name: 'dy and x at the end', x: top, dy: top },
  { name: 'subnormal x, the smallest eps', x: subnormals, dy: normal, eps: SMALLEST_EPS },
  { name: 'subnormal dy', x: normal, dy: subnormals },
  { name: 'x and dy over all decades', x: allDecades, dy: allDecades, eps: SMALLEST_EPS },
  {
    name: 'weight * rstd beyond the range',
    x: scaledBy({ float32: 1e-10, float64: 1e-150 }),
    dy: scaledBy({ float32: 1e-10, float64: 1e-150 }),
    weight: (i, { dtype }) => (i + 1) * (dtype === 'float32' ? 1e30 : 1e200),
    eps: SMALLEST_EPS,
  },
  {
    name: 'weight * rstd below the range',
    x: scaledBy({ float32: 1e20, float64: 1e140 }),
    dy: normal,
    weight: (i, { dtype }) => (i + 1) * (dtype === 'float32' ? 1e-25 : 1e-180),
  },
  {
    name: 'every third weight subnormal',
    x: normal,
    dy: normal,
    weight: (i, { dtype }) => (i % 3 === 1 ? 100 * SUBNORMAL[dtype] : 1),
  },
]

/** What every layer must cope with, a row each. */
export const CONDITIONS: readonly Condition[] = [
  { name: 'no parameters', ...plain, affine: 'none' },
  { name: 'weight only', ...plain, affine: 'weight' },
  { name: 'bias only', ...plain, affine: 'bias' },
  { name: 'frozen parameters', ...plain, gradients: 'none' },
  { name: 'weight gradient only', ...plain, gradients: 'weight' },
  { name: 'bias gradient only', ...plain, gradients: 'bias' },
  { name: 'gradients of absent parameters', ...plain, affine: 'none', gradients: 'both' },
  { name: 'weights of 0', ...plain, weight: () => 0 },
  { name: 'negative weights', ...plain, weight: (i) => -1 - (i % 3) },
  { name: 'y over x', ...plain, inPlace: 'y=x' },
  { name: 'dx over dy', ...plain, inPlace: 'dx=dy' },
  { name: 'dx over x', ...plain, inPlace: 'dx=x' },
  { name: 'offset 1', ...plain, offset: 1 },
  { name: 'offset 5', ...plain, offset: 5 },
  { name: 'offset 7, y over x', ...plain, offset: 7, inPlace: 'y=x' },
  { name: 'shared memory', ...plain, shared: true },
  { name: 'shared memory, offset 3, dx over dy', ...plain, shared: true, offset: 3, inPlace: 'dx=dy' },
  ...[1e2, -1e4, 1e6, 1e8].map((mean) => ({
    name: `mean ${mean}`,
    x: around(mean),
    dy: normal,
    centre: mean,
  })),
  ...[0, 0.1, 1e8, -123456789.125, 1e30].map((value) => ({
    name: `constant ${value}`,
    x: constant(value),
    dy: normal,
    centre: value,
  })),
  ...[1e30, 1e15, 1e-15, 1e-30].map((factor) => ({
    name: `x times ${factor}`,
    x: scaled(factor),
    dy: normal,
  })),
  { name: 'x times 1e-10, eps 1e-20', x: scaled(1e-10), dy: normal, eps: 1e-20 },
  { name: 'x times 1e-30 around 1e-28', x: around(1e-28, 1e-30), dy: normal, centre: 1e-28 },
  { name: 'x times 1e30 around 1e32', x: around(1e32, 1e30), dy: normal, centre: 1e32 },
  { name: 'x over many decades', x: decades(-15, 15), dy: normal },
  { name: 'subnormal x', x: scaled(1e-40), dy: normal },
  { name: 'zeros of both signs', x: zeros, dy: zeros },
  { name: 'neighbouring numbers', x: neighbours, dy: normal, centre: 1e8 },
  { name: 'misleading starts of blocks', x: misleadingStart, dy: normal },
  { name: 'misleading first rows', x: misleadingRows, dy: normal },
  { name: 'steps', x: steps, dy: normal },
  { name: 'one outlier', x: withOne(1e6), dy: normal },
  { name: 'one outlier of 1e25', x: withOne(1e25), dy: normal },
  { name: 'dy around 1e3', x: normal, dy: around(1e3) },
  { name: 'dy times 1e30', x: normal, dy: scaled(1e30) },
  { name: 'dy times 1e-30', x: normal, dy: scaled(1e-30) },
  { name: 'dy times 1e30, x times 1e30', x: scaled(1e30), dy: scaled(1e30) },
  { name: 'dy over many decades', x: normal, dy: decades(-15, 15) },
  { name: 'dy of ones', x: normal, dy: constant(1) },
  { name: 'dy of zeros', x: normal, dy: zeros },
  { name: 'dy with one outlier of 1e25', x: normal, dy: withOne(1e25) },
  { name: 'eps 1e-12', ...plain, eps: 1e-12 },
  { name: 'eps 10', ...plain, eps: 10 },
  ...ENDS.map((condition) => ({ ...condition, ends: true })),
  { name: 'NaN in x', x: withOne(Number.NaN), dy: normal },
  { name: 'infinity in x', x: withOne(Number.POSITIVE_INFINITY), dy: normal },
  { name: 'minus infinity in x', x: withOne(Number.NEGATIVE_INFINITY), dy: normal },
  { name: 'NaN everywhere in x', x: constant(Number.NaN), dy: normal },
  { name: 'zeros of both signs among NaN', x: zerosAmongNaN, dy: normal },
  { name: 'x of minus zero', x: constant(-0), dy: normal },
  { name: 'NaN in dy', x: normal, dy: withOne(Number.NaN) },
  { name: 'infinity in dy', x: normal, dy: withOne(Number.POSITIVE_INFINITY) },
  { name: 'infinities everywhere', x: constant(Number.POSITIVE_INFINITY), dy: normal },
]
