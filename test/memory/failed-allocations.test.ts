import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BYTES_PER_THREAD, setBytesPerThread, setCacheBytes } from '../../src/backend/native/threads.js'
import { setThreads } from '../../src/backend/select.js'
import {
  BatchNorm,
  GroupNorm,
  InstanceNorm,
  info,
  type Layer,
  LayerNorm,
  RMSNorm,
  type Tensor,
} from '../../src/index.js'
import { snapshot } from '../layers/support.js'
import { firstDifference } from '../support/run.js'
import { type Allocator, faults, nativeAllocator, ScriptAllocator } from './failing.js'
import { numbers } from './layers.js'

// Repeats each call: first its first allocation fails, then its second, until the call makes no more allocations. A
// call that fails changes nothing: the gradient of the forward before it is still available, and the next call is
// right.

type Row = readonly [shape: readonly number[], make: () => Layer]

const LAST = { layout: 'channels-last' } as const
/** Every code path of a pass through native/core. */
const ROWS: Readonly<Record<string, Row>> = {
  'short rows': [[9, 40], () => new LayerNorm(40)],
  'short rows that are not centred': [[9, 40], () => new RMSNorm(40, { bias: true })],
  'rows longer than a partition': [[2, 33_000], () => new LayerNorm(33_000, { dtype: 'float64' })],
  'batches of planes': [[5, 3, 1100], () => new BatchNorm(3)],
  'planes with running averages': [[5, 3, 1100], () => new BatchNorm(3).eval()],
  'many groups of planes': [[6, 6, 35], () => new GroupNorm(3, 6)],
  'too few groups of planes for two threads': [[1, 2, 35], () => new GroupNorm(1, 2)],
  'batches of columns': [[2, 70, 18], () => new BatchNorm(18, LAST)],
  'columns with running averages': [[2, 70, 18], () => new BatchNorm(18, LAST).eval()],
  'groups of columns': [[2, 70, 18], () => new GroupNorm(9, 18, LAST)],
  'a group for each column': [[2, 70, 18], () => new InstanceNorm(18, { ...LAST, affine: true })],
}

const threadsBefore = info().threads
beforeAll(() => setBytesPerThread(1))
afterAll(() => {
  setBytesPerThread(BYTES_PER_THREAD)
  setCacheBytes(0)
  setThreads(threadsBefore)
})

describe.skipIf(faults.failAllocation === undefined)('where the addon has no memory', () => {
  for (const threads of [1, 2]) {
    for (const cache of [0, 1]) {
      describe(`${threads} threads${cache > 0 ? ', beyond the cache' : ''}`, () => {
        beforeAll(() => {
          setThreads(threads)
          setCacheBytes(cache)
        })
        testRows(nativeAllocator()!)
      })
    }
  }
})

describe('if JavaScript has no memory', () => {
  const allocator = new ScriptAllocator()
  beforeAll(() => allocator.inPlace())
  afterAll(() => allocator.remove())
  testRows(allocator)
})

interface Attempt {
  /**
   * The number of samples or rows by which the failing forward is larger than the one before. Null: a backward fails.
   */
  readonly more: number | null
  readonly asynchronous: boolean
}

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  forward: { more: 0, asynchronous: false },
  forwardAsync: { more: 0, asynchronous: true },
  'forward of another shape': { more: 1, asynchronous: false },
  'forwardAsync of another shape': { more: 1, asynchronous: true },
  backward: { more: null, asynchronous: false },
  backwardAsync: { more: null, asynchronous: true },
}

function testRows(allocator: Allocator): void {
  let failed = 0
  afterEach(() => void allocator.fail(0))
  describe.each(Object.entries(ROWS))('%s', (_row, row) => {
    it.each(Object.entries(ATTEMPTS))('%s', async (_title, attempt) => {
      const wrong: string[] = []
      const data = dataOf(row, attempt)
      for (let n = 1; ; n++) {
        const found = await attemptWith(allocator, n, row, attempt, data)
        if (found === 'nothing failed') break
        failed++
        if (found) wrong.push(`allocation ${n}: ${found}`)
      }
      expect(wrong).toEqual([])
    })
  })
  it('allocations have failed', () => expect(failed).toBeGreaterThan(Object.keys(ROWS).length * 2))
}

function dataOf([shape, make]: Row, { more }: Attempt) {
  const { dtype } = make()
  const tensor = (seed: number, added = 0) => numbers(dtype, [shape[0] + added, ...shape.slice(1)], seed)
  return { x: tensor(1), dy: tensor(2), other: tensor(3, more ?? 0), dyOfOther: tensor(4, more ?? 0) }
}

/**
 * Compares a layer whose call failed at its n-th allocation with a layer of which none failed. Null if all is right.
 */
async function attemptWith(
  allocator: Allocator,
  n: number,
  [, make]: Row,
  { more, asynchronous }: Attempt,
  { x, dy, other, dyOfOther }: ReturnType<typeof dataOf>,
): Promise<string | null> {
  const [layer, calm] = [make(), make()]
  for (const each of [layer, calm]) {
    each.forward(x)
    // There must be gradients that the failing call could change.
    if (more === null) each.backward(dy)
  }
  const call = (each: Layer, later: boolean) => {
    if (more === null) return later ? each.backwardAsync(dy) : each.backward(dy)
    return later ? each.forwardAsync(other) : each.forward(other)
  }
  allocator.fail(n)
  const error = await Promise.resolve()
    .then(() => call(layer, asynchronous))
    .then(
      () => null,
      (reason: unknown) => reason,
    )
  if (allocator.fail(0) > 0) return error === null ? 'nothing failed' : `it threw ${error}`
  if (error === null) call(calm, false)
  else expect(error).toMatchObject(allocator.error)
  const last = error === null && more !== null ? dyOfOther : dy
  return (
    unlike(layer, calm) ??
    difference('gradient', layer.backward(last), calm.backward(last)) ??
    difference('next result', layer.forward(other), calm.forward(other)) ??
    unlike(layer, calm)
  )
}

function difference(name: string, actual: Tensor, expected: Tensor): string | null {
  const found = firstDifference(actual.data, expected.data)
  return found && `the ${name}${found}`
}

function unlike(layer: Layer, calm: Layer): string | null {
  return isDeepStrictEqual(snapshot(layer), snapshot(calm)) ? null : 'another state'
}
