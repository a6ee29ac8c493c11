import * as Plot from '@observablehq/plot'
import { GROUPS } from '../network/models.js'
import type { RegimeName } from '../settings.js'
import { type Comparison, compare } from './compare.js'
import { chanceError, distinct, noBetterThan } from './errors.js'
import {
  type Look,
  legendOf,
  lineMarks,
  normLooks,
  ordinal,
  type Panel,
  PERCENT_AXIS,
  type Point,
  panels,
  seriesLooks,
} from './figure.js'
import { describeRegime, REGIME_TITLES } from './regimes.js'
import type { Section } from './section.js'
import { type BatchSizeRow, batchSizeRows, NORM_TITLES, ownStatisticsRows, type Study } from './summary.js'
import { replicates } from './wording.js'

const RUNNING = 'running averages'
const OWN = "the test batch's own statistics"

/** The ConvNets: which norm errs least at which batch size, and when that matters. */
export function batchSizeSection(study: Study): Section | undefined {
  const rows = batchSizeRows(study)
  if (rows.length === 0) return undefined
  const { epochs, momentum, regimes } = study.options.settings.batchSize
  const chance = chanceError(study.options.data.classes)
  const perRegime = (plot: (regime: RegimeName) => Plot.PlotOptions | undefined): Panel[] =>
    distinct(rows.map(({ regime }) => regime)).flatMap((regime) => {
      const options = plot(regime)
      return options ? [{ title: REGIME_TITLES[regime], options }] : []
    })
  const own = [
    ...named(
      rows.filter(({ norm }) => norm === 'batch'),
      () => RUNNING,
    ),
  ].concat(named(ownStatisticsRows(study), () => OWN))
  const statisticsLooks = seriesLooks([RUNNING, OWN])
  return {
    title: 'Batch size: ConvNets under each norm',
    text:
      `3x3 convolutions in stages that halve the image, and a dense layer; every network sees each training image ${epochs} times. ` +
      `SGD with momentum ${momentum}; the learning rate grows linearly with the batch size and falls linearly to 0 in training. ` +
      `GroupNorm has ${GROUPS} groups; LayerNorm normalizes over height, width and channels. ` +
      "BatchNorm's running averages look back over about 1,024 images at every batch size.",
    items: regimes.map(describeRegime),
    figures: [
      panels(
        legendOf(normLooks(rows.map(({ norm }) => norm))),
        `Test error by batch size: mean over ${replicates(rows.map(({ count }) => count))}; the bars are one standard deviation either way. Networks that failed would flatten the rest and are left out; the table has them.`,
        perRegime((regime) =>
          errorPlot(
            named(
              rows.filter((row) => row.regime === regime),
              ({ norm }) => NORM_TITLES[norm],
            ),
            normLooks(rows.map(({ norm }) => norm)),
            chance,
          ),
        ),
      ),
      panels(
        '',
        "BatchNorm's test error minus GroupNorm's, in points: below 0, BatchNorm is the better one. A circle is a replicate, in which both began with the same weights and saw the same images; the line is their mean, the band two standard errors about no difference (none where there is one replicate).",
        perRegime((regime) => gapPlot(compare(study, regime, 'batch', 'group'))),
      ),
      panels(
        legendOf(statisticsLooks),
        'The same BatchNorm networks, judged with running averages, as networks are used, and with the statistics of test batches that are as large and as ordered as those in training. Where the lines part, training and use see different networks. In runs a batch of few classes gives them away by its statistics.',
        perRegime((regime) =>
          errorPlot(
            own.filter((row) => row.regime === regime),
            statisticsLooks,
            chance,
          ),
        ),
      ),
    ],
  }
}

interface RegimePoint extends Point {
  readonly regime: RegimeName
}

function named(rows: readonly BatchSizeRow[], titleOf: (row: BatchSizeRow) => string): RegimePoint[] {
  return rows.map((row) => ({
    ...{ regime: row.regime, title: titleOf(row) },
    ...{ x: row.batchSize, y: row.mean, spread: row.deviation },
  }))
}

function errorPlot(points: readonly Point[], all: readonly Look[], chance: number): Plot.PlotOptions {
  const inside = points.filter(({ y }) => y < noBetterThan(chance))
  const looks = all.filter(({ title }) => points.some((point) => point.title === title))
  return {
    x: ordinal('batch size', distinct(points.map(({ x }) => x))),
    y: { ...PERCENT_AXIS, label: 'test error (%)', ...(inside.length > 0 && { domain: around(inside) }) },
    ...lineMarks(inside, looks, { apart: 4 }),
  }
}

/** From the whole percent below the lowest bar to the top of the highest, in percent. */
function around(points: readonly Point[]): [number, number] {
  const low = Math.min(...points.map(({ y, spread = 0 }) => y - spread))
  const high = Math.max(...points.map(({ y, spread = 0 }) => y + spread))
  return [Math.max(0, Math.floor(100 * low)), 100 * high]
}

function gapPlot({ gaps, margin }: Comparison): Plot.PlotOptions | undefined {
  if (gaps.length === 0) return undefined
  const [{ colour: stroke }] = normLooks(['batch'])
  const replicates = gaps.flatMap(({ batchSize, differences }) =>
    differences.map((difference) => ({ batchSize, difference })),
  )
  const band = Number.isFinite(margin) ? [{ y1: -margin, y2: margin }] : []
  return {
    height: 220,
    x: ordinal(
      'batch size',
      gaps.map(({ batchSize }) => batchSize),
    ),
    y: { ...PERCENT_AXIS, label: 'difference (points)' },
    marks: [
      Plot.rectY(band, { y1: 'y1', y2: 'y2', fill: 'currentColor', fillOpacity: 0.08 }),
      Plot.ruleY([0], { strokeOpacity: 0.5 }),
      Plot.lineY(gaps, { x: 'batchSize', y: 'mean', stroke, strokeWidth: 2 }),
      Plot.dot(replicates, { x: 'batchSize', y: 'difference', stroke, r: 4, title: 'difference' }),
    ],
  }
}
