import type { Pattern, Plan } from '../../src/engine/plan.js'
import { DEFAULT_EPS } from '../../src/functional.js'
import { KINDS, type Kind, type Size, titleOf } from '../../src/selftest/kinds.js'
import { Random, seedOf } from '../../src/selftest/random.js'
import { DTYPES, type DType } from '../../src/tensor.js'
import { type CaseBuffers, makeBuffers } from './buffers.js'
import { type Affine, around, CONDITIONS, type Condition, normal, ORDINARY, scaled } from './conditions.js'

/** One call of a backend, forward and backward. `make` gives fresh buffers with the same values each time. */
export interface Case {
  readonly title: string
  readonly kind: string
  readonly plan: Plan
  /** Whether it lies at the ends of the range, where the float64 oracle is no judge: test/ends.test.ts. */
  readonly ends: boolean
  make(): CaseBuffers
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1)
}

/** Every tail of two steps of float32 lanes (four of float64). */
const TAILS = upTo(66)
/** Around the blocks of a span (512 float64, 1024 float32 elements). */
const RUNS = [127, 511, 512, 513, 1023, 1024, 1025, 1056, 2047, 2049, 3100]
/** Past a partition of a span: 64 blocks. */
const SLAB64 = 32769
const SLAB32 = 65537
/** Around the blocks of a column (32 rows) and its partitions (256 rows). */
const ROWS = [1, 2, 31, 32, 33, 255, 256, 257, 513]
/** Samples, channels and elements around the blocks of planes: of 1, 2, 3, 16 and 17 steps, in one type or the other. */
const SMALL_PLANES: readonly Size[] = [
  ...[15, 16, 17, 31, 32, 33].map((samples): Size => [samples, 3, 16, 1]),
  ...[7, 8, 9, 15, 16, 17, 33].map((samples): Size => [samples, 3, 49, 3]),
  ...[6, 7, 10, 11, 21].map((samples): Size => [samples, 2, 70, 1]),
  ...[256, 257, 512, 513].map((spatial): Size => [5, 2, spatial, 2]),
  // More channels than are reduced at a time, and more planes than are mapped at a time.
  [17, 37, 49, 37],
  [2, 140, 9, 2],
]
/** Channels around the lanes, in all splits. */
const WIDTHS = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 130, 260]

/** Some ways to split channels into groups: all in one, one each, and between. */
function splits(channels: number): number[] {
  const between = [2, 3, 4, 5, 8].filter((g) => g < channels && channels % g === 0).slice(-1)
  return [...new Set([1, ...between, channels])]
}

function byWidth(size: (channels: number, groups: number) => Size): Size[] {
  return WIDTHS.flatMap((channels) => splits(channels).map((groups) => size(channels, groups)))
}

const SIZES: Record<Pattern, readonly Size[]> = {
  rows: [
    // Short rows are taken four at a time: five are four and one more.
    ...TAILS.map((length): Size => [5, 1, length, 1]),
    ...RUNS.map((length): Size => [3, 1, length, 1]),
    [2, 1, SLAB64, 1],
    [1, 1, SLAB32, 1],
    // The longest rows that are taken several at a time, 1 KiB, and longer ones.
    ...[128, 129, 256, 257].map((length): Size => [6, 1, length, 1]),
    ...ROWS.flatMap((rows) => [1, 7, 33, 130].map((length): Size => [rows, 1, length, 1])),
    [0, 1, 5, 1],
  ],
  planes: [
    ...[...TAILS, ...RUNS].map((spatial): Size => [2, 6, spatial, 3]),
    [1, 2, SLAB64, 1],
    [2, 1, SLAB32, 1],
    ...ROWS.map((samples): Size => [samples, 3, 5, 3]),
    ...ROWS.map((samples): Size => [samples, 4, 1, 2]),
    ...SMALL_PLANES,
    ...byWidth((channels, groups) => [2, channels, 7, groups]),
    [9, 2, 1025, 1],
    [2, 40, 60, 1],
    [0, 4, 5, 2],
    [2, 4, 0, 2],
  ],
  columns: [
    ...ROWS.map((spatial): Size => [2, 6, spatial, 3]),
    ...ROWS.map((spatial): Size => [1, 35, spatial, 7]),
    ...ROWS.map((samples): Size => [samples, 4, 3, 2]),
    ...TAILS.map((channels): Size => [2, channels, 35, 1]),
    ...byWidth((channels, groups) => [2, channels, 35, groups]),
    [1, 2, 8193, 1],
    [3, 1030, 9, 2],
    [2, 70, 700, 10],
    [0, 4, 5, 2],
    [2, 4, 0, 2],
  ],
}

/** The sizes under which every condition is tried: the first within a block, the second over several. */
const CONDITION_SIZES: Record<Pattern, readonly [small: Size, large: Size]> = {
  rows: [
    [5, 1, 37, 1],
    [2, 1, 1100, 1],
  ],
  planes: [
    [2, 6, 35, 3],
    [2, 2, 1100, 1],
  ],
  columns: [
    [2, 6, 35, 3],
    [2, 18, 70, 9],
  ],
}

function build(kind: Kind, size: Size, dtype: DType, condition: Condition): Case[] {
  const plan = kind.plan(size, dtype, condition.eps ?? DEFAULT_EPS)
  if (plan === null) return []
  const title = titleOf(kind, dtype, size, condition.name)
  const make = () => makeBuffers(plan, condition, new Random(seedOf(title)))
  return [{ title, kind: kind.name, plan, ends: condition.ends ?? false, make }]
}

/** Every kind at every size of its pattern, ordinary data. */
const sizeCases = KINDS.flatMap((kind) =>
  SIZES[kind.pattern].flatMap((size) => DTYPES.flatMap((dtype) => build(kind, size, dtype, ORDINARY))),
)

/** Every kind under every condition: float32 at both sizes, float64 (the same code, wider) at the small one. */
const conditionCases = KINDS.flatMap((kind) =>
  CONDITIONS.flatMap((condition) => {
    const [small, large] = CONDITION_SIZES[kind.pattern]
    return [
      ...build(kind, small, 'float32', condition),
      ...build(kind, large, 'float32', condition),
      ...build(kind, small, 'float64', condition),
    ]
  }),
)

/** How many cases are drawn at random, all choices at once; more by the environment, for a long run. */
const DRAWN = Number(process.env.EVENKEEL_DRAWN_CASES ?? 200)

function drawCases(count: number): Case[] {
  const random = new Random(20)
  return Array.from({ length: count }, (_, index) => {
    const kind = random.pick(KINDS)
    const groups = random.pick([1, 2, 3, 5])
    const channels = groups * random.integer(1, random.pick([3, 10]))
    const spatial = random.integer(2, random.pick([3, 40, 400, 1100]))
    const samples = random.integer(1, random.pick([3, 20]))
    const mean = random.pick([0, 0, 1, 1e3, -1e5])
    const affines: readonly Affine[] = ['both', 'none', 'weight', 'bias']
    return build(kind, [samples, channels, spatial, groups], random.pick(DTYPES), {
      name: `drawn ${index}`,
      x: around(mean, random.pick([1, 0.1, 20])),
      dy: random.pick([normal, around(1), scaled(1e-3)]),
      centre: mean,
      affine: random.pick(affines),
      gradients: random.pick(affines),
      inPlace: random.pick([undefined, 'y=x', 'dx=dy', 'dx=x'] as const),
      offset: random.integer(0, 9),
      shared: random.pick([false, true]),
      eps: random.pick([1e-5, 1e-3, 1e-7]),
    })
  }).flat()
}

/** Sizes that differ in their groups only are the same case for all but GroupNorm: one of each title stays. */
function distinct(list: readonly Case[]): Case[] {
  return [...new Map(list.map((each) => [each.title, each])).values()]
}

export const cases = distinct([...sizeCases, ...conditionCases, ...drawCases(DRAWN)])

/** The cases by kind of layer, for tests that report per kind. */
export const casesByKind: ReadonlyMap<string, readonly Case[]> = new Map(
  KINDS.map(({ name }) => [name, cases.filter((each) => each.kind === name)]),
)
