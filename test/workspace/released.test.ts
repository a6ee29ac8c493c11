import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  gradients,
  type Layer,
  LayerNorm,
  layerNorm,
  RMSNorm,
  type Tensor,
  workspace,
} from '../../src/index.js'
import { expectError } from '../layers/support.js'
import { numbers } from '../memory/layers.js'

// What becomes of results, and of contexts over them, that are held longer than their step.

const SHAPE = [6, 8]
const x = numbers('float32', SHAPE, 1)
const dy = numbers('float32', SHAPE, 2)
const TAKEN_BACK =
  /the gradient needs the input and the weight, but they lie in memory that a workspace has taken back/

function step(layer: Layer): Tensor[] {
  return [layer.forward(x), layer.backward(dy)]
}

describe('release', () => {
  it.each<[string, (y: Tensor) => Tensor]>([
    ['its result', (y) => y],
    ['a view of its result', (y) => ({ data: y.data.subarray(8), shape: [5, 8] })],
  ])('makes contexts refuse whose input was %s', (_, input) => {
    const work = workspace()
    const [layer, outer] = [new LayerNorm(8, { workspace: work }), new BatchNorm(8)]
    const inner = input(layer.forward(x))
    outer.forward(inner)
    const { context } = layerNorm(inner, { normalizedShape: 8 })
    const held = outer.context!
    work.release()
    const dy = numbers('float32', inner.shape, 2)
    expectError(() => outer.backward(dy), 'EVENKEEL_STATE', TAKEN_BACK)
    expectError(() => outer.backward(dy, { context: held }), 'EVENKEEL_STATE', TAKEN_BACK)
    expectError(
      () => outer.backward(dy, { context: { ...held } }),
      'EVENKEEL_STATE',
      /context must be one of/,
    )
    expectError(() => gradients(context, dy), 'EVENKEEL_STATE', TAKEN_BACK)
    expectError(() => gradients({ ...context }, dy), 'EVENKEEL_STATE', TAKEN_BACK)
    // Of x, which is the caller's.
    expect(layer.backward(numbers('float32', SHAPE, 2)).shape).toEqual(SHAPE)
  })

  it('makes contexts refuse whose weight was a result', () => {
    const work = workspace()
    const { y } = layerNorm(numbers('float32', [1, 8], 3), { normalizedShape: 8, workspace: work })
    const { context } = layerNorm(x, { normalizedShape: 8, weight: y })
    work.release()
    expectError(() => gradients(context, dy), 'EVENKEEL_STATE', TAKEN_BACK)
  })

  it('leaves what other workspaces gave', () => {
    const [mine, other] = [workspace(), workspace()]
    const layer = new LayerNorm(8)
    layer.forward(new RMSNorm(8, { workspace: mine }).forward(x))
    new RMSNorm(8, { workspace: other }).forward(x)
    other.release()
    expect(layer.backward(dy).shape).toEqual(SHAPE)
  })

  it('ends what a layer waits for: a second backward in the next step is of its one forward', () => {
    const work = workspace()
    const [inner, layer] = [new RMSNorm(8, { workspace: work }), new LayerNorm(8)]
    inner.forward(x)
    layer.forward(inner.forward(x))
    work.release()
    layer.forward(inner.forward(x))
    expect(layer.backward(dy)).toEqual(layer.backward(dy))
  })

  it('draws anew what was transferred', () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const { data } = layer.forward(x)
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
    work.release()
    expect(layer.forward(x).data).toHaveLength(48)
    expect(layer.backward(dy).data).toHaveLength(48)
  })

  it('has nothing to take back of calls that failed', () => {
    const work = workspace()
    const layer = new BatchNorm(8, { workspace: work })
    const spoilt = numbers('float32', SHAPE, 1)
    spoilt.data[3] = Number.NaN
    for (let i = 0; i < 3; i++) {
      expectError(() => layer.forward(spoilt), 'EVENKEEL_STATISTICS', /not finite/)
      expect(work.bytes).toBe(0)
    }
  })
})

describe('check: true', () => {
  it('detaches what is released, and nothing that was kept', () => {
    const work = workspace({ check: true })
    const [layer, outer] = [new LayerNorm(8, { workspace: work }), new RMSNorm(8)]
    const [y, dx] = step(layer)
    const kept = work.keep(layer.forward(x))
    outer.forward(y)
    work.release()
    expect([y.data.length, dx.data.length, kept.data.length]).toEqual([0, 0, 48])
    expect(y.data[0]).toBeUndefined()
    expect(work.bytes).toBe(0)
    expectError(() => outer.forward(y), 'EVENKEEL_BUFFER', /detached/)
    expectError(() => outer.backward(dy), 'EVENKEEL_STATE', TAKEN_BACK)
    expect(step(layer).every(({ data }) => data.length === 48)).toBe(true)
  })
})
