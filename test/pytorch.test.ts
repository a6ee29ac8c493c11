import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { FloatArray, Layer, Tensor } from '../src/index.js'
import { Random, seedOf } from '../src/selftest/random.js'
import {
  decodeState,
  decodeTensor,
  type Encoded,
  encode,
  fixture,
  type LayerSpec,
  layerOf,
  readFixture,
} from './support/pytorch.js'
import { PYTORCH_ROUNDINGS, UNIT_ROUNDOFF } from './support/tolerance.js'

// The same layers in PyTorch 2.13. test/fixtures/pytorch/README.md says how the fixtures are made.

interface LayerFixture extends LayerSpec {
  readonly mode: 'train' | 'eval'
  readonly mean: number
  readonly x: Encoded
  readonly dy: Encoded
  readonly state: Record<string, Encoded>
  /** y, dx, dweight, dbias as PyTorch computes them in this type. */
  readonly float32: Record<string, Encoded>
  readonly float64: Record<string, Encoded>
}

interface RunningFixture {
  readonly x: Encoded
  readonly runs: (LayerSpec & { title: string } & Record<'float32' | 'float64', Record<string, Encoded>>)[]
}

interface StateFixture extends LayerSpec {
  readonly state: Record<string, Encoded>
  readonly x: Encoded
  readonly evalY: Encoded
}

const names = ({ layer, args, options, mode, mean, x }: LayerFixture) =>
  `${layer}(${JSON.stringify(args)}, ${JSON.stringify(options)}) ${mode} on [${x.shape}]${mean ? ` around ${mean}` : ''}`

describe('forward and gradients', () => {
  const { cases } = readFixture<{ cases: LayerFixture[] }>('layers.json')

  it.each(cases.map((each) => [names(each), each] as const))('%s', (_, each) => {
    const truth = results(each.float64)
    const errors = worstErrors(run(each, 'float32'), truth)
    const theirs = worstErrors(results(each.float32), truth)
    for (const [name, error] of Object.entries(errors)) {
      const rounding = PYTORCH_ROUNDINGS * UNIT_ROUNDOFF.float32 * scaleOf(each, name, truth[name])
      expect(error, `${name}: PyTorch's own error is ${theirs[name]}`).toBeLessThanOrEqual(
        Math.max(theirs[name], rounding),
      )
    }
  })

  it.each(cases.map((each) => [names(each), each] as const))('%s, in float64', (_, each) => {
    const truth = results(each.float64)
    // A layer of type float64 has another eps for RMSNorm by default; the fixtures have that of float32 in both.
    const errors = worstErrors(run(each, 'float64'), truth)
    const { data } = decodeTensor(each.x)
    const conditioning = 1 + Math.abs(each.mean) / deviation(data, each.mean)
    for (const [name, error] of Object.entries(errors)) {
      const rounding =
        PYTORCH_ROUNDINGS * UNIT_ROUNDOFF.float64 * conditioning * scaleOf(each, name, truth[name])
      expect(error, name).toBeLessThanOrEqual(rounding)
    }
  })
})

describe('running averages over 50 steps', () => {
  const { x, runs } = readFixture<RunningFixture>('running.json')
  const batches = decodeTensor(x)
  const [steps, ...shape] = batches.shape
  const length = batches.data.length / steps
  const batch = (step: number, dtype: 'float32' | 'float64') => {
    const data = batches.data.slice(step * length, (step + 1) * length)
    return { data: dtype === 'float64' ? Float64Array.from(data) : data, shape }
  }
  const cells = runs.flatMap((each) =>
    (['float32', 'float64'] as const).map((dtype) => [each, dtype] as const),
  )

  it.each(cells.map(([each, dtype]) => [`${each.title} ${dtype}`, each, dtype] as const))(
    '%s',
    (_, each, dtype) => {
      const layer = layerOf({ ...each, options: { ...each.options, dtype } })
      const expected = results(each[dtype])
      const means: number[] = []
      const variances: number[] = []
      for (let step = 0; step < steps; step++) {
        layer.forward(batch(step, dtype))
        means.push(...layer.runningMean!.data)
        variances.push(...layer.runningVariance!.data)
      }
      expectNear(means, expected.mean, dtype, 'means after each step')
      expectNear(variances, expected.variance, dtype, 'variances after each step')
      expect(steps).toBe(50)
      expect(layer.batchesTracked).toBe(steps)
      expectNear(layer.eval().forward(batch(0, dtype)).data, expected.evalY, dtype, 'eval mode')
    },
  )
})

describe("PyTorch's state dicts in evenkeel", () => {
  const { cases } = readFixture<{ cases: StateFixture[] }>('state-dicts.json')

  it.each(cases.map((each) => [`${each.layer} ${JSON.stringify(each.options)}`, each] as const))(
    '%s',
    (_, each) => {
      const layer = layerOf(each)
      const state = decodeState(each.state)
      layer.loadStateDict(state)
      expect(layer.stateDict()).toEqual(state)
      const y = layer.eval().forward(decodeTensor(each.x))
      expectNear(y.data, decodeTensor(each.evalY).data, each.x.dtype as 'float32', 'eval mode')
    },
  )
})

interface Sent extends StateFixture {
  readonly title: string
  /** The class in torch.nn, and what to construct it with. */
  readonly module: string
  readonly keywords: object
}

/** Layers whose state goes to PyTorch. args are the same there. */
const SENT: readonly (LayerSpec & { shape: number[]; module: string; keywords: object })[] = [
  { layer: 'BatchNorm', args: [4], options: {}, shape: [3, 4, 3, 3], module: 'BatchNorm2d', keywords: {} },
  {
    layer: 'BatchNorm',
    args: [4],
    options: { dtype: 'float64', runningAverage: 'cumulative' },
    shape: [6, 4],
    module: 'BatchNorm1d',
    keywords: { momentum: null },
  },
  {
    layer: 'BatchNorm',
    args: [4],
    options: { affine: false },
    shape: [3, 4, 7],
    module: 'BatchNorm1d',
    keywords: { affine: false },
  },
  { layer: 'LayerNorm', args: [[3, 5]], options: {}, shape: [4, 3, 5], module: 'LayerNorm', keywords: {} },
  {
    layer: 'LayerNorm',
    args: [7],
    options: { bias: false },
    shape: [4, 7],
    module: 'LayerNorm',
    keywords: { bias: false },
  },
  { layer: 'GroupNorm', args: [2, 6], options: {}, shape: [3, 6, 4], module: 'GroupNorm', keywords: {} },
  {
    layer: 'InstanceNorm',
    args: [4],
    options: { affine: true, runningAverage: { newWeight: 0.1 } },
    shape: [3, 4, 5],
    module: 'InstanceNorm1d',
    keywords: { affine: true, track_running_stats: true },
  },
  { layer: 'RMSNorm', args: [9], options: {}, shape: [4, 9], module: 'RMSNorm', keywords: {} },
]

describe("evenkeel's state dicts in PyTorch", () => {
  const sent = SENT.map(trained)
  if (process.env.EVENKEEL_WRITE_FIXTURES) {
    writeFileSync(fixture('from-evenkeel.json'), `${JSON.stringify({ cases: sent })}\n`)
  }
  const written = readFixture<{ cases: Sent[] }>('from-evenkeel.json').cases
  const received = readFixture<{ cases: { title: string; evalY: Encoded }[] }>('from-evenkeel.torch.json')

  it('are the ones that PyTorch loaded, to the bit', () => {
    expect(sent).toEqual(written)
    expect(received.torch).toMatch(/^2\.13\./)
    expect(received.cases.map(({ title }) => title)).toEqual(sent.map(({ title }) => title))
  })

  it.each(sent.map((each, i) => [each.title, each, i] as const))('%s: the same output', (_, each, i) => {
    const theirs = decodeTensor(received.cases[i].evalY).data
    expectNear(decodeTensor(each.evalY).data, theirs, each.x.dtype as 'float32', 'eval mode')
  })
})

/** A layer after some steps of gradient descent. */
function trained(spec: (typeof SENT)[number]): Sent {
  const title = `${spec.layer}(${JSON.stringify(spec.args)}, ${JSON.stringify(spec.options)})`
  const random = new Random(seedOf(title))
  const layer = layerOf(spec)
  const Type = layer.dtype === 'float64' ? Float64Array : Float32Array
  const draw = (mean: number, factor: number): Tensor => {
    const data = new Type(spec.shape.reduce((a, b) => a * b)).map(() => mean + factor * random.normal())
    return { data, shape: spec.shape }
  }
  for (let step = 0; step < 5; step++) {
    layer.forward(draw(2, 3))
    layer.zeroGrad()
    layer.backward(draw(0, 0.1))
    for (const { data, grad } of layer.parameters()) {
      for (let i = 0; i < data.length; i++) data[i] -= 0.1 * grad.data[i]
    }
  }
  const x = draw(0, 1)
  const y = layer.eval().forward(x)
  const state = Object.fromEntries(
    Object.entries(layer.stateDict()).map(([name, each]) => [name, encode(each)]),
  )
  return { ...spec, title, state, x: encode(x), evalY: encode(y) }
}

function results(encoded: Record<string, Encoded>): Record<string, FloatArray> {
  return Object.fromEntries(Object.entries(encoded).map(([name, each]) => [name, decodeTensor(each).data]))
}

/** Forward and backward of the evenkeel layer that a fixture describes. */
function run(each: LayerFixture, dtype: 'float32' | 'float64'): Record<string, FloatArray> {
  const eps = each.layer === 'RMSNorm' ? { eps: 2 ** -23 } : {}
  const layer: Layer = layerOf({ ...each, options: { ...eps, ...each.options, dtype } })
  layer.loadStateDict(decodeState(each.state))
  layer.train(each.mode === 'train')
  const typed = (encoded: Encoded): Tensor => {
    const { data, shape } = decodeTensor(encoded)
    return { data: dtype === 'float64' ? Float64Array.from(data) : data, shape }
  }
  const y = layer.forward(typed(each.x))
  const dx = layer.backward(typed(each.dy))
  return {
    y: y.data,
    dx: dx.data,
    ...(layer.weight && { dweight: layer.weight.grad.data }),
    ...(layer.bias && { dbias: layer.bias.grad.data }),
  }
}

/** The largest absolute error of each array; throws where the two have other names or lengths. */
function worstErrors(actual: Record<string, FloatArray>, truth: Record<string, FloatArray>) {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(truth).sort())
  const worst = Object.entries(truth).map(([name, expected]) => {
    expect(actual[name].length).toBe(expected.length)
    return [name, largest(expected.map((value, i) => actual[name][i] - value))] as const
  })
  return Object.fromEntries(worst)
}

/** To what an array's rounding errors are relative: its largest element; for sums also what they add up. */
function scaleOf({ dy }: LayerFixture, name: string, truth: FloatArray): number {
  if (name === 'y' || name === 'dx') return largest(truth)
  let added = 0
  for (const value of decodeTensor(dy).data) added += Math.abs(value)
  return Math.max(largest(truth), added / truth.length)
}

function largest(values: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]))
  return most
}

function deviation(values: FloatArray, mean: number): number {
  let sum = 0
  for (const value of values) sum += (value - mean) ** 2
  return Math.sqrt(sum / values.length)
}

function expectNear(
  actual: ArrayLike<number>,
  expected: FloatArray,
  dtype: 'float32' | 'float64',
  name: string,
) {
  expect(actual.length).toBe(expected.length)
  const error = largest(expected.map((value, i) => actual[i] - value))
  expect(error, name).toBeLessThanOrEqual(PYTORCH_ROUNDINGS * UNIT_ROUNDOFF[dtype] * largest(expected))
}
