import { describe, expect, it } from 'vitest'
import { BatchNorm, EvenkeelError, GroupNorm, type Layer, LayerNorm, type Tensor } from '../../src/index.js'
import { expectError, snapshot } from '../layers/support.js'
import { numbers } from './layers.js'

// The objects of a caller may have getters, and a getter may call the layer again. The outer call then gives the same
// result as before or after the inner call, or it throws and changes nothing. It never uses the buffers of the inner
// call.

const SHAPE = [4, 8]
const tensor = (seed: number, shape = SHAPE) => numbers('float32', shape, seed)

const LAYERS: Readonly<Record<string, () => Layer>> = {
  LayerNorm: () => new LayerNorm(8),
  BatchNorm: () => new BatchNorm(8),
  'BatchNorm in eval mode': () => new BatchNorm(8).loadStateDict(trained()).eval(),
  GroupNorm: () => new GroupNorm(2, 8),
}

function trained() {
  const layer = new BatchNorm(8)
  layer.forward(tensor(9))
  return layer.stateDict()
}

/** The calls that a getter makes. */
const ACTS: Readonly<Record<string, (layer: Layer) => Tensor | undefined>> = {
  forward: (layer) => layer.forward(tensor(20)),
  'forward of another shape': (layer) => layer.forward(tensor(21, [6, 8])),
  'forward that is refused': (layer) => {
    expect(() => layer.forward(tensor(22, [4, 7]))).toThrow(EvenkeelError)
    return undefined
  },
  'two forwards': (layer) => {
    layer.forward(tensor(23))
    return layer.forward(tensor(24))
  },
  backward: (layer) => layer.backward(tensor(25)),
  'forward and backward': (layer) => {
    layer.forward(tensor(26))
    return layer.backward(tensor(27))
  },
  'train(false)': (layer) => void layer.train(false),
  loadStateDict: (layer) => {
    const { data, shape } = tensor(28, [8])
    const dict = layer.stateDict()
    layer.loadStateDict({ ...dict, weight: { data, shape } })
    return undefined
  },
  zeroGrad: (layer) => void layer.zeroGrad(),
  context: (layer) => void layer.context,
}

/**
 * `context` is that of the last forward. It is read only if the name of the call contains it, because reading hands it
 * out.
 */
type Call = (layer: Layer, inside: () => void, context: Layer['context']) => Tensor

/** Copies an object and makes one property a getter, which calls `inside` and then returns the value. */
function disturbed<T extends object>(object: T, name: keyof T, inside: () => void): T {
  return Object.defineProperty({ ...object }, name, {
    get: () => {
      inside()
      return object[name]
    },
  })
}

/** A shape that calls `inside` whenever it is read. */
function disturbedShape(inside: () => void): readonly number[] {
  const get = (target: number[], key: string | symbol) => {
    inside()
    return Reflect.get(target, key)
  }
  return new Proxy([...SHAPE], { get })
}

/** The places in a call where code of the caller runs. */
const CALLS: Readonly<Record<string, Call>> = {
  "x's data": (layer, inside) => layer.forward(disturbed(tensor(1), 'data', inside)),
  "x's shape": (layer, inside) => layer.forward(disturbed(tensor(1), 'shape', inside)),
  "a Proxy as x's shape": (layer, inside) =>
    layer.forward({ ...tensor(1), shape: disturbedShape(inside) }, { out: tensor(2) }),
  'the options of forward': (layer, inside) =>
    layer.forward(tensor(1), disturbed({ out: tensor(2) }, 'out', inside)),
  "forward's out's data": (layer, inside) =>
    layer.forward(tensor(1), { out: disturbed(tensor(2), 'data', inside) }),
  "forward's out's shape": (layer, inside) =>
    layer.forward(tensor(1), { out: disturbed(tensor(2), 'shape', inside) }),
  "dy's data": (layer, inside) => layer.backward(disturbed(tensor(3), 'data', inside)),
  "dy's shape": (layer, inside) => layer.backward(disturbed(tensor(3), 'shape', inside)),
  "a Proxy as dy's shape": (layer, inside) => layer.backward({ ...tensor(3), shape: disturbedShape(inside) }),
  'the options of backward': (layer, inside) =>
    layer.backward(tensor(3), disturbed({ out: tensor(2) }, 'out', inside)),
  "backward's out's data": (layer, inside) =>
    layer.backward(tensor(3), { out: disturbed(tensor(2), 'data', inside) }),
  "backward's context": (layer, inside, context) =>
    layer.backward(tensor(3), disturbed({ context: context! }, 'context', inside)),
}

/** The results of two calls, one inside the other or one after the other. An error is represented by its code. */
interface Results {
  call?: unknown
  act?: unknown
}

/** A layer after some equal calls, so that its calls are cached. */
function prepared(make: () => Layer): Layer {
  const layer = make()
  for (let i = 0; i < 3; i++) {
    layer.forward(tensor(30 + i))
    layer.backward(tensor(40 + i))
  }
  layer.forward(tensor(50))
  return layer
}

/** Everything that is visible after two calls on a layer. */
function outcome(make: () => Layer, hasContext: boolean, run: (scene: Scene) => Results) {
  const layer = prepared(make)
  const results = run({ layer, context: hasContext ? layer.context : null })
  const state = snapshot(layer)
  // dy has the shape of the last forward, which this function does not know.
  const dy = () => tensor(60, [...layer.context!.plan.shape])
  return { results, state, gradient: attempt(() => layer.backward(dy())) }
}

interface Scene {
  readonly layer: Layer
  readonly context: Layer['context']
}

/** The result of a call, or the code of its error. */
function attempt(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (error instanceof EvenkeelError) return error.code
    throw error
  }
}

describe.each(Object.entries(LAYERS))('%s, called again', (_name, make) => {
  describe.each(Object.entries(CALLS))('by %s', (place, call) => {
    it.each(Object.entries(ACTS))('%s', (_act, act) => {
      const nothing = () => {}
      let done = 0
      const nested = ({ layer, context }: Scene): Results => {
        const results: Results = {}
        const inside = () => {
          if (done++ === 0) results.act = attempt(() => act(layer))
        }
        results.call = attempt(() => call(layer, inside, context))
        return results
      }
      const before = ({ layer, context }: Scene): Results => ({
        act: attempt(() => act(layer)),
        call: attempt(() => call(layer, nothing, context)),
      })
      const after = ({ layer, context }: Scene): Results => ({
        call: attempt(() => call(layer, nothing, context)),
        act: attempt(() => act(layer)),
      })
      const refused = ({ layer }: Scene): Results => ({
        act: attempt(() => act(layer)),
        call: 'EVENKEEL_STATE',
      })
      const [actual, ...expected] = [nested, before, after, refused].map((run) =>
        outcome(make, place.includes('context'), run),
      )
      expect(done).toBeGreaterThan(0)
      expect(expected).toContainEqual(actual)
    })
  })
})

describe('a property that has another value the second time', () => {
  /** Returns one value after another, and then always the last. */
  const changing = <T extends object, K extends keyof T>(object: T, name: K, values: readonly T[K][]): T => {
    let i = 0
    return Object.defineProperty({ ...object }, name, {
      get: () => values[Math.min(i++, values.length - 1)],
    })
  }
  const [a, b, dy] = [tensor(1), tensor(2), tensor(3)]
  const gradientAfter = (x: Tensor) => {
    const layer = new LayerNorm(8)
    const y = layer.forward(x)
    return [y.data, layer.backward(dy).data]
  }

  it.each([1, 2, 3])("x's data, from time %i on: the result and its gradient are of one of both", (times) => {
    const x = changing(a, 'data', [...Array(times).fill(a.data), b.data])
    expect([gradientAfter(a), gradientAfter(b)]).toContainEqual(gradientAfter(x))
  })

  it.each([1, 2, 3])("out's data, from time %i on: one of both is written", (times) => {
    const [first, second] = [tensor(4), tensor(5)]
    const out = changing(first, 'data', [...Array(times).fill(first.data), second.data])
    new LayerNorm(8).forward(a, { out })
    const y = new LayerNorm(8).forward(a).data
    const possible = [
      [y, tensor(5).data],
      [tensor(4).data, y],
    ]
    expect(possible).toContainEqual([first.data, second.data])
  })

  it.each([1, 2, 3])('a shape that grows, from time %i on, gives no more than the data', (times) => {
    const layer = new LayerNorm(8)
    const x = changing(a, 'shape', [...Array(times).fill(SHAPE), [1000, 8]])
    try {
      expect(layer.forward(x)).toEqual(new LayerNorm(8).forward(a))
    } catch (error) {
      expect(error).toMatchObject({ code: 'EVENKEEL_BUFFER' })
    }
  })
})

describe('a getter that takes an array away', () => {
  const lose = ({ data }: Tensor) => structuredClone(0, { transfer: [data.buffer as ArrayBuffer] })
  const rows: readonly (readonly [string, (layer: Layer) => unknown])[] = [
    [
      'x, by the options',
      (layer) => {
        const x = tensor(1)
        return layer.forward(
          x,
          disturbed({ out: tensor(2) }, 'out', () => lose(x)),
        )
      },
    ],
    [
      'x, by its own shape',
      (layer) => {
        const x = tensor(1)
        return layer.forward(disturbed(x, 'shape', () => lose(x)))
      },
    ],
    [
      'x, by a Proxy as its shape',
      (layer) => {
        const x = tensor(1)
        let times = 0
        // Takes the array away after its length was read.
        return layer.forward(
          {
            ...x,
            shape: disturbedShape(() => {
              if (++times === 3) lose(x)
            }),
          },
          { out: tensor(2) },
        )
      },
    ],
    [
      'out, by its own shape',
      (layer) => {
        const out = tensor(2)
        return layer.forward(tensor(1), { out: disturbed(out, 'shape', () => lose(out)) })
      },
    ],
    ['the weight, by x', (layer) => layer.forward(disturbed(tensor(1), 'data', () => lose(layer.weight!)))],
    [
      "the weight's gradient, by dy",
      (layer) => layer.backward(disturbed(tensor(3), 'data', () => lose(layer.weight!.grad))),
    ],
    [
      "the bias's gradient, by dx",
      (layer) =>
        layer.backward(tensor(3), { out: disturbed(tensor(2), 'shape', () => lose(layer.bias!.grad)) }),
    ],
    [
      'the saved input, by dy',
      (layer) => {
        const x = tensor(50)
        layer.forward(x)
        return layer.backward(disturbed(tensor(3), 'data', () => lose(x)))
      },
    ],
    [
      'dy, by the options',
      (layer) => {
        const dy = tensor(3)
        return layer.backward(
          dy,
          disturbed({ out: tensor(2) }, 'out', () => lose(dy)),
        )
      },
    ],
  ]

  it.each(rows)('%s', (_title, call) => {
    for (const make of [() => new LayerNorm(8), () => new BatchNorm(8), () => new GroupNorm(2, 8)])
      expectError(() => call(prepared(make)), 'EVENKEEL_BUFFER', /detached|got 0|holds 0/)
  })
})

describe('a forward that is refused after it has overwritten the input of the one before', () => {
  it('makes the context of that one unusable', () => {
    const layer = new BatchNorm(8)
    const x = tensor(1)
    layer.forward(x)
    const bad = tensor(2)
    bad.data[3] = Number.NaN
    const before = snapshot(layer)
    expectError(() => layer.forward(bad, { out: x }), 'EVENKEEL_STATISTICS', /not finite/)
    expectError(() => layer.backward(tensor(3)), 'EVENKEEL_STATE', /overwritten/)
    expect(snapshot(layer)).toEqual(before)
  })

  it('does not if it has written elsewhere, or nothing', () => {
    const [layer, calm] = [new BatchNorm(8), new BatchNorm(8)]
    const x = tensor(1)
    for (const each of [layer, calm]) each.forward(x)
    const bad = tensor(2)
    bad.data[3] = Number.NaN
    expectError(() => layer.forward(bad, { out: tensor(4) }), 'EVENKEEL_STATISTICS', /not finite/)
    expectError(() => layer.forward(tensor(2, [4, 7]), { out: x }), 'EVENKEEL_SHAPE', /./)
    expect(layer.backward(tensor(3))).toEqual(calm.backward(tensor(3)))
  })
})
