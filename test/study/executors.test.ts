import { expect, it } from 'vitest'
import type { Cell } from '../../study/experiments/cells.js'
import { depthCells } from '../../study/experiments/depth.js'
import { useWasm } from '../../study/network/wasm-kernels.js'
import { type Executor, inThisThread, inWorkers } from '../../study/runner/executors.js'
import { SEED, TINY, tinyData } from './support.js'

const script = new URL('./echo-worker.mjs', import.meta.url)
const surroundings = { seed: SEED, data: tinyData() }

/** Runs cells of these names on two workers of the echoing kind. */
async function run(ids: string[], signal = new AbortController().signal) {
  const results = new Map<string, unknown>()
  const shares: number[] = []
  const cells = ids.map((id) => ({ id }) as Cell)
  await inWorkers(script, 2, surroundings)(
    cells,
    {
      progress: (_, share) => shares.push(share),
      finished: (cell, result) => results.set(cell.id, result),
    },
    signal,
  )
  return { results, shares }
}

it('runs each cell once and pairs it with its own result', async () => {
  const ids = Array.from({ length: 9 }, (_, i) => `cell ${i}`)
  const { results, shares } = await run(ids)
  expect([...results.keys()].sort()).toEqual(ids)
  for (const [id, result] of results) expect(result).toMatchObject({ id })
  expect(shares).toEqual(Array(9).fill(0.5))
})

it("trains in the study's own workers as in this thread", async () => {
  const [cell] = depthCells(TINY.depth)
  const worker = new URL('../../study/runner/start-worker.mjs', import.meta.url)
  const resultOf = async (execute: Executor) => {
    const results: unknown[] = []
    const events = { progress: () => {}, finished: (_: Cell, result: unknown) => results.push(result) }
    await execute([cell], events, new AbortController().signal)
    return results
  }
  await useWasm()
  expect(await resultOf(inWorkers(worker, 1, surroundings))).toEqual(
    await resultOf(inThisThread(surroundings)),
  )
})

it('names the cell whose worker failed, and why', async () => {
  const failure = run(['good', 'fail', 'hang'])
  await expect(failure).rejects.toThrow('study: fail failed')
  await expect(failure).rejects.toMatchObject({ cause: { message: 'as asked' } })
})

it('ends at once when it is interrupted', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await expect(run(['hang', 'hang'], controller.signal)).rejects.toThrow('enough')
})
