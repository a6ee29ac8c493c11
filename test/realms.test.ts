import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { planRows } from '../src/engine/plan.js'
import {
  BatchNorm,
  backends,
  batchNorm,
  type FloatArray,
  foldBatchNorm,
  gradients,
  LayerNorm,
  layerNorm,
  tensor,
} from '../src/index.js'

// Arrays of another realm (a vm context, as Jest and Vitest's vm pools have it; an iframe) count as those of our own.

const other: { Float32Array: typeof Float32Array; Float64Array: typeof Float64Array; Array: typeof Array } =
  runInNewContext('({ Float32Array, Float64Array, BigInt64Array, Array })')

const NUMBERS = [1, 2, 3, 4]
const NORMALIZED = [-1.3416, -0.4472, 0.4472, 1.3416]
const ROWS = [
  ['float32', Float32Array, other.Float32Array],
  ['float64', Float64Array, other.Float64Array],
] as const

const close = (data: ArrayLike<number>) => Array.from(data, (value) => Number(value.toFixed(4)))

describe.each(ROWS)('arrays of another realm: %s', (dtype, Own, Other) => {
  const own = (values = NUMBERS) => ({ data: Own.from(values) as FloatArray, shape: [1, values.length] })
  const foreign = (values = NUMBERS) => ({
    data: Other.from(values) as FloatArray,
    shape: other.Array.of(1, values.length),
  })

  it('are no instances of our classes', () => {
    expect(foreign().data).not.toBeInstanceOf(Own)
    expect(foreign().shape).not.toBeInstanceOf(Array)
  })

  it('go through a layer, forward, backward and out', () => {
    const [layer, fresh] = [new LayerNorm(4, { dtype }), new LayerNorm(4, { dtype })]
    const [out, dx] = [foreign(), foreign()]
    const dy = [0.5, -1, 2, 0]
    for (let i = 0; i < 3; i++) {
      expect(layer.forward(foreign(), { out })).toBe(out)
      expect(close(out.data)).toEqual(NORMALIZED)
      layer.backward(foreign(dy), { out: dx })
      fresh.forward(own())
      expect(Array.from(dx.data)).toEqual(Array.from(fresh.backward(own(dy)).data))
    }
    expect(layer.weight!.grad.data).toEqual(fresh.weight!.grad.data)
  })

  it('go through asynchronous calls', async () => {
    const layer = new LayerNorm(4, { dtype })
    expect(close((await layer.forwardAsync(foreign(), { out: foreign() })).data)).toEqual(NORMALIZED)
    expect((await layer.backwardAsync(foreign())).data).toHaveLength(4)
  })

  it('replace parameters', () => {
    const layer = new LayerNorm(4, { dtype })
    Object.assign(layer.weight!, { data: Other.of(2, 2, 2, 2) })
    Object.assign(layer.weight!.grad, { data: Other.of(0, 0, 0, 0) })
    expect(close(layer.forward(own()).data)).toEqual([-2.6833, -0.8944, 0.8944, 2.6833])
    layer.backward(own())
    expect(close(layer.weight!.grad.data)).not.toEqual([0, 0, 0, 0])
  })

  it('go through the functional forms', () => {
    const affine = { weight: Other.of(1, 1, 1, 1), bias: Other.of(0, 0, 0, 0) }
    const { y, context } = layerNorm(foreign(), { normalizedShape: [4], ...affine, out: foreign() })
    expect(close(y.data)).toEqual(NORMALIZED)
    const { dx, dweight } = gradients(context, foreign(), { out: foreign(), dweight: Other.of(0, 0, 0, 0) })
    expect(dx.data).toHaveLength(4)
    expect(close(dweight!)).toHaveLength(4)
    const statistics = { mean: Other.of(1, 1, 1, 1), variance: Other.of(1, 1, 1, 1) }
    expect(close(batchNorm(foreign(), { statistics }).y.data)).toEqual([0, 1, 2, 3])
  })

  it('are state dicts and folded weights', () => {
    const norm = new BatchNorm(2, { dtype })
    const entry = (...values: number[]) => ({ data: Other.of(...values), shape: other.Array.of(2) })
    const counter = { data: runInNewContext('BigInt64Array.of(3n)') as BigInt64Array, shape: [] }
    norm.loadStateDict({
      weight: entry(1, 2),
      bias: entry(3, 4),
      running_mean: entry(5, 6),
      running_var: entry(7, 8),
      num_batches_tracked: counter,
    })
    expect([...norm.weight!.data, ...norm.bias!.data, norm.batchesTracked]).toEqual([1, 2, 3, 4, 3])
    const weight = { data: Other.of(1, 0, 0, 1), shape: [2, 2] }
    expect(foldBatchNorm(weight, null, norm.eval(), { kind: 'linear' }).weight.data).toHaveLength(4)
  })

  it('are tensors', () => {
    const data = Other.of(...NUMBERS)
    expect(tensor(data, [2, 2]).data).toBe(data)
  })

  it.each(backends())('give the same bits on $name', (backend) => {
    const plan = planRows('LayerNorm', [1, 4], dtype, { normalizedShape: [4], eps: 1e-5 })
    const results = [own(), foreign()].map(({ data: x }) => {
      const y = x.slice()
      backend.forward(plan, {
        x,
        y,
        weight: null,
        bias: null,
        mean: new Float64Array(1),
        variance: new Float64Array(1),
      })
      return Array.from(y)
    })
    expect(results[0]).toEqual(results[1])
  })
})
