import type { RegimeName } from '../settings.js'
import { compare, verdicts, worseThanNone } from './compare.js'
import { best, distinct, type Errors, trains } from './errors.js'
import { REGIME_TITLES } from './regimes.js'
import {
  batchSizeRows,
  decayRows,
  depthRows,
  NORM_TITLES,
  ownStatisticsRows,
  type Study,
  startRows,
  testBatchRows,
} from './summary.js'
import { listed, percent, points, replicates } from './wording.js'

/** What came of an experiment, in sentences made from its numbers. */
export interface Finding {
  readonly title: string
  /** What it rests on: how many replicates. */
  readonly basis: string
  readonly sentences: readonly string[]
}

/** A finding for each experiment that has results. */
export function findings(study: Study): Finding[] {
  const regimes = distinct(batchSizeRows(study).map(({ regime }) => regime))
  return [
    depthFinding(study, false),
    depthFinding(study, true),
    ...regimes.map((regime) => batchSizeFinding(study, regime)),
    inferenceFinding(study),
  ].filter((finding) => finding !== undefined)
}

/** One says nothing about chance, and two little: the reader is told before the numbers. */
function basisOf(rows: readonly Errors[]): string {
  const counts = rows.map(({ count }) => count)
  const most = Math.max(...counts)
  const warning =
    most === 1 ? ': another seed may say otherwise' : most === 2 ? ': small differences may be chance' : ''
  return `${replicates(counts)} of each network${warning}`
}

function depthFinding(study: Study, residual: boolean): Finding | undefined {
  const rows = depthRows(study).filter((row) => row.residual === residual)
  if (rows.length === 0) return undefined
  const { depth } = study.options.settings.depth
  const norms = distinct(rows.map(({ norm }) => norm))
  const rates = distinct(rows.map(({ learningRate }) => learningRate))
  const of = (norm: string) => rows.filter((row) => row.norm === norm)
  const atBest = norms.map((norm) => {
    const { mean, learningRate } = best(of(norm))
    return `${NORM_TITLES[norm]} ${percent(mean)} (${learningRate})`
  })
  const trained = norms.map((norm) => {
    const good = of(norm).filter((row) => trains(row, study.options.data.classes))
    return `${NORM_TITLES[norm]} at ${good.length === 0 ? 'no rate' : listed(good.map(({ learningRate }) => learningRate))}`
  })
  const worse = norms.flatMap((norm) => {
    const at = norm === 'none' ? [] : worseThanNone(study, residual, norm)
    return at.length > 0 ? [`${NORM_TITLES[norm]} at ${listed(at)}`] : []
  })
  return {
    title: `Depth, ${depth} layers ${residual ? 'with' : 'without'} residual connections`,
    basis: basisOf(rows),
    sentences: [
      `Test error at each one's best learning rate: ${listed(atBest)}.`,
      `Below half the error of guessing, of the rates ${listed(rates)}: ${trained.join('; ')}.`,
      failures(rows, ({ norm, learningRate }) => `${NORM_TITLES[norm]} at ${learningRate}`),
      worse.length > 0 ? `Worse than no norm in every replicate: ${listed(worse)}.` : '',
      similaritySentence(study, residual),
    ].filter((sentence) => sentence !== ''),
  }
}

/** 'Failed (...): LayerNorm at 0.3 (2 of 2).' */
function failures<Row extends Errors>(rows: readonly Row[], nameOf: (row: Row) => string): string {
  const failed = rows.filter((row) => row.failed > 0)
  if (failed.length === 0) return 'None failed.'
  const diverged = rows.reduce((sum, row) => sum + row.diverged, 0)
  const what = diverged > 0 ? `no better than guessing; ${diverged} diverged` : 'no better than guessing'
  return `Failed (${what}): ${listed(failed.map((row) => `${nameOf(row)} (${row.failed} of ${row.count})`))}.`
}

function similaritySentence(study: Study, residual: boolean): string {
  const rows = startRows(study).filter((row) => row.residual === residual)
  if (rows.length === 0) return ''
  const last = Math.max(...rows.map(({ layer }) => layer))
  const at = rows
    .filter(({ layer }) => layer === last)
    .map(({ norm, similarity }) => `${similarity.toFixed(2)} with ${NORM_TITLES[norm]}`)
  return `Before training, two images' activations in layer ${last} have a mean cosine of ${listed(at)}; at 1 the layer does not tell them apart.`
}

function batchSizeFinding(study: Study, regime: RegimeName): Finding | undefined {
  const rows = batchSizeRows(study).filter((row) => row.regime === regime)
  const comparison = compare(study, regime, 'batch', 'group')
  if (comparison.gaps.length === 0) return undefined
  const errors = (['batch', 'group'] as const).map((norm) => {
    const own = rows.filter((row) => row.norm === norm)
    return `${NORM_TITLES[norm]} errs on ${listed(own.map(({ mean, batchSize }) => `${percent(mean)} (${batchSize})`))}`
  })
  const { ahead, behind, level } = verdicts(comparison)
  const parts = [
    ahead.length > 0 ? `ahead at ${listed(ahead)}` : '',
    behind.length > 0 ? `behind at ${listed(behind)}` : '',
    level.length > 0 ? `level at ${listed(level)}` : '',
  ].filter((part) => part !== '')
  const verdict = Number.isFinite(comparison.margin)
    ? `Beside GroupNorm, replicate by replicate, where more than ${points(comparison.margin)} points (two standard errors) count, BatchNorm is ${listed(parts)}.`
    : 'One replicate does not say which of the differences are chance.'
  return {
    title: `Batch size, ${REGIME_TITLES[regime]}`,
    basis: basisOf(rows),
    sentences: [
      `By batch size: ${errors.join('; ')}.`,
      verdict,
      failures(rows, ({ norm, batchSize }) => `${NORM_TITLES[norm]} at ${batchSize}`),
      ownStatisticsSentence(study, regime),
    ],
  }
}

function ownStatisticsSentence(study: Study, regime: RegimeName): string {
  const own = ownStatisticsRows(study).filter((row) => row.regime === regime)
  const at = own.map(({ mean, batchSize }) => `${percent(mean)} (${batchSize})`)
  return `With the statistics of test batches like those in training in place of running averages, BatchNorm errs on ${listed(at)}.`
}

function inferenceFinding(study: Study): Finding | undefined {
  const decays = decayRows(study)
  const tests = testBatchRows(study)
  const mixed = tests.filter(({ order }) => order === 'mixed')
  if (decays.length === 0 || mixed.length === 0) return undefined
  const steps = Math.max(...decays.map(({ step }) => step))
  const final = decays.filter(({ step }) => step === steps)
  const chosen = best(final)
  const slowest = final.reduce((a, b) => (b.decay > a.decay ? b : a))
  const [least, most] = [mixed[0], mixed[mixed.length - 1]]
  const oneClass = tests.filter(({ order }) => order === 'one class').at(-1)
  return {
    title: 'Inference',
    basis: basisOf(tests),
    sentences: [
      `With running averages (the best decay, ${chosen.decay}) the network errs on ${percent(chosen.mean)} of the test images, whatever else is in the batch.`,
      `With the test batch's own statistics it errs on ${percent(least.mean)} at batch size ${least.size} and ${percent(most.mean)} at ${most.size}${oneClass ? `, and on ${percent(oneClass.mean)} of batches of ${oneClass.size} of one class` : ''}.`,
      `A decay of ${slowest.decay} gives ${percent(slowest.mean)} after these ${steps} steps.`,
    ],
  }
}
