import { recommend } from '../../src/recommend.js'
import { CONV_CHANNELS, type NormName } from '../network/models.js'
import {
  batchSizeRows,
  compare,
  depthRows,
  distinct,
  type Errors,
  NORM_TITLES,
  noticeable,
  type Study,
} from './summary.js'

/** What `recommend()` says for a case that the study measured, beside what came out. */
export interface AdviceRow {
  readonly title: string
  readonly recommended: string
  readonly reason: string
  readonly recommendedError: number
  readonly best: string
  readonly bestError: number
  /** How much worse the recommended norm is than the best one, as a share of the test images. */
  readonly cost: number
  /** True where that is within what the replicates differ by. */
  readonly agrees: boolean
}

const WIDEST = Math.max(...CONV_CHANNELS)

interface Contender extends Errors {
  readonly norm: NormName
}

/** A row per batch size of the ConvNet, and one for the deep network, each norm at its best learning rate. */
export function adviceRows(study: Study): AdviceRow[] {
  const conv = batchSizeRows(study)
  const depth = depthRows(study)
  const rows = distinct(conv.map(({ batchSize }) => batchSize)).flatMap((batchSize) => {
    const contenders = conv.filter((row) => row.batchSize === batchSize)
    const advice = recommend({ batchSize, kind: 'conv', channels: WIDEST, layout: 'channels-last' })
    return judge(
      `ConvNet, batches of ${batchSize}`,
      advice,
      contenders,
      (chosen, best) => compare(study, chosen, best).margin,
    )
  })
  const { batchSize, width } = study.options.settings.depth
  const atBest = distinct(depth.map(({ norm }) => norm)).map((norm) =>
    depth.filter((row) => row.norm === norm).reduce((a, b) => (b.mean < a.mean ? b : a)),
  )
  const advice = recommend({ batchSize, kind: 'dense', channels: width })
  return [
    ...rows,
    ...judge(`deep network, batches of ${batchSize}, best learning rate`, advice, atBest, () =>
      noticeable(depth),
    ),
  ]
}

function judge(
  title: string,
  advice: { readonly norm: string; readonly reason: string },
  contenders: readonly Contender[],
  marginOf: (chosen: NormName, best: NormName) => number,
): AdviceRow[] {
  const chosen = contenders.find(({ norm }) => NORM_TITLES[norm] === advice.norm)
  if (!chosen) return []
  const best = contenders.reduce((a, b) => (b.mean < a.mean ? b : a))
  const cost = chosen.mean - best.mean
  return [
    {
      title,
      recommended: advice.norm,
      reason: advice.reason,
      recommendedError: chosen.mean,
      best: NORM_TITLES[best.norm],
      bestError: best.mean,
      cost,
      agrees: cost <= marginOf(chosen.norm, best.norm),
    },
  ]
}
