import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  batchNorm,
  EvenkeelError,
  foldBatchNorm,
  GroupNorm,
  gradients,
  groupNorm,
  InstanceNorm,
  instanceNorm,
  LayerNorm,
  layerNorm,
  RMSNorm,
  recommend,
  rmsNorm,
  setThreads,
  tensor,
} from '../../src/index.js'
import { circular, some } from './scene.js'

// Any value in the place of any argument: the call works, or throws an EvenkeelError.

const ODD: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  NaN: Number.NaN,
  '-1': -1,
  '0.5': 0.5,
  '2^53 - 1': Number.MAX_SAFE_INTEGER,
  '1e300': 1e300,
  Infinity: Number.POSITIVE_INFINITY,
  '1n': 1n,
  '2^64': 2n ** 64n,
  'a symbol': Symbol('odd'),
  'a text': 'odd',
  'an empty text': '',
  'a function': () => 1,
  'a function without a name': (
    () => () =>
      1
  )(),
  'a class': Map,
  'a date': new Date(Number.NaN),
  'an empty list': [],
  'a circular list': circular(),
  'lists of symbols': [[Symbol('odd')], [1n]],
  'an empty object': {},
  'an object without prototype': Object.create(null),
  'an object whose class has no name': Object.create({ constructor: Symbol('odd') }),
  'an object that is circular': circularObject(),
  'an odd length': { length: circular() },
  'an odd shape': { shape: circular() },
  'odd data': { data: circular(), shape: circular() },
  'data without shape': { data: new Float32Array(4) },
  'data of an odd shape': { data: new Float32Array(4), shape: [Symbol('odd'), 2n] },
  'a tensor': some([4, 8]),
  bytes: new Uint8Array(4),
  bigints: new BigInt64Array(4),
  floats: new Float32Array(4),
  'a view': new DataView(new ArrayBuffer(4)),
  'a buffer': new ArrayBuffer(4),
  'a map': new Map([['weight', 1]]),
  'a promise': Promise.resolve(),
}

function circularObject(): object {
  const value: Record<string, unknown> = { a: 1 }
  value.self = value
  value.list = [value, [value]]
  return value
}

const x = some([4, 8])
const used = () => {
  const layer = new BatchNorm(8)
  layer.forward(x)
  return layer
}
const LAYER_OPTIONS = ['eps', 'weight', 'bias', 'affine', 'dtype', 'layout', 'runningAverage', 'unknown']
const RUNNING = ['runningVariance', 'convention']
const rows = (name: string, calls: Readonly<Record<string, (odd: never) => unknown>>) =>
  Object.entries(calls).map(([argument, call]) => ({ title: `${name} ${argument}`, call }))
const options = (name: string, names: readonly string[], call: (options: never) => unknown) =>
  names.map((option) => ({
    title: `${name} { ${option} }`,
    call: (odd: never) => call({ [option]: odd } as never),
  }))

const CALLS = [
  ...rows('tensor()', { data: (odd) => tensor(odd, [4]), shape: (odd) => tensor(new Float32Array(4), odd) }),
  ...rows('new BatchNorm()', {
    channels: (odd) => new BatchNorm(odd),
    options: (odd) => new BatchNorm(8, odd),
  }),
  ...rows('new LayerNorm()', {
    shape: (odd) => new LayerNorm(odd),
    extent: (odd) => new LayerNorm([8, odd]),
  }),
  ...rows('new RMSNorm()', { shape: (odd) => new RMSNorm(odd), options: (odd) => new RMSNorm(8, odd) }),
  ...rows('new InstanceNorm()', { channels: (odd) => new InstanceNorm(odd) }),
  ...rows('new GroupNorm()', {
    groups: (odd) => new GroupNorm(odd, 8),
    channels: (odd) => new GroupNorm(8, odd),
  }),
  ...options('new BatchNorm()', [...LAYER_OPTIONS, ...RUNNING], (given) => new BatchNorm(8, given)),
  ...options('new LayerNorm()', LAYER_OPTIONS, (given) => new LayerNorm(8, given)),
  ...options('new GroupNorm()', LAYER_OPTIONS, (given) => new GroupNorm(2, 8, given)),
  ...options('runningAverage', ['newWeight', 'decay', 'unknown'], (given) => {
    return new BatchNorm(8, { runningAverage: given })
  }),
  ...rows('a layer', {
    'forward(x)': (odd) => used().forward(odd),
    'forward(x, options)': (odd) => used().forward(x, odd),
    'forward(x, { out })': (odd) => used().forward(x, { out: odd }),
    'backward(dy)': (odd) => used().backward(odd),
    'backward(dy, { out })': (odd) => used().backward(x, { out: odd }),
    'train(on)': (odd) => used().train(odd),
    'loadStateDict(dict)': (odd) => used().loadStateDict(odd),
    'loadStateDict(dict, options)': (odd) => used().loadStateDict(used().stateDict(), odd),
    'loadStateDict(dict, { prefix })': (odd) => used().loadStateDict(used().stateDict(), { prefix: odd }),
  }),
  ...['weight', 'running_var', 'num_batches_tracked', 'unknown'].flatMap((name) =>
    rows(`a state dict's ${name}`, {
      value: (odd) => used().loadStateDict({ ...used().stateDict(), [name]: odd }),
      data: (odd) => used().loadStateDict({ ...used().stateDict(), [name]: { data: odd, shape: [8] } }),
      shape: (odd) => {
        const entry = { data: new Float32Array(8), shape: odd }
        return used().loadStateDict({ ...used().stateDict(), [name]: entry })
      },
      element: (odd) => used().loadStateDict({ ...used().stateDict(), [name]: [odd, 2, 3, 4, 5, 6, 7, 8] }),
    }),
  ),
  ...rows('a form', {
    'batchNorm(x)': (odd) => batchNorm(odd),
    'batchNorm(x, options)': (odd) => batchNorm(x, odd),
    'layerNorm(x, options)': (odd) => layerNorm(x, odd),
    'gradients(context)': (odd) => gradients(odd, x),
    'gradients(context, dy)': (odd) => gradients(batchNorm(x).context, odd),
    'gradients(context, dy, options)': (odd) => gradients(batchNorm(x).context, x, odd),
  }),
  ...options('batchNorm()', ['weight', 'bias', 'eps', 'out', 'layout', 'statistics'], (given) =>
    batchNorm(x, given),
  ),
  ...options('batchNorm() statistics', ['mean', 'variance'], (given) => batchNorm(x, { statistics: given })),
  ...options('layerNorm()', ['normalizedShape'], (given) => layerNorm(x, given)),
  ...options('rmsNorm()', ['normalizedShape'], (given) => rmsNorm(x, given)),
  ...options('groupNorm()', ['groups'], (given) => groupNorm(x, given)),
  ...options('instanceNorm()', ['layout'], (given) => instanceNorm(some([2, 3, 4]), given)),
  ...options('gradients()', ['out', 'dweight', 'dbias'], (given) => {
    return gradients(batchNorm(x, { weight: new Float32Array(8) }).context, x, given)
  }),
  ...rows('foldBatchNorm()', {
    weight: (odd) => foldBatchNorm(odd, null, used().eval(), { kind: 'linear' }),
    bias: (odd) => foldBatchNorm(some([8, 4]), odd, used().eval(), { kind: 'linear' }),
    norm: (odd) => foldBatchNorm(some([8, 4]), null, odd, { kind: 'linear' }),
    options: (odd) => foldBatchNorm(some([8, 4]), null, used().eval(), odd),
  }),
  ...options('foldBatchNorm()', ['kind', 'transpose', 'groups', 'layout'], (given) => {
    return foldBatchNorm(some([8, 4]), null, used().eval(), { kind: 'linear', ...(given as object) })
  }),
  ...rows('recommend()', { options: (odd) => recommend(odd) }),
  ...options(
    'recommend()',
    ['kind', 'batchSize', 'channels', 'spatial', 'layout', 'task', 'prefer'],
    (given) => recommend({ kind: 'conv', batchSize: 2, channels: 8, ...(given as object) }),
  ),
  ...rows('setThreads()', {
    count: (odd) => setThreads(odd),
    options: (odd) => setThreads(1, odd),
    threading: (odd) => setThreads(1, { threading: odd }),
  }),
]

/** The error, unless it is an EvenkeelError. */
function stray(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    if (!(error instanceof EvenkeelError)) return error
    expect(error.message).toMatch(/^[\w()=]+: .+; .+[^.]\.$/s)
  }
  return undefined
}

describe('odd values', () => {
  it.each(CALLS)('as $title', ({ call }) => {
    const strays = Object.entries(ODD).map(([name, odd]) => [name, stray(() => call(odd as never))])
    expect(Object.fromEntries(strays.filter(([, error]) => error !== undefined))).toEqual({})
  })

  it('properties that other code adds to Object.prototype are no options', () => {
    const added = { value: 1, enumerable: true, configurable: true, writable: true }
    Object.defineProperty(Object.prototype, 'added', added)
    try {
      const layer = new BatchNorm(8, { eps: 1e-3 }).loadStateDict(used().stateDict(), { prefix: '' })
      layer.forward(x, { out: some([4, 8]) })
      layer.backward(x, { out: some([4, 8]) })
      const { context } = layerNorm(x, { normalizedShape: 8, weight: new Float32Array(8) })
      gradients(context, x, { dweight: new Float32Array(8) })
      foldBatchNorm(some([8, 4]), null, layer.eval(), { kind: 'linear' })
      expect(recommend({ kind: 'dense', batchSize: 1, channels: 8 }).create().forward(x).shape).toEqual([
        4, 8,
      ])
    } finally {
      Reflect.deleteProperty(Object.prototype, 'added')
    }
  })
})
