import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  batchNorm,
  type Context,
  GroupNorm,
  gradients,
  groupNorm,
  type Layer,
  LayerNorm,
  layerNorm,
  type Tensor,
} from '../../src/index.js'
import { expectError, snapshot } from '../layers/support.js'
import { firstDifference } from '../support/run.js'
import { numbers } from './layers.js'

// A layer that is called several times before its gradients, as in shared, siamese and recurrent networks. A context
// gives the gradient of its own forward, whatever came in between. Without a context, backward() gives the gradient of
// the last forward, or an error.

const SHAPE = [6, 8]
const tensor = (seed: number, shape = SHAPE) => numbers('float32', shape, seed)

/** A layer, and the function whose gradients it must give. */
interface Row {
  make(): Layer
  normalize(x: Tensor, layer: Layer): { context: Context }
}

const affine = ({ weight, bias }: Layer) => ({ weight: weight?.data, bias: bias?.data })

const ROWS: Readonly<Record<string, Row>> = {
  LayerNorm: {
    make: () => new LayerNorm(8),
    normalize: (x, layer) => layerNorm(x, { normalizedShape: 8, ...affine(layer) }),
  },
  BatchNorm: { make: () => new BatchNorm(8), normalize: (x, layer) => batchNorm(x, affine(layer)) },
  'BatchNorm in eval mode': {
    make: () => new BatchNorm(8).loadStateDict(new BatchNorm(8).stateDict()).eval(),
    normalize: (x, layer) => {
      const statistics = { mean: layer.runningMean!.data, variance: layer.runningVariance!.data }
      return batchNorm(x, { ...affine(layer), statistics })
    },
  },
  GroupNorm: {
    make: () => new GroupNorm(2, 8),
    normalize: (x, layer) => groupNorm(x, { groups: 2, ...affine(layer) }),
  },
}

/** The gradients of some inputs by the functional forms, and the sums of the parameters' gradients. */
function expectedOf({ normalize }: Row, layer: Layer, pairs: readonly (readonly [x: Tensor, dy: Tensor])[]) {
  const dweight = new Float32Array(8)
  const dbias = new Float32Array(8)
  const results = pairs.map(([x, dy]) => gradients(normalize(x, layer).context, dy, { dweight, dbias }).dx)
  return { results, dweight, dbias }
}

function expectParameters(layer: Layer, { dweight, dbias }: ReturnType<typeof expectedOf>): void {
  expect(firstDifference(layer.weight!.grad.data, dweight)).toBe(null)
  expect(firstDifference(layer.bias!.grad.data, dbias)).toBe(null)
}

/** The orders in which the gradients of the forwards 0, 1, 2, ... are computed. */
const ORDERS: Readonly<Record<string, readonly number[]>> = {
  'as the forwards came': [0, 1, 2],
  'backwards, as through time': [4, 3, 2, 1, 0],
  'mixed, some twice, some never': [1, 3, 1, 0, 3],
}

describe.each(Object.entries(ROWS))('contexts of %s', (_name, row) => {
  describe.each(Object.entries(ORDERS))('%s', (_order, order) => {
    const count = Math.max(...order) + 1
    it.each([
      ['new arrays', false, false],
      ['the same arrays again and again', true, false],
      ['new arrays, asynchronously', false, true],
    ])('%s', async (_, reused, asynchronous) => {
      const layer = row.make()
      const [out, dx] = [tensor(0), tensor(0)]
      const inputs = Array.from({ length: count }, (_, i) => tensor(i + 1))
      const upstream = Array.from({ length: count }, (_, i) => tensor(i + 100))
      const expected = expectedOf(
        row,
        layer,
        order.map((i) => [inputs[i], upstream[i]] as const),
      )
      for (let round = 0; round < 3; round++) {
        layer.zeroGrad()
        const contexts: Context[] = []
        for (const x of inputs) {
          if (asynchronous) await layer.forwardAsync(x)
          else layer.forward(x, reused ? { out } : {})
          contexts.push(layer.context!)
        }
        for (const [step, i] of order.entries()) {
          const options = reused ? { context: contexts[i], out: dx } : { context: contexts[i] }
          const actual = asynchronous
            ? await layer.backwardAsync(upstream[i], options)
            : layer.backward(upstream[i], options)
          expect(firstDifference(actual.data, expected.results[step].data)).toBe(null)
        }
        expectParameters(layer, expected)
      }
    })
  })

  it('keep their statistics, and pass to gradients()', () => {
    const layer = row.make()
    const x = tensor(1)
    layer.forward(x)
    const context = layer.context!
    expect(layer.context).toBe(context)
    const { mean, variance } = context
    const before = [mean.slice(), variance.slice()]
    const dx = gradients(context, tensor(2)).dx
    for (let i = 0; i < 4; i++) {
      layer.forward(tensor(10 + i, [i + 2, 8]))
      layer.forward(tensor(20 + i))
      layer.backward(tensor(30 + i))
    }
    expect([mean, variance]).toEqual(before)
    expect(gradients(context, tensor(2)).dx).toEqual(dx)
    expect(layer.backward(tensor(2), { context })).toEqual(dx)
  })

  it('come between calls without one', () => {
    const layer = row.make()
    const [a, b, dy] = [tensor(1), tensor(2), tensor(3)]
    const expected = expectedOf(row, layer, [
      [b, dy],
      [a, dy],
      [b, dy],
    ])
    layer.forward(a)
    const context = layer.context!
    layer.forward(b)
    const actual = [layer.backward(dy), layer.backward(dy, { context }), layer.backward(dy)]
    expect(actual).toEqual(expected.results)
    expectParameters(layer, expected)
  })
})

describe('backward() without a context', () => {
  type Step = (layer: Layer) => unknown
  const forward =
    (seed: number): Step =>
    (layer) =>
      layer.forward(tensor(seed))
  const backward: Step = (layer) => layer.backward(tensor(9))
  const read: Step = (layer) => layer.context
  const input = tensor(8)
  const again: Step = (layer) => layer.forward(input)
  const inPlace: Step = (layer) => {
    const x = tensor(7)
    layer.forward(x, { out: x })
  }
  const refusedForward: Step = (layer) =>
    expect(() => layer.forward(tensor(6, [4, 7]))).toThrow(
      expect.objectContaining({ code: 'EVENKEEL_SHAPE' }),
    )
  const refusedBackward: Step = (layer) =>
    expect(() => layer.backward(tensor(6, [4, 8]))).toThrow(
      expect.objectContaining({ code: 'EVENKEEL_SHAPE' }),
    )

  /** Steps after which backward() gives the gradient of this input. */
  const clear: readonly (readonly [string, readonly Step[], Tensor])[] = [
    ['after one forward', [forward(1)], tensor(1)],
    ['again after one forward', [forward(1), backward], tensor(1)],
    ['a third time', [forward(1), backward, backward], tensor(1)],
    ['after two forwards: of the last', [forward(1), forward(2)], tensor(2)],
    ['after one for each forward', [forward(1), backward, forward(2), backward, forward(3)], tensor(3)],
    ['again after one for each', [forward(1), backward, forward(2), backward], tensor(2)],
    [
      'after two forwards, the first with its context read',
      [forward(1), read, forward(2), backward],
      tensor(2),
    ],
    ['after two forwards of the same input', [again, again, backward], input],
    ['after a forward in place', [inPlace, forward(2), backward], tensor(2)],
    ['after a forward that was refused', [forward(1), refusedForward, backward], tensor(1)],
    ['after a backward that was refused', [forward(1), forward(2), refusedBackward], tensor(2)],
    ['after an unclear one, and another forward', [forward(1), forward(2), backward, forward(3)], tensor(3)],
  ]
  it.each(clear)('%s', (_title, steps, x) => {
    const layer = new LayerNorm(8)
    for (const step of steps) step(layer)
    const calm = new LayerNorm(8)
    calm.forward(x)
    expect(layer.backward(tensor(9))).toEqual(calm.backward(tensor(9)))
  })

  const unclear: readonly (readonly [string, readonly Step[]])[] = [
    ['two forwards', [forward(1), forward(2), backward]],
    ['three forwards, one with its context read', [forward(1), read, forward(2), forward(3), backward]],
    ['two forwards and a refused one', [forward(1), forward(2), refusedForward, backward]],
    ['one with its gradient, and two', [forward(1), backward, forward(2), forward(3), backward]],
  ]
  it.each(unclear)('again after %s is refused, and changes nothing', (_title, steps) => {
    const layer = new LayerNorm(8)
    for (const step of steps) step(layer)
    const before = snapshot(layer)
    for (let i = 0; i < 2; i++)
      expectError(() => layer.backward(tensor(9)), 'EVENKEEL_STATE', /not clear whose gradient is meant/)
    expect(snapshot(layer)).toEqual(before)
    // The remedy of the message.
    layer.forward(tensor(4))
    const first = layer.context!
    layer.forward(tensor(5))
    const [calm, other] = [new LayerNorm(8), new LayerNorm(8)]
    calm.forward(tensor(4))
    other.forward(tensor(5))
    expect(layer.backward(tensor(9), { context: layer.context! })).toEqual(other.backward(tensor(9)))
    expect(layer.backward(tensor(9), { context: first })).toEqual(calm.backward(tensor(9)))
  })

  it('asynchronously, again after two forwards is refused', async () => {
    const layer = new LayerNorm(8)
    const pending = [1, 2].map((seed) => layer.forwardAsync(tensor(seed)))
    const last = layer.backwardAsync(tensor(9))
    const second = layer.backwardAsync(tensor(9))
    await expect(second).rejects.toMatchObject({ code: 'EVENKEEL_STATE' })
    const calm = new LayerNorm(8)
    await Promise.all(pending)
    calm.forward(tensor(2))
    expect(await last).toEqual(calm.backward(tensor(9)))
  })
})

describe('a context that does not fit', () => {
  const rows: readonly (readonly [string, (layer: Layer) => unknown, RegExp])[] = [
    [
      'of another layer',
      () => {
        const other = new LayerNorm(8)
        other.forward(tensor(1))
        return other.context
      },
      /must be one of this layer/,
    ],
    ['of a function', () => layerNorm(tensor(1), { normalizedShape: 8 }).context, /call gradients\(\)/],
    ['a copy', (layer) => ({ ...layer.context }), /must be one of this layer/],
    ['null', () => null, /must be one of this layer/],
    ['a tensor', () => tensor(1), /must be one of this layer/],
    [
      'of an input that was overwritten',
      (layer) => {
        const { context } = layer
        layer.backward(tensor(2), { out: { data: context!.x!, shape: SHAPE } })
        return context
      },
      /overwritten/,
    ],
  ]
  it.each(rows)('%s', (_title, make, message) => {
    const layer = new LayerNorm(8)
    layer.forward(tensor(1))
    const context = make(layer) as Context
    const before = snapshot(layer)
    expectError(() => layer.backward(tensor(2), { context }), 'EVENKEEL_STATE', message)
    expect(snapshot(layer)).toEqual(before)
  })

  it('before any forward there is none', () => {
    expect(new LayerNorm(8).context).toBe(null)
  })
})
