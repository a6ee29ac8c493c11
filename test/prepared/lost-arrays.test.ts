import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { type Layer, LayerNorm } from '../../src/index.js'
import { expectError } from '../layers/support.js'
import { expectAsNew, give, LENGTH, numbers, resizable, SIZE, tensor, tensorOf, zeros } from './support.js'

// A layer's call on the arrays of its last call skips all checks. What can happen to these arrays in between must be
// noticed all the same: an error with its usual words, or the bits of a layer that has not seen them before.

/** An array, and what takes its memory away. */
interface Place {
  readonly array: Float32Array
  readonly lose: () => void
}
interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): void
}
// The types of Node name WebAssembly's modules, not its memory.
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (size: object) => Memory } })
  .WebAssembly

const WAYS: Readonly<Record<string, (length: number) => Place>> = {
  transferred(length) {
    const array = new Float32Array(length)
    return { array, lose: () => structuredClone(array, { transfer: [array.buffer] }) }
  },
  'sent to a worker'(length) {
    const array = new Float32Array(length)
    const lose = () => {
      const worker = new Worker('', { eval: true })
      worker.postMessage(array, [array.buffer])
    }
    return { array, lose }
  },
  'resized away'(length) {
    const buffer = resizable(4 * length, 8 * length)
    return { array: new Float32Array(buffer, 0, length), lose: () => buffer.resize(4 * length - 4) }
  },
  'in WebAssembly memory that grew'(length) {
    const memory = new Memory({ initial: 1 })
    return { array: new Float32Array(memory.buffer, 0, length), lose: () => memory.grow(1) }
  },
}

/** What a call over the place's array is, and the array's length: called three times, the place lost before the last. */
type Role = readonly [length: number, call: (layer: Layer, array: Float32Array) => () => unknown]

const OUT = zeros()
const ROLES: Readonly<Record<string, Role>> = {
  'the input': [SIZE, (layer, array) => () => layer.forward(tensorOf(array), { out: OUT })],
  'the input of an allocating call': [SIZE, (layer, array) => () => layer.forward(tensorOf(array))],
  'the output': [SIZE, forwardOn((_, array) => ({ out: tensorOf(array) }))],
  'the weight': [LENGTH, forwardOn((layer, array) => give(layer.weight!, array) && { out: OUT })],
  'the bias': [LENGTH, forwardOn((layer, array) => give(layer.bias!, array) && {})],
  dy: [SIZE, backwardOn((layer, array) => () => layer.backward(tensorOf(array), { out: OUT }))],
  dx: [SIZE, backwardOn((layer, array) => () => layer.backward(tensor(), { out: tensorOf(array) }))],
  "the weight's gradient": [
    LENGTH,
    backwardOn((layer, array) => {
      give(layer.weight!.grad, array)
      const dy = tensor(3)
      return () => layer.backward(dy, { out: OUT })
    }),
  ],
  "the bias's gradient": [
    LENGTH,
    backwardOn((layer, array) => {
      give(layer.bias!.grad, array)
      const dy = tensor(3)
      return () => layer.backward(dy)
    }),
  ],
  'the input of a gradient': [
    SIZE,
    (layer, array) => {
      layer.forward(tensorOf(array))
      const dy = tensor(3)
      return () => layer.backward(dy, { out: OUT })
    },
  ],
  'the weight of a gradient': [
    LENGTH,
    (layer, array) => {
      give(layer.weight!, array)
      layer.forward(tensor())
      const dy = tensor(3)
      return () => layer.backward(dy, { out: OUT })
    },
  ],
}

function forwardOn(options: (layer: Layer, array: Float32Array) => object): Role[1] {
  return (layer, array) => {
    const given = options(layer, array)
    const x = tensor()
    return () => layer.forward(x, given)
  }
}

function backwardOn(call: (layer: Layer, array: Float32Array) => () => unknown): Role[1] {
  return (layer, array) => {
    layer.forward(tensor(2))
    return call(layer, array)
  }
}

describe.each(Object.entries(WAYS))('an array %s between two equal calls', (_way, place) => {
  it.each(Object.entries(ROLES))('is refused as %s', (_role, [length, make]) => {
    const { array, lose } = place(length)
    array.set(numbers(length))
    const call = make(new LayerNorm(LENGTH), array)
    for (let i = 0; i < 2; i++) call()
    lose()
    for (let i = 0; i < 2; i++) expectError(call, 'EVENKEEL_BUFFER', /detached|got 0;/)
  })
})

// The proof of a prepared call once took a bias's gradient for as long as the weight that the layer does not have.
describe('a gradient that was transferred', () => {
  it.each([
    ['bias', { weight: false, bias: true }],
    ['weight', { weight: true, bias: false }],
    ['bias', {}],
    ['weight', {}],
  ] as const)('is refused: the %s of a layer with %o', (name, options) => {
    for (const length of [LENGTH, 4096]) {
      const layer = new LayerNorm(length, options)
      const x = { data: numbers(4 * length), shape: [4, length] }
      const out = { data: numbers(4 * length), shape: [4, length] }
      layer.forward(x)
      for (let i = 0; i < 2; i++) layer.backward(x, { out })
      const { data } = layer[name]!.grad
      structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
      for (let i = 0; i < 2; i++)
        expectError(() => layer.backward(x, { out }), 'EVENKEEL_BUFFER', /detached|got 0;/)
    }
  })
})

describe('arrays whose length comes and goes', () => {
  it('count as long as it is right', () => {
    const buffer = resizable(4 * SIZE, 16 * SIZE)
    const x = tensorOf(new Float32Array(buffer))
    const layer = new LayerNorm(LENGTH)
    const [out, dx] = [zeros(), zeros()]
    for (const bytes of [8 * SIZE, 0, 4 * SIZE + 4]) {
      buffer.resize(4 * SIZE)
      x.data.set(numbers(SIZE, bytes))
      for (let i = 0; i < 2; i++) expectAsNew(layer, new LayerNorm(LENGTH), x, out, dx)
      layer.forward(x, { out })
      buffer.resize(bytes)
      expectError(() => layer.forward(x, { out }), 'EVENKEEL_BUFFER', /needs 32 elements/)
      expectError(() => layer.backward(out, { out: dx }), 'EVENKEEL_BUFFER', /the gradient needs the input/)
    }
  })

  it.each([
    ['of its own', (array: Float32Array) => Object.defineProperty(array, 'length', { value: SIZE })],
    ['of a prototype', (array: Float32Array) => Object.setPrototypeOf(array, Long.prototype)],
  ])('do not pass by a length %s', (_, disguise) => {
    const array = numbers(SIZE)
    disguise(array)
    const layer = new LayerNorm(LENGTH)
    const [x, out] = [tensorOf(array), zeros()]
    for (let i = 0; i < 2; i++) layer.forward(x, { out })
    structuredClone(0, { transfer: [array.buffer] })
    for (const options of [{ out }, {}]) expect(() => layer.forward(x, options)).toThrow()
  })
})

/** Says that it is as long as ever. */
class Long extends Float32Array {
  override get length(): number {
    return SIZE
  }
}
