import { expect, it } from 'vitest'
import type { Cell } from '../../study/experiments/cells.js'
import { inWorkers } from '../../study/runner/executors.js'
import { SEED, tinyData } from './support.js'

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
