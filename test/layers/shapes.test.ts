import { describe, expect, test } from 'vitest'
import { backends } from '../../src/backend/select.js'
import { planBatch } from '../../src/engine/plan.js'
import {
  BatchNorm,
  batchNorm,
  GroupNorm,
  gradients,
  groupNorm,
  InstanceNorm,
  instanceNorm,
  type Layer,
  type Layout,
  type Tensor,
} from '../../src/index.js'
import { expectError, randomTensor } from './support.js'

// Shapes at the edges of what a layer takes: empty ones, of high rank, one sample alone.

const LAYOUTS: readonly Layout[] = ['channels-first', 'channels-last']
const shaped = ({ data }: Tensor, shape: readonly number[]): Tensor => ({ data: data.slice(), shape })

describe.each([
  { title: 'an empty batch', space: [5], samples: 0 },
  { title: 'an empty batch without space', space: [], samples: 0 },
  { title: 'an empty space', space: [0], samples: 4 },
])('BatchNorm trains on $title: an empty result, all state as it was', ({ space, samples }) => {
  const cases = LAYOUTS.map((layout) => {
    const shape = layout === 'channels-first' ? [samples, 3, ...space] : [samples, ...space, 3]
    return { layout, x: { data: new Float32Array(0), shape } }
  })

  /** Trained, with gradients that are not 0. */
  const used = (layout: Layout) => {
    const norm = new BatchNorm(3, { layout })
    const x = randomTensor([4, 3], 'float32')
    norm.forward(x)
    norm.backward(randomTensor([4, 3], 'float32', 'dy'))
    return norm
  }
  const state = (norm: Layer) => [norm.stateDict(), norm.parameters().map(({ grad }) => grad.data.slice())]

  test.each(cases)('the layer, $layout', ({ layout, x }) => {
    const norm = used(layout)
    const before = state(norm)
    expect(norm.forward(x)).toEqual(x)
    expect(norm.backward(x)).toEqual(x)
    expect(norm.forward(x, { out: x })).toBe(x)
    expect(state(norm)).toEqual(before)
  })

  test.each(cases)('the layer off the main thread, $layout', async ({ layout, x }) => {
    const norm = used(layout)
    const before = state(norm)
    expect(await norm.forwardAsync(x)).toEqual(x)
    expect(await norm.backwardAsync(x)).toEqual(x)
    expect(state(norm)).toEqual(before)
  })

  test.each(cases)('the functional form, $layout', ({ layout, x }) => {
    const weight = new Float32Array(3)
    const { y, context } = batchNorm(x, { layout, weight })
    expect(y).toEqual(x)
    expect(gradients(context, x, { dweight: Float32Array.of(1, -0, 2) })).toEqual({
      dx: x,
      dweight: Float32Array.of(1, -0, 2),
      dbias: null,
    })
  })

  test.each(backends().map((backend) => ({ name: backend.name, backend })))('$name', ({ backend }) => {
    for (const { layout, x } of cases) {
      const plan = planBatch('test', x.shape, 'float32', { layout, eps: 1e-5 })
      const { data } = x
      const mean = new Float64Array(3).fill(7)
      const variance = new Float64Array(3).fill(7)
      const [weight, dweight] = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)]
      backend.forward(plan, { x: data, y: data, weight, bias: null, mean, variance })
      backend.backward(plan, { dy: data, x: data, dx: data, weight, mean, variance, dweight, dbias: null })
      expect([...mean, ...variance]).toEqual([0, 0, 0, 0, 0, 0])
      expect([...dweight]).toEqual([4, 5, 6])
    }
  })
})

const CHANNELS = 4
const SPACE = [2, 1, 3, 2, 2]
const JOINED = 24
const RANKS: readonly {
  title: string
  run: (x: Tensor, dy: Tensor, layout: Layout) => { y: Tensor; dx: Tensor }
}[] = [
  {
    title: 'BatchNorm',
    run: (x, dy, layout) => both(new BatchNorm(CHANNELS, { layout, dtype: 'float64' }), x, dy),
  },
  {
    title: 'GroupNorm',
    run: (x, dy, layout) => both(new GroupNorm(2, CHANNELS, { layout, dtype: 'float64' }), x, dy),
  },
  {
    title: 'InstanceNorm',
    run: (x, dy, layout) => both(new InstanceNorm(CHANNELS, { layout, dtype: 'float64' }), x, dy),
  },
  { title: 'batchNorm', run: (x, dy, layout) => withGradient(batchNorm(x, { layout }), dy) },
  { title: 'groupNorm', run: (x, dy, layout) => withGradient(groupNorm(x, { groups: 2, layout }), dy) },
  { title: 'instanceNorm', run: (x, dy, layout) => withGradient(instanceNorm(x, { layout }), dy) },
]

function both(layer: Layer, x: Tensor, dy: Tensor) {
  return { y: layer.forward(x), dx: layer.backward(dy) }
}
function withGradient({ y, context }: ReturnType<typeof batchNorm>, dy: Tensor) {
  return { y, dx: gradients(context, dy).dx }
}

describe.each(RANKS)('$title takes any rank: rank 7 is rank 3 with its space joined', ({ run }) => {
  test.each(LAYOUTS)('%s', (layout) => {
    const first = layout === 'channels-first'
    const wide = first ? [3, CHANNELS, ...SPACE] : [3, ...SPACE, CHANNELS]
    const flat = first ? [3, CHANNELS, JOINED] : [3, JOINED, CHANNELS]
    const [x, dy] = [randomTensor(flat), randomTensor(flat, 'float64', 'dy')]
    const expected = run(x, dy, layout)
    const actual = run(shaped(x, wide), shaped(dy, wide), layout)
    expect(actual).toEqual({ y: shaped(expected.y, wide), dx: shaped(expected.dx, wide) })
  })
})

describe('InstanceNorm takes one sample alone', () => {
  test.each(LAYOUTS)('%s: as a batch of one', (layout) => {
    const options = { layout, affine: true, runningAverage: { newWeight: 0.1 }, dtype: 'float64' } as const
    const alone = layout === 'channels-first' ? [3, 5] : [5, 3]
    const [a, b] = [new InstanceNorm(3, options), new InstanceNorm(3, options)]
    const [x, dy] = [randomTensor(alone), randomTensor(alone, 'float64', 'dy')]
    const batch = [1, ...alone]
    for (const mode of [true, false]) {
      const expected = both(a.train(mode), shaped(x, batch), shaped(dy, batch))
      expect(both(b.train(mode), x, dy)).toEqual({
        y: shaped(expected.y, alone),
        dx: shaped(expected.dx, alone),
      })
    }
    expect(b.stateDict()).toEqual(a.stateDict())
  })

  test('the channels must be where the layout says', () => {
    expectError(
      () => new InstanceNorm(3).forward(randomTensor([5, 3], 'float32')),
      'EVENKEEL_SHAPE',
      /\[C, L\]/,
    )
  })
})
