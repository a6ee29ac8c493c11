import fc from 'fast-check'
import { PASS_NAMES } from '../src/backend/operands.js'
import {
  DICT_CHANGES,
  type InputSpec,
  type Mode,
  type OutSpec,
  type Parameters,
  type Scenario,
  STEPS,
  type Step,
} from './scenario.js'
import { data, index, input, out, rarely, setting, subject, weighted } from './values.js'

// Random steps and scenarios.

/** Further samples, so that the shape changes from call to call. */
const more = weighted([
  [5, 0],
  [1, 1],
  [1, 2],
])
const mode = weighted<Mode>([
  [12, 'now'],
  [1, 'awaited'],
])
const pendingMode = weighted<Mode>([
  [3, 'pending'],
  [1, 'now'],
])
/** Of arrays that no other call of the burst writes. */
const newInput = input.map((each): InputSpec => ({ ...each, from: 'new' }))
const newOut = out.map((each): OutSpec => ({ ...each, to: each.to === 'nothing given' ? each.to : 'new' }))

const parameters: fc.Arbitrary<Parameters> = fc.record({
  weight: fc.option(data),
  bias: fc.option(data),
  statistics: fc.option(data, { freq: 2 }),
  workspace: rarely,
  longer: weighted<Parameters['longer']>([
    [40, 'neither'],
    [1, 'weight'],
    [1, 'bias'],
  ]),
})

/** Options of a constructor, right or wrong. */
const options = fc.record(
  {
    eps: fc.constantFrom<unknown[]>(1e-5, 0, -1, Number.NaN, '1e-5', null),
    dtype: fc.constantFrom<unknown[]>('float32', 'float64', 'float16', 1),
    affine: fc.constantFrom<unknown[]>(true, false, 1, null),
    weight: fc.constantFrom<unknown[]>(true, false, 'yes'),
    bias: fc.constantFrom<unknown[]>(true, false, 0),
    layout: fc.constantFrom<unknown[]>('channels-first', 'channels-last', 'NCHW'),
    axis: fc.constantFrom<unknown[]>(0, -1, 1.5, '1'),
    runningAverage: fc.constantFrom<unknown[]>(
      { newWeight: 0.1 },
      false,
      { newWeight: 2 },
      { decay: 1 },
      {},
      0.1,
    ),
    runningVariance: fc.constantFrom<unknown[]>('unbiased', 'population', 'biased'),
    workspace: fc.constantFrom<unknown[]>(undefined, {}, null),
    momentum: fc.constantFrom<unknown[]>(0.1),
  },
  { requiredKeys: [] },
)
const extents = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }) as fc.Arbitrary<unknown> },
    {
      weight: 2,
      arbitrary: fc.constantFrom<unknown[]>([2, 3], [], 0, -1, 1.5, Number.NaN, '8', null, undefined, {}),
    },
  ),
  { maxLength: 2 },
)

const burstCall = fc.oneof(
  { weight: 4, arbitrary: step({ op: 'forward', x: newInput, out: newOut, more, mode: pendingMode }) },
  {
    weight: 4,
    arbitrary: step({
      op: 'backward',
      dy: newInput,
      out: newOut,
      context: fc.option(index, { freq: 2 }),
      mode: pendingMode,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step[]>(
      { op: 'context' },
      { op: 'zeroGrad' },
      { op: 'stateDict' },
      { op: 'release' },
      { op: 'train', on: true },
      { op: 'train', on: false },
    ),
  },
)

const STEP_WEIGHTS: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Step>])[] = [
  [1, fc.constant<Step>({ op: 'nothing' })],
  [
    30,
    step({
      op: 'forward',
      x: input,
      out,
      more,
      mode,
    }),
  ],
  [24, step({ op: 'backward', dy: input, out, context: fc.option(index, { freq: 2 }), mode })],
  [10, step({ op: 'function', x: input, out, parameters })],
  [
    10,
    step({
      op: 'gradients',
      dy: input,
      out,
      context: index,
      into: fc.constantFrom('nothing given', 'new', 'one array'),
      workspace: rarely,
    }),
  ],
  [5, step({ op: 'moments', x: input, about: fc.constantFrom('mean', 'zero') })],
  [3, step({ op: 'merge', parts: fc.array(index, { maxLength: 3 }) })],
  [4, step({ op: 'normalize', x: input, out, by: index })],
  [
    3,
    step({
      op: 'pass',
      pass: fc.nat({ max: PASS_NAMES.length - 1 }),
      context: index,
      data,
      wrong: fc.option(fc.record({ operand: fc.nat({ max: 8 }), by: fc.integer({ min: -2, max: 2 }) }), {
        freq: 2,
      }),
    }),
  ],
  [6, step({ op: 'context' })],
  [3, step({ op: 'train', on: fc.boolean() })],
  [1, step({ op: 'zeroGrad' })],
  [2, step({ op: 'stateDict' })],
  [3, step({ op: 'loadStateDict', dict: index, change: fc.constantFrom(...DICT_CHANGES) })],
  [3, step({ op: 'release' })],
  [1, step({ op: 'keep', result: index })],
  [1, step({ op: 'clear' })],
  [3, step({ op: 'set weight', data })],
  [1, step({ op: 'lose', what: index })],
  [
    2,
    step({
      op: 'burst',
      calls: fc.array(burstCall, { minLength: 1, maxLength: 4 }),
      lose: fc.option(index, { freq: 2 }),
    }),
  ],
  [1, step({ op: 'threads', setting })],
  [2, step({ op: 'construct', options, extents })],
]

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { withCrossShrink: true },
  ...STEP_WEIGHTS.map(([weight, arbitrary]) => ({ weight, arbitrary })),
)

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  subject,
  setting,
  steps: fc.array(anyStep, { minLength: STEPS, maxLength: STEPS }),
})

/** A step whose fields are constants or arbitraries. */
function step(fields: Readonly<Record<string, unknown>>): fc.Arbitrary<Step> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? fc.constant(value) : value,
  ])
  return fc.record(Object.fromEntries(entries)) as unknown as fc.Arbitrary<Step>
}
