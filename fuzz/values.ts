import fc from 'fast-check'
import type { DType, Layout } from '../src/index.js'
import { FILLS } from './memory.js'
import {
  type DataSpec,
  FAULTS,
  type Fault,
  type InputSpec,
  type OutSpec,
  type Setting,
  SOURCES,
  type Subject,
} from './scenario.js'
import { shapeOf, sizeOf } from './shapes.js'

// Random arguments and layers. Where alternatives have weights, the first is the plainest: fast-check shrinks to it.

/** Larger inputs would take most of the time, and small ones find as much: blocks have 512 or 1024 elements. */
const MOST_ELEMENTS = 4000

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 })
export const index = fc.nat({ max: 20 })
export const rarely = weighted([
  [9, false],
  [1, true],
])

/** Most are small. Some have no elements, some lie around the lanes and blocks of the kernels. */
const extent = fc.oneof(
  { weight: 14, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 4, arbitrary: fc.integer({ min: 7, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(127, 255, 257, 511, 513, 1025) },
  { weight: 1, arbitrary: fc.constant(0) },
)
const few = fc.integer({ min: 1, max: 5 })

export const data: fc.Arbitrary<DataSpec> = fc.record({
  source: weighted(SOURCES.map((source, i) => [i === 0 ? 12 : 1, source])),
  offset: fc.nat({ max: 5 }),
  fill: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.nat({ max: FILLS.length - 1 }) },
  ),
  seed,
})

const fault = weighted<Fault>(FAULTS.map((each, i) => [i === 0 ? 120 : 1, each]))

export const input: fc.Arbitrary<InputSpec> = fc
  .tuple(
    data,
    weighted<InputSpec['from']>([
      [6, 'new'],
      [5, 'again'],
      [1, 'a result'],
    ]),
    fault,
  )
  .map(([spec, from, each]) => ({ ...spec, from, fault: each }))

export const out: fc.Arbitrary<OutSpec> = fc
  .tuple(
    data,
    weighted<OutSpec['to']>([
      [12, 'nothing given'],
      [4, 'new'],
      [3, 'the input'],
      [5, 'again'],
      [1, 'shifted'],
      [1, 'a clone of the input'],
      [1, 'the weight'],
    ]),
    fault,
  )
  .map(([spec, to, each]) => ({ ...spec, to, fault: each }))

export const setting: fc.Arbitrary<Setting> = fc.record({
  threads: fc.constantFrom(1, 2, 3, 7),
  split: fc.boolean(),
  beyondCache: rarely,
})

export const subject: fc.Arbitrary<Subject> = fc
  .record({
    norm: fc.constantFrom<Subject['norm'][]>(
      'LayerNorm',
      'RMSNorm',
      'BatchNorm',
      'GroupNorm',
      'InstanceNorm',
    ),
    dtype: fc.constantFrom<DType[]>('float32', 'float64'),
    layout: fc.constantFrom<Layout[]>('channels-first', 'channels-last'),
    weight: fc.boolean(),
    bias: fc.boolean(),
    eps: fc.constantFrom(undefined, 1e-5, 1e-12, 10, Number.MIN_VALUE),
    runningAverage: fc.constantFrom<Subject['runningAverage'][]>(
      false,
      { newWeight: 0.1 },
      { decay: 0.5 },
      { newWeight: 1 },
      'cumulative',
    ),
    runningVariance: fc.constantFrom<Subject['runningVariance'][]>('unbiased', 'population'),
    outer: fc.array(extent, { minLength: 1, maxLength: 2 }),
    // The extents of a layer begin at 1.
    normalized: fc.array(extent, { minLength: 1, maxLength: 2 }).map((list) => list.map((n) => n || 1)),
    inner: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(extent, { minLength: 1, maxLength: 2 }) },
    ),
    groups: few,
    perGroup: extent.map((n) => n || 1),
    workspace: weighted<Subject['workspace']>([
      [4, 'none'],
      [2, 'plain'],
      [1, 'checked'],
    ]),
  })
  .filter((each) => sizeOf(shapeOf(each)) <= MOST_ELEMENTS)

export function weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))
}
