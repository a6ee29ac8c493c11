import * as Plot from '@observablehq/plot'
import type { NormName } from '../network/models.js'
import { figure, normScales, ordinal, PERCENT_AXIS } from './figure.js'
import { captioned, type Section } from './section.js'
import {
  type BatchSizeRow,
  batchSizeRows,
  chanceError,
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
      `Three 3x3 convolutions with stride 2 (16, 32, 32 channels) and a dense layer; every cell sees each training image ${epochs} times. ` +
      `SGD with momentum ${momentum}; the learning rate is ${learningRate} at batch size 32, grows linearly with the batch size and falls linearly to 0 in training. ` +
      'GroupNorm has 8 groups; LayerNorm normalizes over height, width and channels. ' +
      "BatchNorm's running averages look back over about 1,024 images at every batch size.",
    figures: [
      captioned(
        `Test error by batch size: mean over ${replicates} replicate${replicates === 1 ? '' : 's'}; the bars are one standard deviation either way. Networks that did not train lie beyond the top.`,
        errorPlot(rows, chanceError(study.options.data.classes)),
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
      domain: [0, Math.max(...inside.map(({ high }) => 100 * high), 1)],
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
