import { describe, expect, it } from 'vitest'
import { info } from '../../src/index.js'
import { faults } from '../memory/failing.js'
import { compiledEvenkeel, runChild } from './support.js'

// Programs that could crash or hang a process. Each runs in a child of its own.

const evenkeel = compiledEvenkeel()

describe.skipIf(!info().offThread)('memory that is lost in mid-call', () => {
  const transferable = 'transfer' in ArrayBuffer.prototype ? ['transfer()'] : []
  const rows: readonly (readonly [which: string, how: string, found: string])[] = [
    ...['structuredClone', 'postMessage', 'byte stream', ...transferable].flatMap((how) => [
      ['x', how, 'the same bits'] as const,
      ['weight', how, 'the same bits'] as const,
    ]),
    ['x', 'no reference', 'the same bits'],
    ['x', 'WebAssembly.Memory.grow', 'the same bits'],
    ['out', 'structuredClone', 'the same bits'],
    ['out', 'no reference', 'the same bits'],
    ['out', 'byte stream', 'the result is lost'],
    ['out', 'WebAssembly.Memory.grow', 'the result is lost'],
  ]

  it.each(rows)('%s, by %s: %s', async (which, how, found) => {
    // libuv's pool has one thread, so the call waits there behind other work until its memory is lost.
    const ended = await runChild(evenkeel, 'lose-memory.mjs', [how, which], { UV_THREADPOOL_SIZE: '1' })
    expect(ended).toEqual({ how: 0, stdout: `${found}\n`, stderr: '' })
  })
})

/** AddressSanitizer's allocator ends the process if the system gives no memory, and keeps freed memory for a while. */
const sanitized = faults.failAllocation !== undefined

// Only Linux has prlimit.
it.skipIf(!info().offThread || process.platform !== 'linux' || sanitized)(
  'no memory left: the call rejects',
  async () => {
    const ended = await runChild(evenkeel, 'no-memory.mjs', [])
    const message =
      'EVENKEEL_BACKEND evenkeel: no memory left for temporaries; of the result a part may be written, nothing else.\n'
    expect(ended).toEqual({ how: 0, stdout: message, stderr: '' })
  },
)

describe('the process', () => {
  const rows: readonly (readonly [how: string, code: number])[] = [
    ['by itself', 0],
    ['before they are done', 0],
    ['process.exit', 3],
    ['uncaught', 1],
    ['workers only', 0],
    ['workers with temporaries', 0],
  ]

  it.each(rows)('ends %s with code %i', async (how, code) => {
    const ended = await runChild(evenkeel, 'exit.mjs', [how])
    expect(ended).toMatchObject({ how: code, stdout: 'done\n' })
    if (how !== 'uncaught') expect(ended.stderr).toBe('')
  })

  // The main thread of the child never loads evenkeel: an addon that may be unloaded is, while its threads run.
  it.each(info().threadings)(
    'bears 56 workers, 16 at once, terminated in mid-call: %s',
    async (threading) => {
      const [rounds, workers] = [7, 16]
      const env = { EVENKEEL_THREADING: threading, EVENKEEL_THREADS: '4' }
      const ended = await runChild(evenkeel, 'storm.mjs', [String(rounds), String(workers)], env)
      expect(ended).toEqual({ how: 0, stdout: `${(rounds * workers) / 2} terminated\n`, stderr: '' })
    },
  )
})

it.skipIf(sanitized)('layers in a loop that never yields are freed', async () => {
  const ended = await runChild(evenkeel, 'many-layers.mjs', ['200000'])
  expect(ended).toMatchObject({ how: 0, stderr: '' })
  // One kilobyte per layer would be 200 MiB.
  expect(Number(ended.stdout)).toBeLessThan(100)
})
