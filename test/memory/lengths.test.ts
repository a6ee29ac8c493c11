import { describe, expect, it } from 'vitest'
import { LayerNorm } from '../../src/index.js'
import { expectAsNew, LENGTH, numbers, SIZE, tensorOf, zeros } from '../cached-calls/support.js'
import { expectError } from '../layers/support.js'
import { resizable } from './ways.js'

describe('arrays whose length changes', () => {
  it('are accepted while the length is right', () => {
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

/** A prototype that always reports the old length. */
class Long extends Float32Array {
  override get length(): number {
    return SIZE
  }
}
