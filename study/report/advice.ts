import { recommend } from '../../src/recommend.js'
import type { NormName } from '../network/models.js'
import { compare, noticeable } from './compare.js'
import { best, distinct, type Errors } from './errors.js'
import { REGIME_TITLES } from './regimes.js'
import { batchSizeRows, depthRows, NORM_TITLES, type Study } from './summary.js'

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
  /** 'agrees' where that is within what the replicates differ by; one replicate does not say how much that is. */
  readonly verdict: 'agrees' | 'costs' | 'undecided'
}

interface Contender extends Errors {
  readonly norm: NormName
}

/** A row per batch size of the ConvNets, and one for the deep network, each norm at its best learning rate. */
export function adviceRows(study: Study): AdviceRow[] {
  return [...convRows(study), ...denseRow(study)]
}

function convRows(study: Study): AdviceRow[] {
  const all = batchSizeRows(study)
  return study.options.settings.batchSize.regimes.flatMap(({ name, shape }) => {
    const rows = all.filter(({ regime }) => regime === name)
    return distinct(rows.map(({ batchSize }) => batchSize)).flatMap((batchSize) =>
      judge(
        `${REGIME_TITLES[name]}, ${batchSize}`,
        recommend({
          batchSize,
          kind: 'conv',
          channels: Math.max(...shape.channels),
          layout: 'channels-last',
        }),
        rows.filter((row) => row.batchSize === batchSize),
        (chosen, other) => compare(study, name, chosen, other).margin,
      ),
    )
  })
}

function denseRow(study: Study): AdviceRow[] {
  const { batchSize, width } = study.options.settings.depth
  const rows = depthRows(study).filter(({ residual }) => !residual)
  const atBest = distinct(rows.map(({ norm }) => norm)).map((norm) =>
    best(rows.filter((row) => row.norm === norm)),
  )
  const advice = recommend({ batchSize, kind: 'dense', channels: width })
  return judge(`dense layers, ${batchSize}`, advice, atBest, () => noticeable(rows))
}

function judge(
  title: string,
  advice: { readonly norm: string; readonly reason: string },
  contenders: readonly Contender[],
  marginOf: (chosen: NormName, best: NormName) => number,
): AdviceRow[] {
  const chosen = contenders.find(({ norm }) => NORM_TITLES[norm] === advice.norm)
  if (!chosen) return []
  const least = best(contenders)
  const cost = chosen.mean - least.mean
  return [
    {
      title,
      recommended: advice.norm,
      reason: advice.reason,
      recommendedError: chosen.mean,
      best: NORM_TITLES[least.norm],
      bestError: least.mean,
      cost,
      verdict: verdictOf(cost, () => marginOf(chosen.norm, least.norm)),
    },
  ]
}

function verdictOf(cost: number, marginOf: () => number): AdviceRow['verdict'] {
  if (cost === 0) return 'agrees'
  const margin = marginOf()
  if (!Number.isFinite(margin)) return 'undecided'
  return cost <= margin ? 'agrees' : 'costs'
}
