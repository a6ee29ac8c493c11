import { expect, it } from 'vitest'
import type { BatchSizeCell } from '../../study/experiments/batch-size.js'
import type { Finished } from '../../study/experiments/cells.js'
import type { DepthCell } from '../../study/experiments/depth.js'
import type { NormName } from '../../study/network/models.js'
import { adviceRows } from '../../study/report/advice.js'
import { compare, worseThanNone } from '../../study/report/compare.js'
import { type Finding, findings } from '../../study/report/findings.js'
import type { Study } from '../../study/report/summary.js'
import { terminalText } from '../../study/report/terminal.js'
import { studyOptions } from '../../study/runner/store.js'
import { SEED, TINY, tinyData } from './support.js'

const options = studyOptions(tinyData(), { seed: SEED, scale: 'quick', settings: TINY })

/** Test errors: a list of replicates for each norm, and each batch size or rate; null: diverged. */
type ErrorTable = Partial<Record<NormName, Record<number, (number | null)[]>>>

function cellsOf<T>(
  errors: ErrorTable,
  cellOf: (error: number | null, norm: string, at: number, replicate: number) => T,
): T[] {
  return Object.entries(errors).flatMap(([norm, rows]) =>
    Object.entries(rows).flatMap(([at, replicates]) =>
      replicates.map((error, replicate) => cellOf(error, norm, Number(at), replicate)),
    ),
  )
}

/** A study of ConvNets. */
function study(errors: ErrorTable): Study {
  const cells = cellsOf(errors, (testError, norm, batchSize, replicate): Finished => {
    const cell = { experiment: 'batch-size', regime: 'small', id: '', norm, batchSize, replicate }
    const divergedAt = testError === null ? 1 : null
    return {
      cell: cell as unknown as BatchSizeCell,
      result: { divergedAt, testError, ownStatisticsError: testError, trainLoss: null },
    }
  })
  return { options, cells }
}

/** A study of deep networks without residual connections, whose two layers begin with these similarities. */
function deepStudy(errors: ErrorTable, similarity: Partial<Record<NormName, number>> = {}): Study {
  const cells = cellsOf(errors, (testError, norm, learningRate, replicate): Finished => {
    const cell = { experiment: 'depth', residual: false, id: '', norm, learningRate, replicate, depth: 2 }
    const start = [[0.3, similarity[norm as NormName] ?? 0.5, 0]]
    const result = { divergedAt: null, testError, losses: [], recordedSteps: [0], mean: [], variance: [] }
    return {
      cell: cell as unknown as DepthCell,
      result: { ...result, similarity: start, gradientNorm: [[1, 1, 1]] },
    }
  })
  return { options, cells }
}

const textOf = ({ title, basis, sentences }: Finding) => [title, basis, ...sentences].join('\n')

it('compares norms replicate by replicate', () => {
  // Replicates differ by 0.1, the norms by 0.02 within each: only pairing sees it.
  const { gaps, margin } = compare(
    study({ batch: { 2: [0.14, 0.25], 8: [0.1, 0.2] }, group: { 2: [0.1, 0.2], 8: [0.12, 0.22] } }),
    'small',
    'batch',
    'group',
  )
  expect(gaps.map(({ batchSize }) => batchSize)).toEqual([2, 8])
  expect(gaps[0].mean).toBeCloseTo(0.045)
  expect(gaps[1].mean).toBeCloseTo(-0.02)
  // Deviations 0.005 and 0: variance 5e-5 / 2 degrees of freedom, over 2 replicates.
  expect(margin).toBeCloseTo(2 * Math.sqrt(5e-5 / 2 / 2))
})

it('says where BatchNorm leads, follows and is level, and what that rests on', () => {
  const [found, ...others] = findings(
    study({
      batch: { 2: [0.2, 0.2], 8: [0.1, 0.102], 32: [0.05, 0.05] },
      group: { 2: [0.1, 0.1], 8: [0.101, 0.1], 32: [0.09, 0.09] },
    }),
  )
  expect(others).toEqual([])
  expect(textOf(found)).toContain('BatchNorm errs on 20.0 % (2), 10.1 % (8) and 5.0 % (32)')
  expect(textOf(found)).toContain('BatchNorm is ahead at 32, behind at 2 and level at 8')
  expect(found.basis).toBe('2 replicates of each network: small differences may be chance')
  expect(found.sentences).toContain('None failed.')
})

it('lets one replicate decide nothing', () => {
  const one = study({ batch: { 2: [0.2], 8: [0.1] }, group: { 2: [0.1], 8: [0.2] } })
  const [found] = findings(one)
  expect(found.basis).toBe('1 replicate of each network: another seed may say otherwise')
  expect(textOf(found)).toContain('One replicate does not say which of the differences are chance.')
  expect(textOf(found)).not.toMatch(/ahead|behind|level/)
  expect(adviceRows(one).map(({ verdict }) => verdict)).toEqual(['agrees', 'agrees'])
  const against = study({ batch: { 2: [0.1] }, group: { 2: [0.2] } })
  expect(adviceRows(against).map(({ verdict }) => verdict)).toEqual(['undecided'])
})

it('names every network that failed, diverged or not, and every norm that is worse than none', () => {
  const deep = deepStudy(
    {
      none: { 0.1: [0.5, 0.5], 0.3: [0.8, 0.899] },
      batch: { 0.1: [0.2, 0.2], 0.3: [0.3, 0.3] },
      layer: { 0.1: [0.6, 0.7], 0.3: [null, 0.899] },
      rms: { 0.1: [0.4, 0.6], 0.3: [0.82, 0.899] },
    },
    { none: 0.96, batch: 0.33, layer: 0.98 },
  )
  const [found] = findings(deep)
  expect(found.title).toContain('without residual connections')
  const text = textOf(found)
  expect(text).toContain(
    'no norm 50.0 % (0.1), BatchNorm 20.0 % (0.1), LayerNorm 65.0 % (0.1) and RMSNorm 50.0 % (0.1)',
  )
  expect(text).toContain(
    'Failed (no better than guessing; 1 diverged): no norm at 0.3 (1 of 2), LayerNorm at 0.3 (2 of 2) and RMSNorm at 0.3 (1 of 2).',
  )
  expect(text).toContain('Worse than no norm in every replicate: LayerNorm at 0.1.')
  expect(text).toContain('mean cosine of 0.96 with no norm, 0.33 with BatchNorm, 0.98 with LayerNorm')
  expect(worseThanNone(deep, false, 'rms')).toEqual([])
})

it('counts a diverged network as guessing, and judges what recommend() says', () => {
  const rows = adviceRows(
    study({ batch: { 2: [null, null], 128: [0.1, 0.1] }, group: { 2: [0.2, 0.2], 128: [0.3, 0.3] } }),
  )
  expect(rows).toMatchObject([
    { recommended: 'GroupNorm', best: 'GroupNorm', cost: 0, verdict: 'agrees' },
    { recommended: 'BatchNorm', best: 'BatchNorm', bestError: 0.1, verdict: 'agrees' },
  ])
  const [wrong] = adviceRows(study({ batch: { 2: [0.1, 0.1] }, group: { 2: [0.3, 0.3] } }))
  expect(wrong).toMatchObject({ recommended: 'GroupNorm', best: 'BatchNorm', verdict: 'costs' })
  expect(wrong.cost).toBeCloseTo(0.2)
})

it.each([80, 60])('fits its text into a terminal of %i columns, breaking between words', (columns) => {
  const norms = ['none', 'batch', 'layer', 'group', 'instance'] as const
  const rows = (norm: string) => ({
    2: [0.1, norm === 'none' ? null : 0.2],
    128: norm === 'batch' || norm === 'none' ? [0.223, 0.223] : [0.1, 0.1],
  })
  const text = terminalText(study(Object.fromEntries(norms.map((norm) => [norm, rows(norm)]))), columns)
  const prose = text.slice(text.indexOf('Batch size, small'))
  const longest = (lines: string) => Math.max(...lines.split('\n').map((line) => line.length))
  expect(longest(prose)).toBeLessThanOrEqual(columns)
  expect(prose.replace(/\s+/g, ' ')).toContain('BatchNorm errs on 15.0 % (2) and 22.3 % (128)')
  // The lines of tables are not broken; they fit the usual terminal.
  expect(text).toMatch(/costs \d+\.\d points/)
  expect(longest(text)).toBeLessThanOrEqual(80)
})
