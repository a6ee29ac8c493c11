import { describe, expect, it } from 'vitest'
import {
  BatchNorm,
  EvenkeelError,
  gradients,
  type Layer,
  LayerNorm,
  layerNorm,
  type Workspace,
  workspace,
} from '../../src/index.js'
import { numbers } from '../memory/layers.js'

// A call that fails after it drew from the workspace gives back what it drew.

const SHAPE = [6, 8]
const x = numbers('float32', SHAPE, 1)
const dy = numbers('float32', SHAPE, 2)

function detach(array: Float32Array): void {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] })
}

/** A layer whose weight, or the gradient of its weight, has lost its memory. */
function broken(work: Workspace, lost: 'weight' | 'grad'): Layer {
  const layer = new LayerNorm(8, { workspace: work })
  layer.forward(x, { out: numbers('float32', SHAPE, 3) })
  detach(lost === 'weight' ? layer.weight.data : layer.weight.grad.data)
  return layer
}

function withNaN() {
  const data = x.data.slice()
  data[3] = Number.NaN
  return { data, shape: SHAPE }
}

/** x, whose shape calls the layer when it is read. */
function calling(act: () => unknown) {
  return Object.defineProperty({ data: dy.data, shape: SHAPE }, 'shape', {
    get: () => {
      act()
      return SHAPE
    },
  })
}

/** Each makes a call that fails. It makes what it needs without the workspace. */
const CALLS: Readonly<Record<string, (work: Workspace) => unknown>> = {
  'forward with a lost weight': (work) => broken(work, 'weight').forward(x),
  'forwardAsync with a lost weight': (work) => broken(work, 'weight').forwardAsync(x),
  'forward of NaN, which running averages refuse': (work) =>
    new BatchNorm(8, { workspace: work }).forward(withNaN()),
  'forwardAsync of NaN': (work) => new BatchNorm(8, { workspace: work }).forwardAsync(withNaN()),
  'backward with a lost gradient': (work) => broken(work, 'grad').backward(dy),
  'backwardAsync with a lost gradient': (work) => broken(work, 'grad').backwardAsync(dy),
  'backward whose getter calls forward': (work) => {
    const layer = new LayerNorm(8, { workspace: work })
    const out = numbers('float32', SHAPE, 3)
    layer.forward(x, { out })
    return layer.backward(calling(() => layer.forward(x, { out })))
  },
  'layerNorm with a short weight': (work) =>
    layerNorm(x, { normalizedShape: 8, weight: new Float32Array(7), workspace: work }),
  'gradients into one array': (work) => {
    const ones = new Float32Array(8).fill(1)
    const { context } = layerNorm(x, { normalizedShape: 8, weight: ones, bias: ones })
    const both = new Float32Array(8)
    return gradients(context, dy, { dweight: both, dbias: both, workspace: work })
  },
}

describe.each(Object.entries(CALLS))('%s', (_, call) => {
  it('drops an array that was new', async () => {
    const work = workspace()
    await expect(async () => call(work)).rejects.toBeInstanceOf(EvenkeelError)
    expect(work.bytes).toBe(0)
  })

  it('leaves an array of an earlier step to the next call', async () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const [first, second] = [layer.forward(x), layer.forward(x)]
    work.release()
    await expect(async () => call(work)).rejects.toBeInstanceOf(EvenkeelError)
    expect([layer.forward(x).data, layer.forward(x).data].map((data) => data === first.data)).toEqual([
      true,
      false,
    ])
    expect(second.data.length).toBe(48)
    expect(work.bytes).toBe(2 * 48 * 4)
  })

  it('leaves the results of this step alone', async () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const before = layer.forward(x)
    const copy = before.data.slice()
    await expect(async () => call(work)).rejects.toBeInstanceOf(EvenkeelError)
    const after = layer.forward(dy)
    expect(after.data).not.toBe(before.data)
    expect(before.data).toEqual(copy)
  })
})
