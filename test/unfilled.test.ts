import { runInNewContext } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { gradients, type Layer, layerNorm, type Tensor } from '../src/index.js'
import { DTYPES, newArray } from '../src/tensor.js'
import { unfilledArray } from '../src/unfilled.js'
import { AFFINES, LAYERS, numbers } from './memory/layers.js'
import { firstDifference } from './support/run.js'

// Results hold anything until their pass has written them. What passes write is the parity and oracle tests' matter,
// whose results hold NaN at first; here it is that arrays are as good as those of `new Float32Array`.

/** Around the size from which a Buffer is taken, and of many pages. */
const LENGTHS = [0, 1, 2047, 2048, 4095, 4096, 4097, 100_000]

/** A Buffer whose memory is full of NaN. */
const poisoned = (bytes: number) => new Uint8Array(bytes).fill(0xff)

function stubAllocation(allocate: (bytes: number) => Uint8Array): void {
  vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(allocate as typeof Buffer.allocUnsafeSlow)
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe('an array without zeroes', () => {
  it.each(DTYPES)('is a whole buffer of its own: %s', (dtype) => {
    const plain = newArray(dtype, 1)
    for (const length of LENGTHS) {
      const array = unfilledArray(dtype, length)
      expect(array.constructor).toBe(plain.constructor)
      expect(array.length).toBe(length)
      expect(array.byteOffset).toBe(0)
      expect(array.buffer.byteLength).toBe(length * plain.BYTES_PER_ELEMENT)
      expect(array.buffer).toBeInstanceOf(ArrayBuffer)
      expect(array.buffer).not.toBe(unfilledArray(dtype, length).buffer)
    }
  })

  it('comes from a Buffer where that costs less', () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow')
    unfilledArray('float32', 100_000)
    expect(allocate).toHaveBeenCalledWith(400_000)
    unfilledArray('float32', 16)
    expect(allocate).toHaveBeenCalledOnce()
  })

  it('can be transferred, and cloned', async () => {
    const array = unfilledArray('float32', 10_000).fill(3)
    const clone = structuredClone(array, { transfer: [array.buffer as ArrayBuffer] })
    expect(array.length).toBe(0)
    expect(clone).toEqual(new Float32Array(10_000).fill(3))
    const { port1, port2 } = new MessageChannel()
    const came = new Promise((resolve) => port2.once('message', resolve))
    port1.postMessage(clone, [clone.buffer as ArrayBuffer])
    expect(await came).toEqual(new Float32Array(10_000).fill(3))
    expect(clone.length).toBe(0)
    port1.close()
  })

  it.each<[string, (bytes: number) => Uint8Array]>([
    ['a part of a pool', (bytes) => new Uint8Array(2 * bytes).subarray(0, bytes)],
    [
      'an error',
      () => {
        throw new RangeError('it is too large')
      },
    ],
  ])('is a plain one where Buffer gives %s', (_, allocate) => {
    stubAllocation(allocate)
    const array = unfilledArray('float64', 4000)
    expect(array).toEqual(new Float64Array(4000))
    expect(array.buffer.byteLength).toBe(32_000)
  })

  it('throws where there is no memory', () => {
    expect(() => unfilledArray('float32', 1e15)).toThrow(
      expect.objectContaining({
        code: 'EVENKEEL_BACKEND',
        message: expect.stringContaining('no memory for'),
      }),
    )
  })

  it.each<[string, unknown]>([
    ['no Buffer', undefined],
    ['a Buffer without that function', {}],
    [
      "a Buffer of another realm's arrays",
      { allocUnsafeSlow: (bytes: number) => runInNewContext(`new Uint8Array(${bytes})`) },
    ],
  ])('is a plain one where there is %s', async (_, stub) => {
    vi.stubGlobal('Buffer', stub)
    vi.resetModules()
    const { unfilledArray: elsewhere } = await import('../src/unfilled.js')
    const array = elsewhere('float32', 10_000)
    expect(array).toEqual(new Float32Array(10_000))
    expect(array.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

/** The results of a layer into new arrays, and into given ones. */
async function resultsOf(layer: Layer, x: Tensor, dy: Tensor, out: () => Tensor | undefined) {
  const options = () => ({ out: out() })
  return [
    layer.forward(x, options()),
    layer.backward(dy, options()),
    await layer.forwardAsync(x, options()),
    await layer.backwardAsync(dy, options()),
    layer.eval().forward(x, options()),
    layer.backward(dy, options()),
  ]
}

describe('results in memory that held something', () => {
  it.each(Object.entries(LAYERS))('%s', async (_, { shape, make }) => {
    // More samples: small arrays are zeroed ones.
    const large = [shape[0] * 200, ...shape.slice(1)]
    for (const affine of Object.values(AFFINES)) {
      const [layer, other] = [make(affine), make(affine)]
      const [x, dy] = [numbers(layer.dtype, large, 1), numbers(layer.dtype, large, 2)]
      stubAllocation(poisoned)
      vi.mocked(Buffer.allocUnsafeSlow).mockClear()
      const fresh = await resultsOf(layer, x, dy, () => undefined)
      expect(Buffer.allocUnsafeSlow).toHaveBeenCalledTimes(fresh.length)
      const given = await resultsOf(other, x, dy, () => numbers(layer.dtype, large, 3))
      for (const [i, { data }] of fresh.entries()) expect(firstDifference(data, given[i].data)).toBe(null)
      expect(layer.stateDict()).toEqual(other.stateDict())
      for (const [i, { grad }] of layer.parameters().entries()) {
        expect(firstDifference(grad.data, other.parameters()[i].grad.data)).toBe(null)
      }
    }
  })

  it("gradients of parameters begin at 0, and a function's too", () => {
    stubAllocation(poisoned)
    const [x, dy] = [numbers('float32', [9, 1000], 1), numbers('float32', [9, 1000], 2)]
    const [weight, bias] = [new Float32Array(1000).fill(1), new Float32Array(1000)]
    const { context } = layerNorm(x, { normalizedShape: 1000, weight, bias })
    const { dweight, dbias } = gradients(context, dy)
    const into = { dweight: new Float32Array(1000), dbias: new Float32Array(1000) }
    gradients(context, dy, into)
    expect(firstDifference(dweight!, into.dweight)).toBe(null)
    expect(firstDifference(dbias!, into.dbias)).toBe(null)
  })
})
