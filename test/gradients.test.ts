import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  batchNorm,
  type FloatArray,
  type FunctionalOptions,
  gradients,
  groupNorm,
  InstanceNorm,
  instanceNorm,
  type Layer,
  LayerNorm,
  layerNorm,
  type Normalized,
  rmsNorm,
  type Tensor,
} from '../src/index.js'
import { Random, seedOf } from '../src/selftest/random.js'
import { differences } from './support/differences.js'
import { DIFFERENCE_TOLERANCE } from './support/tolerance.js'

// Every gradient against central differences of the forward pass, in float64, through the public API.

interface Inputs {
  readonly x: Float64Array
  readonly weight: Float64Array
  readonly bias: Float64Array
}
type Gradient = Record<keyof Inputs, FloatArray | null>

interface Row {
  readonly title: string
  readonly shape: number[]
  /** How many elements weight and bias have. */
  readonly parameters: number
  forward(inputs: Inputs): FloatArray
  backward(inputs: Inputs, dy: Tensor): Gradient
}

type Functional = (x: Tensor, options: FunctionalOptions) => Normalized
type Affine = Pick<FunctionalOptions, 'weight' | 'bias'>

/** A row of the functional API; `affine` picks the parameters that are passed on. */
function functional(
  title: string,
  shape: number[],
  parameters: number,
  call: Functional,
  affine: (inputs: Inputs) => Affine = ({ weight, bias }) => ({ weight, bias }),
): Row {
  const run = (inputs: Inputs) => call({ data: inputs.x, shape }, affine(inputs))
  return {
    title,
    shape,
    parameters,
    forward: (inputs) => run(inputs).y.data,
    backward: (inputs, dy) => {
      const { dx, dweight, dbias } = gradients(run(inputs).context, dy)
      return { x: dx.data, weight: dweight, bias: dbias }
    },
  }
}

/** A row of a layer in eval mode, whose running averages are constants. */
function frozen(title: string, shape: number[], make: () => Layer): Row {
  const prepared = ({ weight, bias }: Inputs) => {
    const layer = make()
    const [mean, variance] = [layer.runningMean!, layer.runningVariance!]
    layer.loadStateDict({
      weight: { data: weight, shape: layer.weight!.shape },
      bias: { data: bias, shape: layer.bias!.shape },
      running_mean: { data: mean.data.map((_, i) => 0.3 * i - 0.2), shape: mean.shape },
      running_var: { data: variance.data.map((_, i) => 0.5 + i), shape: variance.shape },
    })
    return layer.eval()
  }
  return {
    title,
    shape,
    parameters: make().weight!.data.length,
    forward: (inputs) => prepared(inputs).forward({ data: inputs.x, shape }).data,
    backward: (inputs, dy) => {
      const layer = prepared(inputs)
      layer.forward({ data: inputs.x, shape })
      const dx = layer.backward(dy)
      return { x: dx.data, weight: layer.weight!.grad.data, bias: layer.bias!.grad.data }
    },
  }
}

const last = { layout: 'channels-last' } as const
const statistics = { mean: Float64Array.of(0.3, -1, 2), variance: Float64Array.of(0.5, 1, 3) }
const running = { affine: true, dtype: 'float64', runningAverage: { newWeight: 0.1 } } as const

const ROWS: readonly Row[] = [
  functional('batchNorm [N, C]', [9, 5], 5, batchNorm),
  functional('batchNorm [N, C, L]', [4, 3, 5], 3, batchNorm),
  functional('batchNorm [N, C, H, W]', [2, 3, 3, 4], 3, batchNorm),
  functional('batchNorm [N, H, W, C]', [2, 3, 4, 3], 3, (x, o) => batchNorm(x, { ...o, ...last })),
  functional('batchNorm [N, C, D, H, W]', [2, 2, 2, 3, 2], 2, batchNorm),
  functional('batchNorm, one sample', [1, 3, 4, 4], 3, batchNorm),
  functional('batchNorm, given statistics', [3, 3, 4], 3, (x, o) => batchNorm(x, { ...o, statistics })),
  functional('batchNorm, given statistics, channels last', [3, 4, 3], 3, (x, o) =>
    batchNorm(x, { ...o, ...last, statistics }),
  ),
  functional('layerNorm over one dimension', [4, 3, 9], 9, (x, o) =>
    layerNorm(x, { ...o, normalizedShape: 9 }),
  ),
  functional('layerNorm over all but the batch', [3, 2, 3, 4], 24, (x, o) =>
    layerNorm(x, { ...o, normalizedShape: [2, 3, 4] }),
  ),
  functional('layerNorm, large eps', [3, 7], 7, (x, o) => layerNorm(x, { ...o, normalizedShape: 7, eps: 1 })),
  functional('groupNorm', [2, 6, 3, 2], 6, (x, o) => groupNorm(x, { ...o, groups: 3 })),
  functional('groupNorm, channels last', [2, 3, 2, 6], 6, (x, o) =>
    groupNorm(x, { ...o, ...last, groups: 2 }),
  ),
  functional('groupNorm, one group', [2, 4, 5], 4, (x, o) => groupNorm(x, { ...o, groups: 1 })),
  functional('groupNorm, without space', [5, 6], 6, (x, o) => groupNorm(x, { ...o, groups: 2 })),
  functional('instanceNorm', [2, 3, 8], 3, instanceNorm),
  functional('instanceNorm, channels last', [2, 2, 4, 3], 3, (x, o) => instanceNorm(x, { ...o, ...last })),
  functional('rmsNorm', [4, 9], 9, (x, o) => rmsNorm(x, { ...o, normalizedShape: 9 })),
  functional('rmsNorm over two dimensions', [3, 2, 5], 10, (x, o) =>
    rmsNorm(x, { ...o, normalizedShape: [2, 5] }),
  ),
  functional('batchNorm, weight only', [4, 3, 5], 3, batchNorm, ({ weight }) => ({ weight })),
  functional('batchNorm, bias only', [4, 3, 5], 3, batchNorm, ({ bias }) => ({ bias })),
  functional('batchNorm, no parameters', [4, 3, 5], 3, batchNorm, () => ({})),
  functional(
    'layerNorm, no parameters',
    [4, 9],
    9,
    (x, o) => layerNorm(x, { ...o, normalizedShape: 9 }),
    () => ({}),
  ),
  frozen('BatchNorm in eval mode', [3, 3, 4], () => new BatchNorm(3, { dtype: 'float64' })),
  frozen(
    'BatchNorm in eval mode, channels last',
    [3, 4, 3],
    () => new BatchNorm(3, { dtype: 'float64', ...last }),
  ),
  frozen('InstanceNorm in eval mode', [3, 3, 4], () => new InstanceNorm(3, running)),
  frozen('LayerNorm in eval mode with running averages', [4, 5], () => new LayerNorm(5, running)),
]

describe('gradients are central differences', () => {
  it.each(ROWS.map((row) => [row.title, row] as const))('%s', (title, row) => {
    const random = new Random(seedOf(title))
    const draw = (length: number, mean: number) => new Float64Array(length).map(() => mean + random.normal())
    const size = row.shape.reduce((a, b) => a * b)
    const inputs: Inputs = {
      x: draw(size, 1),
      weight: draw(row.parameters, 1),
      bias: draw(row.parameters, 0),
    }
    const dy = draw(size, 0.5)
    const analytic = row.backward(inputs, { data: dy, shape: row.shape })
    for (const name of ['x', 'weight', 'bias'] as const) {
      const expected = differences(inputs[name], () => dot(row.forward(inputs), dy))
      const actual = analytic[name]
      if (actual === null) {
        expect(Math.max(...expected.map(Math.abs)), `${name} has no gradient, and no effect`).toBe(0)
        continue
      }
      const largest = Math.max(...expected.map(Math.abs))
      expect(largest, `the loss depends on ${name}`).toBeGreaterThan(0.01)
      const errors = expected.map((value, i) => Math.abs(value - actual[i]))
      expect(Math.max(...errors), name).toBeLessThan(DIFFERENCE_TOLERANCE * Math.max(largest, 1))
    }
  })
})

function dot(a: FloatArray, b: Float64Array): number {
  return b.reduce((sum, value, i) => sum + a[i] * value, 0)
}
