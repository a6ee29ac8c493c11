import * as Plot from '@observablehq/plot'
import type { DepthCell, DepthResult } from '../experiments/depth.js'
import { chanceError, distinct } from './errors.js'
import { legendOf, lineMarks, normLooks, type Panel, PERCENT_AXIS, type Point, panels } from './figure.js'
import { type DepthCells, heatmaps } from './heatmaps.js'
import type { Section } from './section.js'
import {
  cellsOf,
  type DepthRow,
  depthRows,
  NORM_TITLES,
  type StartRow,
  type Study,
  startRows,
} from './summary.js'

/** The deep network, without and with residual connections: where it learns, and what its layers see. */
export function depthSection(study: Study): Section | undefined {
  const cells = cellsOf(study, 'depth')
  if (cells.length === 0) return undefined
  const { depth, width, batchSize, steps } = study.options.settings.depth
  const looks = normLooks(cells.map(({ cell }) => cell.norm))
  const legend = legendOf(looks)
  const rows = depthRows(study)
  const rate = tellingRate(rows)
  const first = cells.filter(({ cell }) => cell.replicate === 0)
  const start = startRows(study)
  const kinds = distinct(rows.map(({ residual }) => residual))
  /** A panel without residual connections and one with them. */
  const byKind = (options: (residual: boolean) => Plot.PlotOptions): Panel[] =>
    kinds.map((residual) => ({ title: KIND[`${residual}`], options: options(residual) }))
  return {
    title: `Depth: ${depth} fully connected layers`,
    text:
      `${depth} hidden layers of ${width} units with ReLU, He initialisation, plain SGD at a constant rate, ${steps} steps of ${batchSize} images. ` +
      'Without residual connections a norm stands between each linear layer and its activation. With them each layer adds its output to a sum that ' +
      'runs through the network, and takes its input from that sum by norm and ReLU: the norm stands before each branch (pre-norm). ' +
      'All networks of a replicate begin with the same weights and see the same images.',
    figures: [
      panels(
        legend,
        'Test error by learning rate: mean over the replicates, and one standard deviation either way. The dashed line is guessing; × above it: the loss was no longer finite.',
        byKind((residual) => errorPlot(rows.filter(kind(residual)), study)),
      ),
      panels(
        legend,
        'How alike the samples of a batch are, layer by layer, before the first step: the mean cosine of the angle between the activations of two samples. ' +
          'At 1 a layer no longer tells one image from another; then all gradients point the same way, and a step that is a little too large moves all answers together. ' +
          'BatchNorm subtracts what the samples share. LayerNorm and RMSNorm look at each sample alone and cannot (RMSNorm only rescales it: without residual connections its line lies on that of no norm); residual connections keep the samples apart.',
        byKind((residual) => startPlot(start.filter(kind(residual)), 'similarity', { domain: [0, 1] })),
      ),
      panels(
        legend,
        "Norm of the gradient that reaches each layer's weights, before the first step. A norm per sample leaves the samples alike, but keeps the signal from fading: the gradient is larger, so that the usable learning rates are smaller.",
        byKind((residual) => startPlot(start.filter(kind(residual)), 'gradientNorm', gradientAxis(start))),
      ),
      ...kinds.map((residual) =>
        panels(
          legend,
          `Training loss over the steps, ${KIND[`${residual}`]} (first replicate).`,
          lossPlots(first.filter(({ cell }) => cell.residual === residual)),
        ),
      ),
      ...heatmaps(
        first.filter(({ cell }) => cell.learningRate === rate && !cell.residual),
        rate,
      ),
    ],
  }
}

const KIND = { false: 'without residual connections', true: 'with residual connections' } as const

const kind = (residual: boolean) => (row: { readonly residual: boolean }) => row.residual === residual

/** The rate at which the best norm gains most over none: there the heatmaps say most. */
function tellingRate(all: readonly DepthRow[]): number {
  const rows = all.filter(kind(false))
  const gain = (rate: number) => {
    const errors = (plain: boolean) =>
      rows
        .filter((row) => row.learningRate === rate && (row.norm === 'none') === plain)
        .map(({ mean }) => mean)
    return Math.max(...errors(true), 0) - Math.min(...errors(false), 1)
  }
  return distinct(rows.map(({ learningRate }) => learningRate)).reduce((best, rate) =>
    gain(rate) > gain(best) ? rate : best,
  )
}

function errorPlot(rows: readonly DepthRow[], study: Study): Plot.PlotOptions {
  const looks = normLooks(rows.map(({ norm }) => norm))
  const points = rows.map((row) => ({
    title: NORM_TITLES[row.norm],
    x: row.learningRate,
    y: row.mean,
    spread: row.deviation,
    lost: row.diverged === row.count,
  }))
  const { marks = [], ...scales } = lineMarks(points, looks, { apart: 3 })
  return {
    x: {
      type: 'log',
      label: 'learning rate',
      tickFormat: String,
      ticks: distinct(rows.map((row) => row.learningRate)),
    },
    y: { ...PERCENT_AXIS, label: 'test error (%)', domain: [0, 100] },
    ...scales,
    marks: [
      Plot.ruleY([chanceError(study.options.data.classes)], { strokeDasharray: '3 4', strokeOpacity: 0.5 }),
      ...marks,
      Plot.text(
        points.filter(({ lost }) => lost),
        { x: 'x', y: 1, text: () => '×', fontSize: 18, dy: -4 },
      ),
    ],
  }
}

/** The same powers of ten in both panels. */
function gradientAxis(rows: readonly StartRow[]): Plot.ScaleOptions {
  const exponents = rows.map(({ gradientNorm }) => Math.log10(gradientNorm)).filter(Number.isFinite)
  const [low, high] = [Math.floor(Math.min(...exponents)), Math.ceil(Math.max(...exponents))]
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
  return { type: 'log', domain: [10 ** low, 10 ** high], ticks, tickFormat: String }
}

function startPlot(
  rows: readonly StartRow[],
  quantity: 'similarity' | 'gradientNorm',
  axis: Plot.ScaleOptions,
): Plot.PlotOptions {
  const points = rows.map((row) => ({ title: NORM_TITLES[row.norm], x: row.layer, y: row[quantity] }))
  return {
    x: { label: 'layer' },
    y: { grid: true, label: quantity === 'similarity' ? 'mean cosine' : 'norm of the gradient', ...axis },
    ...lineMarks(points, normLooks(rows.map(({ norm }) => norm)), { dots: false }),
  }
}

/** A loss beyond this is a network on its way to infinity, and would flatten all the others. */
const HIGHEST_LOSS = 4

/** A panel per learning rate. */
function lossPlots(cells: DepthCells): Panel[] {
  const looks = normLooks(cells.map(({ cell }) => cell.norm))
  return distinct(cells.map(({ cell }) => cell.learningRate)).map((rate) => ({
    title: `rate ${rate}`,
    options: {
      height: 200,
      x: { label: 'step', ticks: 4 },
      y: { label: 'training loss', grid: true, domain: [0, HIGHEST_LOSS] },
      ...lineMarks(
        cells
          .filter(({ cell }) => cell.learningRate === rate)
          .flatMap(({ cell, result }) => losses(cell, result)),
        looks,
        { dots: false },
      ),
    },
  }))
}

function losses({ norm }: DepthCell, result: DepthResult): Point[] {
  return result.losses.map((loss, i) => ({
    title: NORM_TITLES[norm],
    x: result.recordedSteps[i],
    y: Math.min(loss, HIGHEST_LOSS),
  }))
}
