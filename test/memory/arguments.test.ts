import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  type Context,
  EvenkeelError,
  gradients,
  type Layer,
  LayerNorm,
  layerNorm,
  RMSNorm,
  type Tensor,
} from '../../src/index.js'
import { expectError, snapshot } from '../layers/support.js'
import { numbers } from './layers.js'

// A call reads its arguments once, when it is made. A value in the place of an array that is no array is refused.

const SHAPE = [4, 8]
const tensor = (seed: number) => numbers('float32', SHAPE, seed)
const zeros = () => ({ data: new Float32Array(32), shape: SHAPE })
/** Lets the compiler accept a wrong argument. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const wrong = (value: unknown): any => value
const bits = ({ data }: Tensor) => Array.from(data)
const forwardOf = (x: Tensor) => bits(new LayerNorm(8).forward(x))

describe('a normalizedShape', () => {
  it.each([
    ['LayerNorm', (shape: number[]) => new LayerNorm(shape, { affine: false })],
    ['RMSNorm', (shape: number[]) => new RMSNorm(shape, { affine: false })],
  ])('of %s is the one of its construction', (_, make) => {
    const shape = [8]
    const layer = make(shape)
    shape[0] = 4
    expect(layer.forward(tensor(1)).shape).toEqual(SHAPE)
    expectError(() => layer.forward({ data: new Float32Array(32), shape: [8, 4] }), 'EVENKEEL_SHAPE', /\[8\]/)
  })

  it('with a hole is refused', () => {
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    const holed = wrong([, 8])
    for (const call of [() => new LayerNorm(holed), () => layerNorm(tensor(1), { normalizedShape: holed })])
      expectError(call, 'EVENKEEL_OPTION', /whole numbers from 1 up/)
  })
})

describe('a second backward()', () => {
  it('is ambiguous after one that passed the last context', () => {
    const layer = new LayerNorm(8)
    layer.forward(tensor(1))
    layer.forward(tensor(2))
    layer.backward(tensor(3), { context: layer.context! })
    expectError(() => layer.backward(tensor(3)), 'EVENKEEL_STATE', /not clear whose gradient/)
  })
})

describe('an asynchronous call', () => {
  it('reads its options and tensors when it is made', async () => {
    const layer = new LayerNorm(8)
    const inputs = [tensor(1), tensor(2), tensor(3)]
    const outs = inputs.map(zeros)
    const options: { out?: Tensor } = {}
    const input = { ...inputs[0] }
    const results = inputs.map((x, i) => {
      options.out = outs[i]
      input.data = x.data
      return layer.forwardAsync(input, options)
    })
    expect(await Promise.all(results)).toEqual(outs)
    expect(outs.map(bits)).toEqual(inputs.map(forwardOf))
    for (const [i, result] of results.entries()) expect(await result).toBe(outs[i])
  })

  it.each(['forward', 'forwardAsync', 'backward', 'loadStateDict'])(
    'that a getter in %s begins never shares its buffers',
    async (outer) => {
      const layer = new BatchNorm(8)
      layer.forward(tensor(1))
      let inner: Promise<Tensor> | undefined
      const start = () => {
        inner ??= layer.forwardAsync(tensor(2))
      }
      const x = tensor(3)
      const sly = {
        data: x.data,
        get shape() {
          start()
          return x.shape
        },
      }
      const calls: Readonly<Record<string, () => unknown>> = {
        forward: () => layer.forward(sly),
        forwardAsync: () => layer.forwardAsync(sly),
        backward: () => layer.backward(sly),
        loadStateDict: () => {
          const { weight, ...rest } = layer.stateDict()
          const dict = {
            ...rest,
            get weight() {
              start()
              return weight
            },
          }
          return layer.loadStateDict(dict)
        },
      }
      if (outer === 'forwardAsync') {
        await calls[outer]()
        await inner
        expect(layer.batchesTracked).toBe(3)
      } else {
        expectError(() => calls[outer](), 'EVENKEEL_STATE', /asynchronous calls of this layer are pending/)
        await inner
      }
      // The inner call was made first, so its result comes first.
      const [expected, actual] = [new BatchNorm(8), layer.forward(tensor(4))]
      for (const seed of outer === 'forwardAsync' ? [1, 2, 3] : [1, 2]) expected.forward(tensor(seed))
      expect(bits(actual)).toEqual(bits(expected.forward(tensor(4))))
      expect(layer.stateDict()).toEqual(expected.stateDict())
    },
  )
})

describe('a value that is no array', () => {
  const bad: Readonly<Record<string, unknown>> = {
    null: null,
    undefined,
    'a list': [1, 2],
    'a Proxy of an array': new Proxy(new Float32Array(32), {}),
  }
  const calls: Readonly<Record<string, (layer: Layer, data: unknown) => unknown>> = {
    x: (layer, data) => layer.forward(wrong({ data, shape: SHAPE })),
    'x, with out': (layer, data) => layer.forward(wrong({ data, shape: SHAPE }), { out: zeros() }),
    out: (layer, data) => layer.forward(tensor(1), { out: wrong({ data, shape: SHAPE }) }),
    dy: (layer, data) => layer.backward(wrong({ data, shape: SHAPE })),
    dx: (layer, data) => layer.backward(tensor(1), { out: wrong({ data, shape: SHAPE }) }),
    'the out of a function': (_, data) =>
      layerNorm(tensor(1), { normalizedShape: 8, out: wrong({ data, shape: SHAPE }) }),
    'a weight': (layer, data) => give(layer.weight!, data, () => layer.forward(tensor(1))),
    'a gradient': (layer, data) => give(layer.weight!.grad, data, () => layer.backward(tensor(1))),
    'a gradient to clear': (layer, data) => give(layer.weight!.grad, data, () => layer.zeroGrad()),
    'a weight to save': (layer, data) => give(layer.weight!, data, () => layer.stateDict()),
    'a running mean': (layer, data) => give(layer.runningMean!, data, () => layer.forward(tensor(1))),
    'a context': (_, data) => gradients(wrong({ plan: data }), tensor(1)),
  }
  it.each(Object.keys(calls).flatMap((name) => Object.keys(bad).map((kind) => [name, kind] as const)))(
    'is refused as %s: %s',
    (name, kind) => {
      const layer = new BatchNorm(8)
      for (let i = 0; i < 3; i++) {
        layer.forward(tensor(1), { out: zeros() })
        layer.backward(tensor(2), { out: zeros() })
      }
      for (let i = 0; i < 2; i++) expect(() => calls[name](layer, bad[kind])).toThrow(EvenkeelError)
      expect(layer.forward(tensor(1)).shape).toEqual(SHAPE)
    },
  )

  /** Replaces the data of the tensor during the call. */
  function give(owner: Tensor, data: unknown, call: () => unknown) {
    const before = owner.data
    Object.assign(owner, { data })
    try {
      return call()
    } finally {
      Object.assign(owner, { data: before })
    }
  }
})

describe('an out whose data changes', () => {
  it('is checked with the data that is written', () => {
    const memory = tensor(1).data
    const x = { data: memory.subarray(0, 16), shape: [2, 8] }
    const copy = memory.slice()
    let reads = 0
    const out = {
      get data() {
        return wrong(reads++ ? memory.subarray(8, 24) : null)
      },
      shape: [2, 8],
    }
    expectError(() => new LayerNorm(8).forward(x, { out }), 'EVENKEEL_DTYPE', /out must be/)
    expect(memory).toEqual(copy)
  })
})

describe('a frozen context', () => {
  it('is refused before anything is written', () => {
    const layer = new LayerNorm(8)
    const x = tensor(1)
    layer.forward(x)
    const context = Object.freeze(layer.context) as Context<Float32Array>
    const before = snapshot(layer)
    const copy = x.data.slice()
    for (const call of [
      () => layer.backward(tensor(2), { out: x, context }),
      () => gradients(context, tensor(2), { out: x }),
    ])
      expectError(call, 'EVENKEEL_STATE', /frozen/)
    expect(x.data).toEqual(copy)
    expect(snapshot(layer)).toEqual(before)
  })
})
