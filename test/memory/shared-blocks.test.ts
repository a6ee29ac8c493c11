import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Tensor } from '../../src/index.js'
import { numbers } from './layers.js'

// Two SharedArrayBuffers can share one block of memory. If `out` is in one of them and overlaps an input in the other,
// it is refused as if both were in the same, on every backend.

const SHAPE = [4, 8]
const BYTES = 32 * Float32Array.BYTES_PER_ELEMENT
const BLOCK = 2 * 65536

type Shared = SharedArrayBuffer & { grow(bytes: number): void }
interface Memory {
  readonly buffer: SharedArrayBuffer
  grow(pages: number): void
}
// The types of Node have WebAssembly's modules but not its memory.
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (size: object) => Memory } })
  .WebAssembly

/** Two buffers over one block of at least BLOCK bytes. */
const PAIRS: Readonly<Record<string, () => readonly [SharedArrayBuffer, SharedArrayBuffer]>> = {
  'one buffer': () => {
    const buffer = new SharedArrayBuffer(BLOCK)
    return [buffer, buffer]
  },
  'a buffer and its clone': () => {
    const buffer = new SharedArrayBuffer(BLOCK)
    return [buffer, structuredClone(buffer)]
  },
  'two clones': () => {
    const buffer = new SharedArrayBuffer(BLOCK)
    return [structuredClone(buffer), structuredClone(buffer)]
  },
  'a buffer that grew, and its clone from before': () => {
    const Growable = SharedArrayBuffer as unknown as new (bytes: number, options: object) => Shared
    const buffer = new Growable(BLOCK, { maxByteLength: 2 * BLOCK })
    const clone = structuredClone(buffer)
    buffer.grow(2 * BLOCK)
    return [buffer, clone]
  },
  "WebAssembly's memory before and after it grew": () => {
    const memory = new Memory({ initial: 2, maximum: 4, shared: true })
    const before = memory.buffer
    memory.grow(1)
    return [before, memory.buffer]
  },
}

function at(buffer: SharedArrayBuffer, byteOffset: number, length = 32): Float32Array<ArrayBuffer> {
  // The types of the library do not allow a float array over shared memory. At run time it is the same class.
  return new Float32Array(buffer as unknown as ArrayBuffer, byteOffset, length)
}

/** A tensor in shared memory. */
function tensorAt(buffer: SharedArrayBuffer, byteOffset: number, seed: number): Tensor {
  const data = at(buffer, byteOffset)
  data.set(numbers('float32', SHAPE, seed).data)
  return { data, shape: SHAPE }
}

const refusal = expect.objectContaining({
  code: 'EVENKEEL_BUFFER',
  message: expect.stringContaining('overlaps'),
})

describe.each(['native', 'portable'])('on the %s backend', (backend) => {
  let evenkeel: typeof import('../../src/index.js')
  beforeAll(async () => {
    vi.stubEnv('EVENKEEL_BACKEND', backend === 'portable' ? backend : undefined)
    vi.resetModules()
    evenkeel = await import('../../src/index.js')
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    vi.resetModules()
  })

  describe.each(Object.entries(PAIRS))('%s', (_, pair) => {
    /** Overlaps of one element, of half, and of all elements but one, from either side. */
    const shifts = [4, BYTES / 2, BYTES - 4].flatMap((shift) => [shift, -shift])

    it.each(shifts)('an out %i bytes further is refused, and nothing is written', async (shift) => {
      const { LayerNorm, layerNorm, gradients } = evenkeel
      const [a, b] = pair()
      const layer = new LayerNorm(8)
      const x = tensorAt(a, 1024, 1)
      const over = { data: at(b, 1024 + shift), shape: SHAPE }
      const { context } = layerNorm(x, { normalizedShape: 8 })
      const elsewhere = numbers('float32', SHAPE, 2)
      const before = at(a, 0, 1024).slice()
      for (let i = 0; i < 3; i++) {
        expect(() => layer.forward(x, { out: over })).toThrow(refusal)
        expect(() => layerNorm(x, { normalizedShape: 8, out: over })).toThrow(refusal)
        await expect(layer.forwardAsync(x, { out: over })).rejects.toEqual(refusal)
        layer.forward(elsewhere)
        // The first dx overlaps dy, the second the saved input.
        expect(() => layer.backward(x, { out: over })).toThrow(refusal)
        await expect(layer.backwardAsync(x, { out: over })).rejects.toEqual(refusal)
        expect(() => gradients(context, elsewhere, { out: over })).toThrow(refusal)
        expect(layer.forward(x)).toEqual(new LayerNorm(8).forward(numbers('float32', SHAPE, 1)))
      }
      expect(at(a, 0, 1024)).toEqual(before)
    })

    it('an out that is the input, element for element, replaces it', async () => {
      const { LayerNorm } = evenkeel
      const calm = new LayerNorm(8)
      const expected = [
        calm.forward(numbers('float32', SHAPE, 1)),
        calm.backward(numbers('float32', SHAPE, 2)),
      ]
      for (const asynchronous of [false, true, false]) {
        const [a, b] = pair()
        const layer = new LayerNorm(8)
        const x = tensorAt(a, 1024, 1)
        const same = { data: at(b, 1024), shape: SHAPE }
        if (asynchronous) await layer.forwardAsync(x, { out: same })
        else layer.forward(x, { out: same })
        expect([...x.data]).toEqual([...expected[0].data])
        expect(() => layer.backward(numbers('float32', SHAPE, 2))).toThrow(
          expect.objectContaining({ code: 'EVENKEEL_STATE' }),
        )
        // dx replaces dy.
        layer.forward(numbers('float32', SHAPE, 1))
        const dy = tensorAt(a, 2048, 2)
        const dx = { data: at(b, 2048), shape: SHAPE }
        if (asynchronous) await layer.backwardAsync(dy, { out: dx })
        else layer.backward(dy, { out: dx })
        expect([...dy.data]).toEqual([...expected[1].data])
      }
    })

    it('an out elsewhere in the block is written, and nothing else', () => {
      const { LayerNorm } = evenkeel
      const [a, b] = pair()
      const layer = new LayerNorm(8)
      const x = tensorAt(a, 1024, 1)
      for (const place of [1024 - BYTES, 1024 + BYTES]) {
        const whole = at(a, 0, 1024).slice()
        const y = layer.forward(x, { out: { data: at(b, place), shape: SHAPE } })
        whole.set(y.data, place / 4)
        expect(at(a, 0, 1024)).toEqual(whole)
        expect([...y.data]).toEqual([...new LayerNorm(8).forward(numbers('float32', SHAPE, 1)).data])
      }
    })
  })

  it('two blocks with the same contents are two', () => {
    const { LayerNorm } = evenkeel
    const [a, b] = [new SharedArrayBuffer(BLOCK), new SharedArrayBuffer(BLOCK)]
    const layer = new LayerNorm(8)
    const x = tensorAt(a, 1024, 1)
    const out = tensorAt(b, 1024 + BYTES / 2, 1)
    new Uint8Array(b).set(new Uint8Array(a))
    for (let i = 0; i < 3; i++) layer.forward(x, { out })
    expect([...x.data]).toEqual([...numbers('float32', SHAPE, 1).data])
    expect([...out.data]).toEqual([...new LayerNorm(8).forward(numbers('float32', SHAPE, 1)).data])
  })

  it("parameters' gradients over each other are refused", () => {
    const { gradients, layerNorm } = evenkeel
    const [a, b] = PAIRS['a buffer and its clone']()
    const affine = () => numbers('float32', [8], 3).data
    const { context } = layerNorm(numbers('float32', SHAPE, 1), {
      normalizedShape: 8,
      weight: affine(),
      bias: affine(),
    })
    const dy = numbers('float32', SHAPE, 2)
    for (const shift of [0, 4, -28]) {
      const both = { dweight: at(a, 1024, 8), dbias: at(b, 1024 + shift, 8) }
      expect(() => gradients(context, dy, both)).toThrow(refusal)
    }
    expect(at(a, 0, 1024).every((value) => value === 0)).toBe(true)
  })
})
