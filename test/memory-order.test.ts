import { describe, expect, it } from 'vitest'
import { gradients, LayerNorm, layerNorm, tensor } from '../src/index.js'
import { expectError } from './layers/support.js'

// Arrays of other libraries declare how their elements lie. What is not row-major is refused; what is passes.

const DATA = [1, 10, 2, 20, 3, 40]
/** [title, what is declared beside data and shape [2, 3], what the error says] */
const REFUSED: readonly (readonly [string, object, string])[] = [
  ['npyjs: fortranOrder', { fortranOrder: true }, 'fortranOrder: true'],
  ['stdlib: order', { order: 'column-major', strides: [1, 2], offset: 0 }, "order: 'column-major'"],
  ['ndarray: a transposed view', { stride: [1, 2], offset: 0 }, 'strides [1, 2]'],
  ['ndarray: a reversed view', { stride: [-3, 1], offset: 3 }, 'offset: 3'],
  ['ndarray: every second column', { stride: [6, 2], offset: 0 }, 'strides [6, 2]'],
  ['a broadcast view', { strides: [0, 1] }, 'strides [0, 1]'],
]
const TAKEN: readonly (readonly [string, object])[] = [
  ['nothing', {}],
  ['npyjs', { fortranOrder: false, dtype: 'float32' }],
  ['ndarray', { stride: [3, 1], offset: 0 }],
  ['stdlib', { order: 'row-major', strides: [3, 1], offset: 0 }],
  ['tfjs, without the last stride', { strides: [3] }],
]
const input = (declared: object) => ({ data: Float32Array.from(DATA), shape: [2, 3], ...declared })

describe('memory order that is declared', () => {
  it.each(REFUSED)('%s is refused wherever a tensor is taken, each time', (_, declared, told) => {
    const layer = new LayerNorm(3)
    const good = input({})
    const bad = input(declared)
    const { context } = layerNorm(good, { normalizedShape: [3] })
    const calls: Readonly<Record<string, () => unknown>> = {
      input: () => layer.forward(bad),
      out: () => layer.forward(good, { out: bad }),
      dy: () => layer.backward(bad),
    }
    for (let i = 0; i < 3; i++) {
      layer.forward(good, { out: input({}) })
      for (const [name, call] of Object.entries(calls))
        expectError(
          call,
          'EVENKEEL_SHAPE',
          `LayerNorm: ${name} must be row-major and contiguous, got ${told} for shape [2, 3]; copy it into row-major order (the last dimension fastest, no offset), and pass { data, shape } of the copy.`,
        )
    }
    expectError(() => layerNorm(bad, { normalizedShape: [3] }), 'EVENKEEL_SHAPE', /row-major/)
    expectError(() => gradients(context, bad), 'EVENKEEL_SHAPE', /row-major/)
  })

  it.each(TAKEN)('%s is taken', (_, declared) => {
    const layer = new LayerNorm(3)
    for (let i = 0; i < 3; i++) {
      const y = layer.forward(input(declared))
      expect(Array.from(y.data)).toEqual(Array.from(new LayerNorm(3).forward(input({})).data))
    }
  })

  it('does not matter along dimensions of one element', () => {
    const x = { data: Float32Array.from(DATA), shape: [1, 6], stride: [1, 1], offset: 0 }
    expect(new LayerNorm(6).forward(x).shape).toEqual([1, 6])
    expect(tensor(x.data, x.shape).shape).toEqual([1, 6])
  })
})
