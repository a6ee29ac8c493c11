import * as Plot from '@observablehq/plot'
import type { DepthCell, DepthResult } from '../experiments/depth.js'
import { figure, normColours, normScales, PERCENT_AXIS } from './figure.js'
import { captioned, type Section } from './section.js'
import { cellsOf, chanceError, depthRows, distinct, NORM_TITLES, type Study } from './summary.js'

/** The deep network: where it learns, how its loss falls, and what its layers see. */
export function depthSection(study: Study): Section | undefined {
  const cells = cellsOf(study, 'depth')
  if (cells.length === 0) return undefined
  const { depth, width, batchSize, steps } = study.options.settings.depth
  const rate = tellingRate(study)
  const first = cells.filter(({ cell }) => cell.replicate === 0)
  const shown = first.filter(({ cell }) => cell.learningRate === rate)
  const at = `at learning rate ${rate}`
  return {
    title: `Depth: ${depth} fully connected layers`,
    text:
      `${depth} hidden layers of ${width} units with ReLU, He initialisation, plain SGD at a constant rate, ${steps} steps of ${batchSize} images. ` +
      'A norm stands between each linear layer and its activation. All networks of a replicate begin with the same weights and see the same images.',
    figures: [
      captioned(
        'Test error by learning rate. × at the top: the loss was no longer finite.',
        errorPlot(study),
      ),
      captioned(
        `Training loss over the steps, a panel per learning rate (first replicate).`,
        lossPlot(first),
      ),
      captioned(
        `Variance of what enters each activation, ${at}: white is near 1, purple less, orange more. A norm sets it; without one it is free to drift with depth and time. The last row is the classifier, which has no norm.`,
        heatmap(shown, 'variance', VARIANCE_COLOURS),
      ),
      captioned(`Mean of what enters each activation, ${at}.`, heatmap(shown, 'mean', MEAN_COLOURS)),
      captioned(
        `Norm of the gradient that reaches each layer's weights, ${at}. Where it is dark, the layer hardly moves; where its colour changes from layer to layer, no one rate fits all.`,
        heatmap(shown, 'gradientNorm', GRADIENT_COLOURS),
      ),
    ],
  }
}

type DepthCells = readonly { readonly cell: DepthCell; readonly result: DepthResult }[]

/** The rate at which the best norm gains most over none: there the heatmaps say most. */
function tellingRate(study: Study): number {
  const rows = depthRows(study)
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

function errorPlot(study: Study): string {
  const rows = depthRows(study).map((row) => ({ ...row, title: NORM_TITLES[row.norm] }))
  const series = { x: 'learningRate', y: 'mean', stroke: 'title' } as const
  return figure({
    x: {
      type: 'log',
      label: 'learning rate',
      tickFormat: String,
      ticks: distinct(rows.map((row) => row.learningRate)),
    },
    y: { ...PERCENT_AXIS, label: 'test error (%)', domain: [0, 100] },
    ...normScales(distinct(rows.map(({ norm }) => norm))),
    marks: [
      Plot.ruleY([chanceError(study.options.data.classes)], { strokeDasharray: '3 4', strokeOpacity: 0.5 }),
      Plot.lineY(rows, { ...series, z: 'title', strokeWidth: 2 }),
      Plot.dot(rows, { ...series, symbol: 'title', fill: 'title', r: 4.5, title: describe }),
      Plot.text(
        rows.filter(({ diverged, count }) => diverged === count),
        { x: 'learningRate', y: 1, text: () => '×', fill: 'title', fontSize: 18, dy: -6 },
      ),
    ],
  })
}

function describe(row: { title: string; learningRate: number; mean: number; diverged: number }): string {
  const error = `${(100 * row.mean).toFixed(1)} %`
  return `${row.title}, rate ${row.learningRate}: ${error}${row.diverged ? `, ${row.diverged} diverged` : ''}`
}

function lossPlot(cells: DepthCells): string {
  const points = cells.flatMap(({ cell, result }) =>
    result.losses.map((loss, i) => ({
      title: NORM_TITLES[cell.norm],
      rate: cell.learningRate,
      step: result.recordedSteps[i],
      // A loss beyond this is a network on its way to infinity, and would flatten all the others.
      loss: Math.min(loss, HIGHEST_LOSS),
    })),
  )
  return figure({
    height: 260,
    x: { label: 'step', ticks: 3 },
    y: { label: 'training loss', grid: true, domain: [0, HIGHEST_LOSS] },
    fx: { label: null, tickFormat: (rate: number) => `rate ${rate}` },
    ...normColours(distinct(cells.map(({ cell }) => cell.norm))),
    marks: [
      Plot.frame({ strokeOpacity: 0.15 }),
      Plot.lineY(points, { fx: 'rate', x: 'step', y: 'loss', z: 'title', stroke: 'title', strokeWidth: 1.7 }),
    ],
  })
}

const HIGHEST_LOSS = 4

type Quantity = 'mean' | 'variance' | 'gradientNorm'

/** Thresholds and a colour for each class between them. */
type Colours = Plot.ScaleOptions

/** Wide enough that the thresholds stand apart in the legend. */
const LEGEND = { legend: true, width: 560, type: 'threshold', tickFormat: String } as const

const VARIANCE_COLOURS: Colours = {
  ...LEGEND,
  scheme: 'PuOr',
  domain: [0.001, 0.01, 0.03, 0.1, 0.5, 2, 10, 30, 100, 1000],
  label: 'variance',
}

const MEAN_COLOURS: Colours = {
  ...LEGEND,
  scheme: 'PuOr',
  domain: [-10, -3, -1, -0.3, -0.1, 0.1, 0.3, 1, 3, 10],
  label: 'mean',
}

const GRADIENT_COLOURS: Colours = {
  ...LEGEND,
  scheme: 'viridis',
  domain: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  label: "norm of the weights' gradient",
}

/** A panel per norm: steps across, layers down, the quantity as colour. */
function heatmap(cells: DepthCells, quantity: Quantity, colours: Colours): string {
  const every = (steps: readonly number[]) => (steps.length > 1 ? steps[1] - steps[0] : 1)
  const tiles = cells.flatMap(({ cell, result }) =>
    result[quantity].flatMap((layers, record) =>
      layers.map((value, layer) => ({
        title: NORM_TITLES[cell.norm],
        layer: layer + 1,
        from: result.recordedSteps[record],
        to: result.recordedSteps[record] + every(result.recordedSteps),
        value,
      })),
    ),
  )
  return figure({
    height: 270,
    x: { label: 'step', domain: [0, cells[0].cell.steps], ticks: 4 },
    y: { label: 'layer', reverse: true, ticks: 6 },
    fx: { label: null, domain: cells.map(({ cell }) => NORM_TITLES[cell.norm]) },
    color: colours,
    marks: [
      Plot.rect(tiles, {
        fx: 'title',
        x1: 'from',
        x2: 'to',
        y1: ({ layer }: { layer: number }) => layer - 0.5,
        y2: ({ layer }: { layer: number }) => layer + 0.5,
        fill: 'value',
        inset: 0,
        shapeRendering: 'crispEdges',
      }),
      Plot.frame({ strokeOpacity: 0.3 }),
    ],
  })
}
