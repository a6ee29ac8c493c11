import { describe, expect, it } from 'vitest'
import { BatchNorm, LayerNorm, type Tensor } from '../../src/index.js'
import { expectError } from '../layers/support.js'
import { firstDifference } from '../support/run.js'
import { expectAsNew, give, LENGTH, numbers, SIZE, tensor, tensorOf, zeros } from './support.js'

// Calls that look like the last one and are not quite, and those that are: the bits are those of a layer without a past.

describe('a layer that has seen the arrays before', () => {
  it('reads what they hold now', () => {
    const layer = new LayerNorm(LENGTH)
    const [x, out, dx] = [tensor(), zeros(), zeros()]
    for (let seed = 0; seed < 4; seed++) {
      x.data.set(numbers(SIZE, seed))
      layer.weight!.data.fill(seed)
      const fresh = new LayerNorm(LENGTH)
      fresh.weight!.data.fill(seed)
      expectAsNew(layer, fresh, x, out, dx)
    }
  })

  it('takes other ones in any order', () => {
    const layer = new LayerNorm(LENGTH)
    const inputs = [tensor(1), tensor(2)]
    const outputs = [zeros(), zeros(), zeros()]
    for (let i = 0; i < 12; i++)
      expectAsNew(layer, new LayerNorm(LENGTH), inputs[i % 2], outputs[i % 3], outputs[(i + 1) % 3])
  })

  it('takes another input under the same dy and dx', () => {
    const layer = new LayerNorm(LENGTH)
    const [dy, dx, out] = [tensor(5), zeros(), zeros()]
    for (const x of [tensor(1), tensor(2), tensor(1), tensor(2)]) {
      const fresh = new LayerNorm(LENGTH)
      fresh.forward(x)
      layer.forward(x, { out })
      for (let i = 0; i < 2; i++) layer.backward(dy, { out: dx })
      expect(firstDifference(dx.data, fresh.backward(dy).data)).toBe(null)
    }
  })

  it('takes alternating shapes', () => {
    const layer = new LayerNorm(LENGTH)
    const data = numbers(SIZE)
    const inputs = [tensorOf(data), { data, shape: [2, 2, 8] }, { data: data.subarray(8), shape: [3, 8] }]
    for (let i = 0; i < 9; i++) {
      const x = inputs[i % 3]
      expect(firstDifference(layer.forward(x).data, new LayerNorm(LENGTH).forward(x).data)).toBe(null)
    }
    const out = zeros()
    layer.forward(inputs[0], { out })
    layer.forward(inputs[0], { out })
    const other = { data: out.data, shape: [2, 2, 8] }
    expectError(
      () => layer.forward(inputs[0], { out: other }),
      'EVENKEEL_SHAPE',
      /out must have the input's shape/,
    )
  })

  it('takes alternating modes, whose running averages move', () => {
    const layer = new BatchNorm(LENGTH)
    const [x, out] = [tensor(), zeros()]
    for (let i = 0; i < 8; i++) {
      const fresh = new BatchNorm(LENGTH).loadStateDict(layer.stateDict()).train(i % 3 !== 0)
      const y = layer.train(i % 3 !== 0).forward(x, { out })
      expect(firstDifference(y.data, fresh.forward(x).data)).toBe(null)
      expect(layer.stateDict()).toEqual(fresh.stateDict())
    }
  })

  it('shares them with another layer', () => {
    const layers = [new LayerNorm(LENGTH), new LayerNorm(LENGTH, { eps: 0.5 })]
    const [x, out, dx] = [tensor(), zeros(), zeros()]
    for (let i = 0; i < 6; i++)
      expectAsNew(layers[i % 2], new LayerNorm(LENGTH, { eps: layers[i % 2].eps }), x, out, dx)
  })

  it('goes on after a call that threw', () => {
    const layer = new LayerNorm(LENGTH)
    const [x, out, dx] = [tensor(), zeros(), zeros()]
    for (let i = 0; i < 3; i++) {
      expectAsNew(layer, new LayerNorm(LENGTH), x, out, dx)
      expectError(() => layer.forward(x, { out: tensorOf(new Float32Array(3)) }), 'EVENKEEL_BUFFER', /out/)
      expect(firstDifference(layer.backward(x, { out: dx }).data, gradientOf(x).data)).toBe(null)
    }
  })

  it('refuses an out that overlaps, each time', () => {
    const layer = new LayerNorm(LENGTH)
    const memory = numbers(2 * SIZE)
    const x = tensorOf(memory.subarray(0, SIZE))
    const apart = tensorOf(memory.subarray(SIZE))
    const over = tensorOf(memory.subarray(SIZE / 2, SIZE + SIZE / 2))
    for (let i = 0; i < 3; i++) {
      layer.forward(x, { out: apart })
      expectError(() => layer.forward(x, { out: over }), 'EVENKEEL_BUFFER', /out overlaps a part of input/)
      layer.backward(x)
      const grad = tensorOf(layer.weight!.grad.data.subarray())
      give(layer.weight!.grad, x.data.subarray(0, LENGTH))
      expectError(() => layer.backward(x), 'EVENKEEL_BUFFER', /dweight overlaps dy/)
      give(layer.weight!.grad, grad.data)
    }
  })

  it('refuses another dy over the gradients, though dx is new', () => {
    const layer = new LayerNorm(LENGTH)
    const memory = numbers(SIZE)
    give(layer.weight!.grad, memory.subarray(0, LENGTH))
    layer.forward(tensor())
    for (let i = 0; i < 3; i++) {
      layer.backward(tensor(2))
      expectError(() => layer.backward(tensorOf(memory)), 'EVENKEEL_BUFFER', /dweight overlaps dy/)
    }
  })

  it('knows that the input is gone, each time that y or dx replaces it', () => {
    const layer = new LayerNorm(LENGTH)
    const [x, dy] = [tensor(), tensor(2)]
    for (let i = 0; i < 3; i++) {
      layer.forward(x, { out: x })
      expectError(() => layer.backward(dy), 'EVENKEEL_STATE', /overwritten/)
      layer.forward(x)
      layer.backward(dy, { out: x })
      expectError(() => layer.backward(dy, { out: x }), 'EVENKEEL_STATE', /overwritten/)
    }
  })
})

function gradientOf(x: Tensor): Tensor {
  const layer = new LayerNorm(LENGTH)
  layer.forward(x)
  return layer.backward(x)
}
