import {
  type BatchSizeRow,
  batchSizeRows,
  type Comparison,
  compare,
  type DepthRow,
  decayRows,
  depthRows,
  distinct,
  type Gap,
  NORM_TITLES,
  percent,
  points,
  type Study,
  testBatchRows,
  trains,
} from './summary.js'

/** What came of each experiment, in a sentence or two made from the numbers; experiments without results are left out. */
export interface Findings {
  readonly depth?: string
  readonly batchSize?: string
  readonly inference?: string
}

export function findings(study: Study): Findings {
  return {
    depth: depthFinding(study),
    batchSize: batchSizeFinding(study),
    inference: inferenceFinding(study),
  }
}

function depthFinding(study: Study): string | undefined {
  const rows = depthRows(study)
  if (rows.length === 0) return undefined
  const { classes } = study.options.data
  const { depth } = study.options.settings.depth
  const rates = distinct(rows.map(({ learningRate }) => learningRate))
  const trained = (norm: string) => rows.filter((row) => row.norm === norm && trains(row, classes))
  const others = distinct(rows.map(({ norm }) => norm)).filter((norm) => norm !== 'none')
  const counts = others.map((norm) => `${NORM_TITLES[norm]} at ${trained(norm).length}`)
  const plain = trained('none')
  const where = plain.length > 0 ? ` (${plain.map(({ learningRate }) => learningRate).join(', ')})` : ''
  return (
    `Of ${rates.length} learning rates from ${Math.min(...rates)} to ${Math.max(...rates)}, the plain network of ${depth} ` +
    `hidden layers got below half the error of guessing at ${plain.length}${where}, ${listed(counts)}. ` +
    bestSentence(rows)
  )
}

function bestSentence(rows: readonly DepthRow[]): string {
  const best = (chosen: readonly DepthRow[]) => chosen.reduce((a, b) => (b.mean < a.mean ? b : a))
  const plain = rows.filter(({ norm }) => norm === 'none')
  const normed = rows.filter(({ norm }) => norm !== 'none')
  if (plain.length === 0 || normed.length === 0) return ''
  const [without, withNorm] = [best(plain), best(normed)]
  return (
    `Each at its best rate, the plain one errs on ${percent(without.mean)} of the test images (rate ` +
    `${without.learningRate}), the best normalized one on ${percent(withNorm.mean)} (${NORM_TITLES[withNorm.norm]}, rate ${withNorm.learningRate}).`
  )
}

function batchSizeFinding(study: Study): string | undefined {
  const rows = batchSizeRows(study)
  const batch = rows.filter(({ norm }) => norm === 'batch')
  const group = rows.filter(({ norm }) => norm === 'group')
  if (batch.length === 0 || group.length === 0) return undefined
  return `${rangeOf(batch)}; ${rangeOf(group)}. ${comparison(compare(study, 'batch', 'group'))}`
}

/** 'BatchNorm errs on 5.0 % at batch size 2 and on 4.0 % at 128, at best on 3.1 % (16)' */
function rangeOf(rows: readonly BatchSizeRow[]): string {
  const [first, last] = [rows[0], rows[rows.length - 1]]
  const best = rows.reduce((a, b) => (b.mean < a.mean ? b : a))
  return (
    `${NORM_TITLES[first.norm]} errs on ${percent(first.mean)} of the test images at batch size ${first.batchSize} and on ` +
    `${percent(last.mean)} at ${last.batchSize}, at best on ${percent(best.mean)} (at ${best.batchSize})`
  )
}

function comparison({ gaps, margin }: Comparison): string {
  const sizes = (chosen: readonly Gap[]) => listed(chosen.map(({ batchSize }) => String(batchSize)))
  const ahead = gaps.filter(({ mean }) => mean < -margin)
  const behind = gaps.filter(({ mean }) => mean > margin)
  const level = gaps.filter(({ mean }) => Math.abs(mean) <= margin)
  const parts = [
    ahead.length > 0 ? `ahead of GroupNorm at ${sizes(ahead)}` : '',
    behind.length > 0 ? `behind it at ${sizes(behind)}` : '',
    level.length > 0 ? `level with it at ${sizes(level)}` : '',
  ].filter((part) => part !== '')
  const from = aheadFrom(gaps)
  const crossing =
    from === undefined
      ? 'By the means, BatchNorm does not come out ahead at the largest size.'
      : `By the means, BatchNorm is ahead from batch size ${from} on.`
  return `Replicate by replicate, where a difference of more than ${points(margin)} points (two standard errors) counts, BatchNorm is ${listed(parts)}. ${crossing}`
}

/** The smallest size from which on BatchNorm's mean error is the lower one, up to the largest size. */
export function aheadFrom(gaps: readonly Pick<Gap, 'batchSize' | 'mean'>[]): number | undefined {
  const sorted = [...gaps].sort((a, b) => b.batchSize - a.batchSize)
  const firstBehind = sorted.findIndex(({ mean }) => mean >= 0)
  return sorted[(firstBehind === -1 ? sorted.length : firstBehind) - 1]?.batchSize
}

function inferenceFinding(study: Study): string | undefined {
  const decays = decayRows(study)
  const tests = testBatchRows(study)
  const mixed = tests.filter(({ order }) => order === 'mixed')
  if (decays.length === 0 || mixed.length === 0) return undefined
  const steps = Math.max(...decays.map(({ step }) => step))
  const final = decays.filter(({ step }) => step === steps)
  const best = final.reduce((a, b) => (b.mean < a.mean ? b : a))
  const slowest = final.reduce((a, b) => (b.decay > a.decay ? b : a))
  const [least, most] = [mixed[0], mixed[mixed.length - 1]]
  const oneClass = tests.filter(({ order }) => order === 'one class').at(-1)
  return (
    `With running averages (decay ${best.decay}) the network errs on ${percent(best.mean)} of the test images, whatever else is in the ` +
    `batch; with the test batch's own statistics on ${percent(least.mean)} at batch size ${least.size} and ${percent(most.mean)} at ${most.size}` +
    (oneClass ? `, and on ${percent(oneClass.mean)} of batches of ${oneClass.size} of one class. ` : '. ') +
    `A decay of ${slowest.decay} gives ${percent(slowest.mean)} after these ${steps} steps.`
  )
}

/** 'a', 'a and b', 'a, b and c' */
function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`
}
