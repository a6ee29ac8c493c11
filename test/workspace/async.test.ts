import { describe, expect, it } from 'vitest'
import { BatchNorm, LayerNorm, workspace } from '../../src/index.js'
import { expectError } from '../layers/support.js'
import { numbers } from '../memory/layers.js'
import { firstDifference } from '../support/run.js'

// A thread writes into a result until its call has ended: no memory is handed out again before.

const SHAPE = [60, 8]
const x = numbers('float32', SHAPE, 1)
const dy = numbers('float32', SHAPE, 2)
const PENDING = 'workspace: release() came while asynchronous calls with this workspace are pending'
const AWAIT = 'await forwardAsync() and backwardAsync() first.'

describe('release() while asynchronous calls are pending', () => {
  it('throws, and leaves all as it was', async () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const calls = [layer.forwardAsync(x), layer.backwardAsync(dy)]
    expectError(() => work.release(), 'EVENKEEL_STATE', `${PENDING} (2); ${AWAIT}`)
    const y = await calls[0]
    expectError(() => work.release(), 'EVENKEEL_STATE', `${PENDING} (1); ${AWAIT}`)
    const dx = await calls[1]
    work.release()
    const fresh = new LayerNorm(8)
    expect(firstDifference(y.data, fresh.forward(x).data)).toBe(null)
    expect(firstDifference(dx.data, fresh.backward(dy).data)).toBe(null)
    expect((await layer.forwardAsync(x)).data).toBe(y.data)
  })

  it('counts the workspace of a call, too, and calls into out', async () => {
    const [mine, other] = [workspace(), workspace()]
    const layer = new LayerNorm(8, { workspace: mine })
    const call = layer.forwardAsync(x, { workspace: other, out: numbers('float32', SHAPE, 3) })
    mine.release()
    expectError(() => other.release(), 'EVENKEEL_STATE', `${PENDING} (1); ${AWAIT}`)
    await call
    other.release()
    expect([mine.bytes, other.bytes]).toEqual([0, 0])
  })

  it('is free again after calls that reject', async () => {
    const work = workspace()
    const layer = new BatchNorm(8, { workspace: work })
    const spoilt = numbers('float32', SHAPE, 1)
    spoilt.data[5] = Number.NaN
    const calls = [
      layer.forwardAsync(spoilt),
      layer.forwardAsync(x, { out: { data: new Float32Array(1), shape: [1] } }),
      layer.backwardAsync(dy),
      layer.forwardAsync(x, { into: 1 } as object),
    ]
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
    work.release()
    expect((await layer.forwardAsync(x)).shape).toEqual(SHAPE)
  })

  it('clear() and keep() may come then', async () => {
    const work = workspace()
    const layer = new LayerNorm(8, { workspace: work })
    const y = layer.forward(x)
    const before = y.data.slice()
    const calls = [layer.forwardAsync(x), layer.forwardAsync(dy)]
    work.keep(y)
    work.clear()
    const [first, second] = await Promise.all(calls)
    work.release()
    layer.forward(dy)
    expect(firstDifference(y.data, before)).toBe(null)
    expect(first.data.buffer).not.toBe(second.data.buffer)
  })
})

it.each([0, 1])(
  'a context refuses its gradient where its input was released meanwhile, after %i others',
  async (others) => {
    const work = workspace()
    const layer = new LayerNorm(8)
    const calls = Array.from({ length: others }, () => layer.forwardAsync(x))
    calls.push(layer.forwardAsync(new LayerNorm(8, { workspace: work }).forward(x)))
    work.release()
    await Promise.all(calls)
    expectError(() => layer.backward(dy), 'EVENKEEL_STATE', /a workspace has taken back/)
  },
)
