import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { BatchNorm, EvenkeelError, type Layer, LayerNorm, type Tensor } from '../../src/index.js'
import { NormLayer } from '../../src/layers/layer.js'
import { some } from '../bad-calls/scene.js'
import { ROWS } from '../bad-calls/tables.js'
import { copies, goesOn } from '../bad-calls/unchanged.js'
import { snapshot } from '../layers/support.js'

// Bad asynchronous calls reject with the same messages as synchronous ones, and change nothing.

/** Replaces forward() and backward() by the asynchronous ones. Returns whether one was called. */
function makeAsync(): () => boolean {
  const forward = vi.spyOn(NormLayer.prototype, 'forward').mockImplementation(function (
    this: Layer,
    ...args
  ) {
    return this.forwardAsync(...args) as unknown as Tensor
  })
  const backward = vi.spyOn(NormLayer.prototype, 'backward').mockImplementation(function (
    this: Layer,
    ...args
  ) {
    return this.backwardAsync(...args) as unknown as Tensor
  })
  return () => forward.mock.calls.length + backward.mock.calls.length > 0
}
afterEach(() => vi.restoreAllMocks())

describe('the bad calls of layers, made asynchronously', () => {
  let rejected = 0
  it.each(ROWS)('%s', async (_title, code, message, scene) => {
    const { call, layer, good, arrays = [] } = scene()
    const before = copies(layer, arrays)
    const wasCalled = makeAsync()
    const result = outcomeOf(call)
    const ours = wasCalled()
    vi.restoreAllMocks()
    // The call uses a constructor, a function or another method. test/bad-calls.test.ts tests it.
    if (!ours) return
    expect(result).toBeInstanceOf(Promise)
    await expect(result).rejects.toBeInstanceOf(EvenkeelError)
    await expect(result).rejects.toMatchObject({ code, message })
    expect(copies(layer, arrays)).toEqual(before)
    if (layer && good) expect(goesOn(layer, good)).toEqual(goesOn(scene().layer!, good))
    rejected++
  })
  afterAll(() => expect(rejected).toBeGreaterThanOrEqual(40))
})

function outcomeOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

describe('resizable buffers', () => {
  const resizable = (): Tensor => {
    // Node 20 has it, but the types of the library do not.
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer
    const data = new Float32Array(new Resizable(128, { maxByteLength: 256 }), 0, 32)
    data.set(some([4, 8]).data)
    return { data, shape: [4, 8] }
  }
  const rows: readonly (readonly [string, (layer: Layer) => Promise<Tensor>])[] = [
    ['input', (layer) => layer.forwardAsync(resizable())],
    ['out', (layer) => layer.forwardAsync(some([4, 8]), { out: resizable() })],
    ['dy', (layer) => layer.backwardAsync(resizable())],
    ['out', (layer) => layer.backwardAsync(some([4, 8]), { out: resizable() })],
  ]

  it.each(rows)('%s is refused', async (name, call) => {
    const layer = new LayerNorm(8)
    layer.forward(some([4, 8]))
    const before = snapshot(layer)
    await expect(call(layer)).rejects.toMatchObject({
      code: 'EVENKEEL_BUFFER',
      message: `LayerNorm: ${name} lies in a resizable ArrayBuffer, which may shrink while another thread uses it; copy it with slice(), or use a SharedArrayBuffer, which may grow.`,
    })
    expect(snapshot(layer)).toEqual(before)
  })

  it('are taken by synchronous calls', () => {
    expect(new LayerNorm(8).forward(resizable())).toEqual(new LayerNorm(8).forward(some([4, 8])))
  })

  it('that are shared may grow meanwhile', async () => {
    const Growable = SharedArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer
    const shared = new Growable(128, { maxByteLength: 1 << 20 })
    const x = { data: new Float32Array(shared, 0, 32), shape: [4, 8] }
    x.data.set(some([4, 8]).data)
    const y = new LayerNorm(8).forwardAsync(x)
    const { grow } = SharedArrayBuffer.prototype as unknown as {
      grow(this: ArrayBuffer, bytes: number): void
    }
    grow.call(shared, 1 << 20)
    expect(await y).toEqual(new LayerNorm(8).forward(some([4, 8])))
  })
})

describe('while a call is pending', () => {
  const rows: readonly (readonly [string, (layer: BatchNorm) => unknown])[] = [
    ['forward', (layer) => layer.forward(some([4, 3, 5]))],
    ['backward', (layer) => layer.backward(some([4, 3, 5]))],
    ['zeroGrad', (layer) => layer.zeroGrad()],
    ['loadStateDict', (layer) => layer.loadStateDict(new BatchNorm(3).stateDict())],
  ]

  it.each(rows)('%s() is refused, and works again afterwards', async (name, call) => {
    const [layer, calm] = [new BatchNorm(3), new BatchNorm(3)]
    const pending = [layer.forwardAsync(some([4, 3, 5])), layer.backwardAsync(some([4, 3, 5]))]
    const refusal = `BatchNorm: ${name}() came while asynchronous calls of this layer are pending (2); await forwardAsync() and backwardAsync() first.`
    expect(() => call(layer)).toThrow(expect.objectContaining({ code: 'EVENKEEL_STATE', message: refusal }))
    const results = await Promise.all(pending)
    expect(results).toEqual([calm.forward(some([4, 3, 5])), calm.backward(some([4, 3, 5]))])
    call(layer)
    call(calm)
    expect(snapshot(layer)).toEqual(snapshot(calm))
  })

  it('one that has failed is pending no longer', async () => {
    const layer = new LayerNorm(8)
    await layer.forwardAsync(some([4, 7])).catch(() => {})
    expect(layer.forward(some([4, 8]))).toEqual(new LayerNorm(8).forward(some([4, 8])))
  })
})
