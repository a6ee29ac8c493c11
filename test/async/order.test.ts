import { afterEach, describe, expect, it, vi } from 'vitest'
import { BatchNorm, info, LayerNorm, type Tensor } from '../../src/index.js'
import { randomTensor, snapshot } from '../layers/support.js'

// Asynchronous calls of a layer give the same results as synchronous calls in the same order.

const CHANNELS = 5
const withoutMemory = async () => {
  const actual = await vi.importActual<typeof import('#addon')>('#addon')
  const { addon, ...rest } = actual.load()
  const absent = { forwardAsync: undefined, backwardAsync: undefined }
  return { ...actual, load: () => ({ addon: addon && { ...addon, ...absent }, ...rest }) }
}
const batch = (seed: string, samples = 6): Tensor => randomTensor([samples, CHANNELS, 7], 'float32', seed)
const norm = () => new BatchNorm(CHANNELS, { runningAverage: 'cumulative' })
const SEEDS = [...'abcdefghijkl']

afterEach(() => {
  vi.unstubAllEnvs()
  vi.doUnmock('#addon')
  vi.resetModules()
})

describe('in the order in which they were made', () => {
  it('many forwards at once leave the averages, results and gradients of as many one after another', async () => {
    const [calm, busy] = [norm(), norm()]
    // They have many sizes. Without the order, the short ones would be done first.
    const inputs = SEEDS.map((seed, i) => batch(seed, SEEDS.length * 40 - 37 * i))
    const expected = inputs.map((x) => calm.forward(x))
    const actual = await Promise.all(inputs.map((x) => busy.forwardAsync(x)))
    expect(actual).toEqual(expected)
    expect(snapshot(busy)).toEqual(snapshot(calm))
    const dy = inputs.at(-1)!
    expect(await busy.backwardAsync(dy)).toEqual(calm.backward(dy))
    expect(snapshot(busy)).toEqual(snapshot(calm))
  })

  it('a backward belongs to the forward made before it, awaited or not', async () => {
    const [calm, busy] = [norm(), norm()]
    const expected = SEEDS.map((seed) => {
      calm.forward(batch(seed))
      return calm.backward(batch(`${seed} dy`))
    })
    const actual = SEEDS.map((seed) => {
      busy.forwardAsync(batch(seed))
      return busy.backwardAsync(batch(`${seed} dy`))
    })
    expect(await Promise.all(actual)).toEqual(expected)
    expect(snapshot(busy)).toEqual(snapshot(calm))
  })

  it('a forward runs in the mode of when it was made, and sees the averages of those before', async () => {
    const [calm, busy] = [norm(), norm()]
    const expected = [
      calm.forward(batch('a')),
      calm.eval().forward(batch('b')),
      calm.train().forward(batch('c')),
      calm.eval().forward(batch('d')),
    ]
    const actual = [
      busy.forwardAsync(batch('a')),
      busy.eval().forwardAsync(batch('b')),
      busy.train().forwardAsync(batch('c')),
      busy.eval().forwardAsync(batch('d')),
    ]
    busy.train()
    expect(await Promise.all(actual)).toEqual(expected)
  })

  it('a refused batch fails alone', async () => {
    const [calm, busy] = [norm(), norm()]
    const bad = batch('bad')
    bad.data[3] = Number.NaN
    const expected = [calm.forward(batch('a')), calm.forward(batch('b'))]
    const [first, refused, second] = [batch('a'), bad, batch('b')].map((x) => busy.forwardAsync(x))
    await expect(refused).rejects.toMatchObject({ code: 'EVENKEEL_STATISTICS' })
    expect(await Promise.all([first, second])).toEqual(expected)
    expect(snapshot(busy)).toEqual(snapshot(calm))
  })

  it('layers do not wait for each other', async () => {
    const layers = SEEDS.map(() => new LayerNorm(64))
    const inputs = SEEDS.map((seed) => randomTensor([300, 64], 'float32', seed))
    const outs = await Promise.all(layers.map((layer, i) => layer.forwardAsync(inputs[i])))
    const gradients = await Promise.all(layers.map((layer, i) => layer.backwardAsync(inputs[i])))
    for (const [i, x] of inputs.entries()) {
      const calm = new LayerNorm(64)
      expect(outs[i]).toEqual(calm.forward(x))
      expect(gradients[i]).toEqual(calm.backward(x))
      expect(snapshot(layers[i])).toEqual(snapshot(calm))
    }
  })
})

describe('out', () => {
  it('is what the promise resolves with, in place too', async () => {
    const [calm, busy] = [new LayerNorm(8), new LayerNorm(8)]
    const x = randomTensor([4, 8], 'float32')
    const expected = calm.forward(x)
    const out = randomTensor([4, 8], 'float32', 'out')
    expect(await busy.forwardAsync(x, { out })).toBe(out)
    expect(out).toEqual(expected)
    const dy = randomTensor([4, 8], 'float32', 'dy')
    const dx = calm.backward(dy)
    expect(await busy.backwardAsync(dy, { out: x })).toBe(x)
    expect(x.data).toEqual(dx.data)
    await expect(busy.backwardAsync(dy)).rejects.toMatchObject({ code: 'EVENKEEL_STATE' })
  })

  it('in shared memory is written there', async () => {
    const shared = new SharedArrayBuffer(2 * 32 * 4)
    // The types of the library do not allow a float array over shared memory. At run time it is the same class.
    const at = (offset: number) => new Float32Array(shared as unknown as ArrayBuffer, offset, 32)
    const x = { data: at(0), shape: [4, 8] }
    const out = { data: at(32 * 4), shape: [4, 8] }
    x.data.set(randomTensor([4, 8], 'float32').data)
    await new LayerNorm(8).forwardAsync(x, { out })
    expect([...out.data]).toEqual([...new LayerNorm(8).forward(x).data])
  })
})

it.skipIf(!info().offThread)('the event loop turns while a call runs', async () => {
  const x = randomTensor([64, 1024], 'float32')
  const large = { data: new Float32Array(256 * x.data.length), shape: [256 * 64, 1024] }
  for (let i = 0; i < 256; i++) large.data.set(x.data, i * x.data.length)
  let turns = 0
  let running = true
  const turn = () => {
    turns++
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  await new LayerNorm(1024).forwardAsync(large)
  running = false
  // A call on this thread would allow only one iteration.
  expect(turns).toBeGreaterThan(10)
})

it.each([
  ['on the portable backend', () => void vi.stubEnv('EVENKEEL_BACKEND', 'portable')],
  ['where no memory can be kept', () => vi.doMock('#addon', withoutMemory)],
])('%s, the call runs in the next iteration of the event loop, and gives the same', async (_, arrange) => {
  arrange()
  vi.resetModules()
  const evenkeel = await import('../../src/index.js')
  expect(evenkeel.info()).toMatchObject({ offThread: false })
  const x = randomTensor([4, 8], 'float32')
  const layer = new evenkeel.LayerNorm(8)
  const order: string[] = []
  setImmediate(() => order.push('turn'))
  const y = layer.forwardAsync(x).then((value) => {
    order.push('y')
    return value
  })
  expect(await y).toEqual(new LayerNorm(8).forward(x))
  expect(order).toEqual(['turn', 'y'])
  expect(await layer.backwardAsync(x)).toEqual(layer.backward(x))
})
