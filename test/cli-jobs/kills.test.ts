import { expect, it } from 'vitest'
import { killJobs } from '../../scripts/kills.mjs'

// `npm run kills -- --count 200` does more of them.

it('a job that is killed at random moments has the same bits after its next run, and leaves nothing', async () => {
  const { kills, met, faults } = await killJobs(['--import', 'tsx', 'src/cli/main.ts'], 10)
  expect(faults).toEqual([])
  expect(kills).toBe(10)
  expect(met).toBeGreaterThan(0)
})
