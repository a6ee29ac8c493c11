import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BatchNorm } from '../../src/index.js'
import { snapshot } from '../layers/support.js'
import { faults } from '../memory/failing.js'
import { numbers } from '../memory/layers.js'

/** As many as libuv has threads, so that the work of the call must wait. */
const POOL = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
/** Takes much longer than a call needs to be queued. */
const ROUNDS = 300_000

describe.skipIf(faults.cancelNext === undefined)('a call that Node cancels before it began', () => {
  it.each(['forwardAsync', 'backwardAsync'] as const)('%s rejects, and changes nothing', async (method) => {
    const [layer, calm] = [new BatchNorm(8), new BatchNorm(8)]
    const [x, other] = [numbers('float32', [4, 8], 1), numbers('float32', [4, 8], 2)]
    for (const each of [layer, calm]) each.forward(x)
    const busy = Array.from({ length: POOL }, () => promisify(pbkdf2)('', '', ROUNDS, 64, 'sha512'))
    faults.cancelNext!()
    await expect(layer[method](other)).rejects.toMatchObject({
      code: 'EVENKEEL_BACKEND',
      message: expect.stringContaining('cancelled before it began'),
    })
    await Promise.all(busy)
    expect(snapshot(layer)).toEqual(snapshot(calm))
    expect(layer.backward(other)).toEqual(calm.backward(other))
    expect(await layer[method](other)).toEqual(
      method === 'forwardAsync' ? calm.forward(other) : calm.backward(other),
    )
  })
})
