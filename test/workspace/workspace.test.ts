import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  BatchNorm,
  GroupNorm,
  gradients,
  InstanceNorm,
  type Layer,
  LayerNorm,
  layerNorm,
  RMSNorm,
  type Tensor,
  type Workspace,
  workspace,
} from '../../src/index.js'
import { numbers } from '../memory/layers.js'
import { firstDifference } from '../support/run.js'

// Which arrays a workspace gives, and which it gives again.

const SHAPE = [6, 8]
const BYTES = 6 * 8 * 4
const x = numbers('float32', SHAPE, 1)
const dy = numbers('float32', SHAPE, 2)
function step(layer: Layer): Tensor[] {
  return [layer.forward(x), layer.backward(dy)]
}

describe('a step', () => {
  const make: Readonly<Record<string, (work: Workspace) => Layer>> = {
    BatchNorm: (work) => new BatchNorm(8, { workspace: work }),
    LayerNorm: (work) => new LayerNorm(8, { workspace: work }),
    GroupNorm: (work) => new GroupNorm(2, 8, { workspace: work }),
    InstanceNorm: (work) => new InstanceNorm(6, { workspace: work }),
    RMSNorm: (work) => new RMSNorm(8, { workspace: work }),
  }

  it.each(Object.entries(make))('draws the same arrays as the one before: %s', (_, layerWith) => {
    const work = workspace()
    const layer = layerWith(work)
    const first = step(layer)
    work.release()
    const second = step(layer)
    expect(second.map(({ data }) => data)).toEqual(first.map(({ data }) => data))
    for (const [i, { data, shape }] of second.entries()) {
      expect(data).toBe(first[i].data)
      expect(shape).toEqual(SHAPE)
    }
    expect(first[0].data).not.toBe(first[1].data)
    expect(work.bytes).toBe(2 * BYTES)
  })

  it('draws nothing where there is an out', () => {
    const work = workspace()
    const out = numbers('float32', SHAPE, 3)
    const layer = new LayerNorm(8, { workspace: work })
    expect(layer.forward(x, { out })).toBe(out)
    expect(layer.backward(dy, { out, workspace: work })).toBe(out)
    expect(work.bytes).toBe(0)
  })

  it('draws from the workspace of the call before that of the layer', () => {
    const [mine, other] = [workspace(), workspace()]
    const layer = new LayerNorm(8, { workspace: mine })
    layer.forward(x, { workspace: other })
    layer.backward(dy, { workspace: other })
    expect([mine.bytes, other.bytes]).toEqual([0, 2 * BYTES])
  })

  it('draws y and dx of the functional forms', () => {
    const work = workspace()
    const call = () => {
      const { y, context } = layerNorm(x, { normalizedShape: 8, workspace: work })
      return [y, gradients(context, dy, { workspace: work }).dx]
    }
    const [y, dx] = call()
    work.release()
    const [again, dxAgain] = call()
    expect([again.data, dxAgain.data].map((data, i) => data === [y, dx][i].data)).toEqual([true, true])
    expect(work.bytes).toBe(2 * BYTES)
  })

  it('has an array of the type and length of each result', () => {
    const work = workspace()
    const wide = new LayerNorm(8, { dtype: 'float64', workspace: work })
    // As many bytes as x, and as many elements.
    const half = wide.forward(numbers('float64', [3, 8], 1))
    const whole = wide.forward(numbers('float64', SHAPE, 1))
    const y = new LayerNorm(8, { workspace: work }).forward(x)
    expect(new Set([half, whole, y].map(({ data }) => data.buffer)).size).toBe(3)
    expect(half.data).toBeInstanceOf(Float64Array)
    expectTypeOf(y).toEqualTypeOf<Tensor<Float32Array>>()
    expectTypeOf(half).toEqualTypeOf<Tensor<Float64Array>>()
  })

  it('goes through empty results', () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const empty = { data: new Float32Array(0), shape: [0, 8] }
    for (let i = 0; i < 3; i++) {
      expect(layer.forward(empty)).toEqual(empty)
      work.release()
    }
    expect(work.bytes).toBe(0)
  })
})

describe('keep', () => {
  it('takes a result out, and leaves the others their places', () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const [first, kept, last] = [layer.forward(x), layer.forward(x), layer.forward(x)]
    expect(work.keep(kept)).toBe(kept)
    expectTypeOf(work.keep(last)).toEqualTypeOf<Tensor<Float32Array>>()
    expect(work.bytes).toBe(BYTES)
    work.release()
    const before = kept.data.slice()
    const later = [1, 2, 3].map((seed) => layer.forward(numbers('float32', SHAPE, seed + 10)).data)
    expect(later[0]).toBe(first.data)
    expect(later).not.toContain(kept.data)
    expect(firstDifference(kept.data, before)).toBe(null)
  })

  it('knows a result by a view of its memory', () => {
    const work = workspace()
    const { data } = new LayerNorm(8, { workspace: work }).forward(x)
    work.keep({ data: data.subarray(8), shape: [5, 8] })
    expect(work.bytes).toBe(0)
  })

  it('keeps contexts alive whose input was kept', () => {
    const work = workspace()
    const inner = work.keep(new LayerNorm(8, { workspace: work }).forward(x))
    const layer = new RMSNorm(8)
    layer.forward(inner)
    work.release()
    expect(layer.backward(dy).shape).toEqual(SHAPE)
  })
})

describe('bytes', () => {
  it('are those of the largest step at most, between steps', () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    let largest = 0
    for (const rows of [4, 9, 1, 7, 9, 3, 12, 2, 2, 11]) {
      layer.forward(numbers('float32', [rows, 8], 1))
      largest = Math.max(largest, rows * 8 * 4)
      work.release()
      expect(work.bytes).toBeLessThanOrEqual(largest)
      expect(work.bytes).toBeGreaterThanOrEqual(rows * 8 * 4)
    }
  })

  it('stay where a step draws less', () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const drawn = step(layer)
    work.release()
    layer.forward(x)
    work.release()
    work.release()
    expect(step(layer).map(({ data }) => data)).toEqual(drawn.map(({ data }) => data))
    expect(work.bytes).toBe(2 * BYTES)
  })

  it("are 0 after clear(), and results are the caller's then", () => {
    const work = workspace()
    const [inner, layer] = [new RMSNorm(8, { workspace: work }), new LayerNorm(8)]
    const y = inner.forward(x)
    layer.forward(y)
    work.clear()
    expect(work.bytes).toBe(0)
    work.release()
    expect(inner.forward(x).data).not.toBe(y.data)
    expect(layer.backward(dy).shape).toEqual(SHAPE)
  })
})
