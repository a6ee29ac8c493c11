import * as Plot from '@observablehq/plot'
import { type Panel, panels, SMALL_PANEL_WIDTH, thresholdLegend } from './figure.js'
import { type CellsOf, NORM_TITLES } from './summary.js'

export type DepthCells = CellsOf<'depth'>

type Quantity = 'similarity' | 'mean' | 'variance' | 'gradientNorm'

interface Heatmap {
  readonly quantity: Quantity
  readonly caption: (at: string) => string
  /** Thresholds and a colour for each class between them. */
  readonly colours: Plot.ScaleOptions
}

const HEATMAPS: readonly Heatmap[] = [
  {
    quantity: 'similarity',
    caption: (at) =>
      `Mean cosine of two samples' activations while the network trains, ${at}. Where a column turns to the last colour and stays there, a step has made all samples one: no gradient is left that would tell them apart.`,
    colours: {
      scheme: 'YlOrRd',
      domain: [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999],
      label: 'mean cosine',
    },
  },
  {
    quantity: 'variance',
    caption: (at) =>
      `Variance of what enters each activation, ${at}: white is near 1, purple less, orange more. A norm sets it; without one it is free to drift with depth and time. The last row is the classifier, which has no norm.`,
    colours: {
      scheme: 'PuOr',
      domain: [0.001, 0.01, 0.03, 0.1, 0.5, 2, 10, 30, 100, 1000],
      label: 'variance',
    },
  },
  {
    quantity: 'mean',
    caption: (at) => `Mean of what enters each activation, ${at}.`,
    colours: { scheme: 'PuOr', domain: [-10, -3, -1, -0.3, -0.1, 0.1, 0.3, 1, 3, 10], label: 'mean' },
  },
  {
    quantity: 'gradientNorm',
    caption: (at) =>
      `Norm of the gradient that reaches each layer's weights, ${at}. Where it is dark, the layer hardly moves; where its colour changes from layer to layer, no one rate fits all.`,
    colours: {
      scheme: 'viridis',
      domain: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      label: 'norm of the gradient',
    },
  },
]

/** A figure per quantity with a panel per norm: steps across, layers down, the quantity as colour. */
export function heatmaps(cells: DepthCells, rate: number): string[] {
  const at = `without residual connections at learning rate ${rate}`
  return HEATMAPS.map(({ quantity, caption, colours }) =>
    panels(
      thresholdLegend(colours),
      caption(at),
      cells.map((finished) => heatmap(finished, quantity, colours)),
      SMALL_PANEL_WIDTH,
    ),
  )
}

function heatmap(
  { cell, result }: DepthCells[number],
  quantity: Quantity,
  colours: Plot.ScaleOptions,
): Panel {
  const { recordedSteps } = result
  const every = recordedSteps.length > 1 ? recordedSteps[1] - recordedSteps[0] : 1
  const tiles = result[quantity].flatMap((layers, record) =>
    layers.map((value, i) => ({ layer: i + 1, step: recordedSteps[record], value })),
  )
  type Tile = (typeof tiles)[number]
  return {
    title: NORM_TITLES[cell.norm],
    options: {
      height: 220,
      x: { label: 'step', domain: [0, cell.steps], ticks: 4 },
      y: { label: 'layer', reverse: true, ticks: 6 },
      color: { type: 'threshold', ...colours },
      marks: [
        Plot.rect(tiles, {
          x1: 'step',
          x2: ({ step }: Tile) => step + every,
          y1: ({ layer }: Tile) => layer - 0.5,
          y2: ({ layer }: Tile) => layer + 0.5,
          fill: 'value',
          inset: 0,
          shapeRendering: 'crispEdges',
        }),
        Plot.frame({ strokeOpacity: 0.3 }),
      ],
    },
  }
}
