import { expect, it } from 'vitest'
import type { BatchSizeCell } from '../../study/experiments/batch-size.js'
import type { Finished } from '../../study/experiments/cells.js'
import type { NormName } from '../../study/network/models.js'
import { adviceRows } from '../../study/report/advice.js'
import { aheadFrom, findings } from '../../study/report/findings.js'
import { compare, type Study } from '../../study/report/summary.js'
import { studyOptions } from '../../study/runner/store.js'
import { SEED, TINY, tinyData } from './support.js'

const options = studyOptions(tinyData(), { seed: SEED, scale: 'quick', settings: TINY })

/** A study of these test errors, a list of replicates for each norm and batch size; null: diverged. */
function study(errors: Partial<Record<NormName, Record<number, (number | null)[]>>>): Study {
  const cells = Object.entries(errors).flatMap(([norm, sizes]) =>
    Object.entries(sizes).flatMap(([size, replicates]) =>
      replicates.map((testError, replicate): Finished => {
        const cell = { experiment: 'batch-size', id: '', norm, batchSize: Number(size), replicate }
        const result = { divergedAt: testError === null ? 1 : null, testError, trainLoss: null }
        return { cell: cell as unknown as BatchSizeCell, result }
      }),
    ),
  )
  return { options, cells }
}

it('compares norms replicate by replicate', () => {
  // Replicates differ by 0.1, the norms by 0.02 within each: only pairing sees it.
  const { gaps, margin } = compare(
    study({ batch: { 2: [0.14, 0.25], 8: [0.1, 0.2] }, group: { 2: [0.1, 0.2], 8: [0.12, 0.22] } }),
    'batch',
    'group',
  )
  expect(gaps.map(({ batchSize }) => batchSize)).toEqual([2, 8])
  expect(gaps[0].mean).toBeCloseTo(0.045)
  expect(gaps[1].mean).toBeCloseTo(-0.02)
  // Deviations 0.005 and 0: variance 5e-5 / 2 degrees of freedom, over 2 replicates.
  expect(margin).toBeCloseTo(2 * Math.sqrt(5e-5 / 2 / 2))
})

it('says where BatchNorm leads, follows and is level', () => {
  const found = findings(
    study({
      batch: { 2: [0.2, 0.2], 8: [0.1, 0.102], 32: [0.05, 0.05] },
      group: { 2: [0.1, 0.1], 8: [0.101, 0.1], 32: [0.09, 0.09] },
    }),
  )
  expect(found.batchSize).toContain('BatchNorm errs on 20.0 % of the test images at batch size 2')
  expect(found.batchSize).toContain('ahead of GroupNorm at 32, behind it at 2 and level with it at 8')
  expect(found.batchSize).toContain('BatchNorm is ahead from batch size 32 on')
  expect([found.depth, found.inference]).toEqual([undefined, undefined])
})

it('finds the size from which on the lead lasts', () => {
  const from = (...means: number[]) => aheadFrom(means.map((mean, i) => ({ batchSize: 2 ** (i + 1), mean })))
  expect(from(-1, -1)).toBe(2)
  expect(from(1, -1, -1)).toBe(4)
  expect(from(-1, 1, -1)).toBe(8)
  expect(from(-1, 1)).toBeUndefined()
})

it('counts a diverged network as guessing, and judges what recommend() says', () => {
  const rows = adviceRows(
    study({ batch: { 2: [null, null], 128: [0.1, 0.1] }, group: { 2: [0.2, 0.2], 128: [0.3, 0.3] } }),
  )
  expect(rows).toMatchObject([
    { recommended: 'GroupNorm', best: 'GroupNorm', cost: 0, agrees: true },
    { recommended: 'BatchNorm', best: 'BatchNorm', bestError: 0.1, agrees: true },
  ])
  const [wrong] = adviceRows(study({ batch: { 2: [0.1, 0.1] }, group: { 2: [0.3, 0.3] } }))
  expect(wrong).toMatchObject({ recommended: 'GroupNorm', best: 'BatchNorm', agrees: false })
  expect(wrong.cost).toBeCloseTo(0.2)
})
