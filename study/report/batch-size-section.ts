import * as Plot from '@observablehq/plot'
import { CONV_CHANNELS, GROUPS, type NormName } from '../network/models.js'
import { colourOf, figure, normScales, ordinal, PERCENT_AXIS } from './figure.js'
import { captioned, type Section } from './section.js'
import {
  type BatchSizeRow,
  batchSizeRows,
  type Comparison,
  chanceError,
  compare,
  distinct,
  NORM_TITLES,
  percent,
  type Study,
} from './summary.js'

/** Errors above this share of guessing are networks that did not train; they would flatten the rest. */
const SHOWN_SHARE = 0.5

/** The ConvNet: which norm errs least at which batch size. */
export function batchSizeSection(study: Study): Section | undefined {
  const rows = batchSizeRows(study)
  if (rows.length === 0) return undefined
  const { epochs, learningRate, momentum, replicates } = study.options.settings.batchSize
  return {
    title: 'Batch size: a small ConvNet under each norm',
    text:
      `Four 3x3 convolutions with stride 2 (${CONV_CHANNELS.join(', ')} channels) and a dense layer; every network sees each training image ${epochs} times. ` +
      `SGD with momentum ${momentum}; the learning rate is ${learningRate} at batch size 32, grows linearly with the batch size and falls linearly to 0 in training. ` +
      `GroupNorm has ${GROUPS} groups; LayerNorm normalizes over height, width and channels. ` +
      "BatchNorm's running averages look back over about 1,024 images at every batch size.",
    figures: [
      captioned(
        `Test error by batch size: mean over ${replicates} replicate${replicates === 1 ? '' : 's'}; the bars are one standard deviation either way. Networks that did not train lie beyond the top.`,
        errorPlot(rows, chanceError(study.options.data.classes)),
      ),
      captioned(
        "BatchNorm's test error minus GroupNorm's, in points: below 0, BatchNorm is the better one. A circle is a replicate, in which both began with the same weights and saw the same images; the line is their mean, the band two standard errors about no difference.",
        gapPlot(compare(study, 'batch', 'group')),
      ),
    ],
  }
}

function errorPlot(all: readonly BatchSizeRow[], chance: number): string {
  const rows = all.map((row) => ({
    ...row,
    title: NORM_TITLES[row.norm],
    low: row.mean - row.deviation,
    high: row.mean + row.deviation,
  }))
  const inside = rows.filter(({ mean }) => mean <= chance * SHOWN_SHARE)
  const norms = distinct(rows.map(({ norm }) => norm))
  const sizes = distinct(rows.map(({ batchSize }) => batchSize))
  // Side by side, so that bars of equal errors do not hide each other.
  const offset = (norm: NormName) => 6 * (norms.indexOf(norm) - (norms.length - 1) / 2)
  return figure({
    height: 420,
    x: ordinal('batch size', sizes),
    y: {
      ...PERCENT_AXIS,
      label: 'test error (%)',
      domain: around(inside),
    },
    ...normScales(norms),
    marks: norms.flatMap((norm) => {
      const own = inside.filter((row) => row.norm === norm)
      const at = { x: 'batchSize', stroke: 'title', dx: offset(norm) } as const
      return [
        Plot.lineY(own, { ...at, z: 'title', y: 'mean', strokeWidth: 2 }),
        Plot.ruleX(own, { ...at, y1: 'low', y2: 'high', strokeWidth: 1.5 }),
        Plot.dot(own, {
          ...at,
          y: 'mean',
          symbol: 'title',
          fill: 'title',
          r: 4.5,
          title: (row: (typeof rows)[number]) => `${row.title} at ${row.batchSize}: ${percent(row.mean)}`,
        }),
      ]
    }),
  })
}

/** From the whole percent below the lowest bar to the top of the highest, in percent. */
function around(rows: readonly { low: number; high: number }[]): [number, number] {
  const low = Math.min(...rows.map((row) => row.low))
  const high = Math.max(...rows.map((row) => row.high))
  return [Math.max(0, Math.floor(100 * low)), 100 * high]
}

function gapPlot({ gaps, margin }: Comparison): string {
  const sizes = gaps.map(({ batchSize }) => batchSize)
  const replicates = gaps.flatMap(({ batchSize, differences }) =>
    differences.map((difference) => ({ batchSize, difference })),
  )
  const fill = colourOf('batch')
  return figure({
    height: 260,
    x: ordinal('batch size', sizes),
    y: { ...PERCENT_AXIS, label: 'difference (points)' },
    marks: [
      Plot.rectY([{ y1: -margin, y2: margin }], {
        y1: 'y1',
        y2: 'y2',
        fill: 'currentColor',
        fillOpacity: 0.08,
      }),
      Plot.ruleY([0], { strokeOpacity: 0.5 }),
      Plot.lineY(gaps, { x: 'batchSize', y: 'mean', stroke: fill, strokeWidth: 2 }),
      Plot.dot(replicates, { x: 'batchSize', y: 'difference', stroke: fill, r: 4, title: 'difference' }),
    ],
  })
}
