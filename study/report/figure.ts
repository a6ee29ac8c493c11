import * as Plot from '@observablehq/plot'
import { JSDOM } from 'jsdom'
import type { NormName } from '../network/models.js'
import { distinct } from './errors.js'
import { captioned } from './section.js'
import { NORM_TITLES } from './summary.js'
import { percent } from './wording.js'

const { document } = new JSDOM('').window

/** Of a plot that has a page's width to itself. */
const WIDTH = 1040

/**
 * Of one panel, in CSS pixels: three stand side by side on a wide page, and one fills a telephone that is 360 wide, so
 * that text is as large there as here.
 */
export const PANEL_WIDTH = 328
/** Four side by side. */
export const SMALL_PANEL_WIDTH = 242

export interface Look {
  readonly title: string
  readonly colour: string
  /** One of Plot's. */
  readonly symbol: string
}

/**
 * Told apart by colour-blind eyes (after Okabe and Ito), readable on white and on near-black; the symbols say the
 * same without colour.
 */
const NORM_STYLES: Readonly<Record<NormName, Omit<Look, 'title'>>> = {
  none: { colour: '#8c8c8c', symbol: 'times' },
  batch: { colour: '#1f87cc', symbol: 'circle' },
  layer: { colour: '#e69500', symbol: 'square' },
  group: { colour: '#009e73', symbol: 'triangle' },
  instance: { colour: '#d05f9d', symbol: 'diamond' },
  rms: { colour: '#d55e00', symbol: 'star' },
}

/** Colours for a few series that are no norms. */
export const SERIES_COLOURS = ['#1f87cc', '#e69500', '#009e73', '#d05f9d', '#8c8c8c']
const SERIES_SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'times']

/** How each of these norms looks in every plot. */
export const normLooks = (norms: readonly NormName[]): Look[] =>
  distinct(norms).map((norm) => ({ title: NORM_TITLES[norm], ...NORM_STYLES[norm] }))

/** Looks for a few series that are no norms. */
export const seriesLooks = (titles: readonly string[]): Look[] =>
  titles.map((title, i) => ({ title, colour: SERIES_COLOURS[i], symbol: SERIES_SYMBOLS[i] }))

/** A plot as inline SVG (with its legend, in HTML), which takes its text colour from the page. */
export function figure(options: Plot.PlotOptions): string {
  const plot = Plot.plot({
    width: WIDTH,
    height: 340,
    marginLeft: 56,
    marginBottom: 42,
    style: { fontSize: '12.5px', background: 'transparent', overflow: 'visible' },
    ...options,
    document: document as unknown as Plot.PlotOptions['document'],
  })
  return plot.outerHTML
}

export interface Panel {
  readonly title: string
  readonly options: Plot.PlotOptions
}

/** Small plots of one kind, side by side as far as the screen goes, under a legend that they share. */
export function panels(
  legend: string,
  caption: string,
  plots: readonly Panel[],
  width: number = PANEL_WIDTH,
): string {
  const drawn = plots.map(
    ({ title, options }) =>
      `<div class="panel" style="width: ${width}px"><h3>${title}</h3>${figure({ width, height: 260, marginLeft: 48, marginRight: 12, ...options })}</div>`,
  )
  return captioned(
    caption,
    `<div class="legend">${legend}</div><div class="panels">${drawn.join('\n')}</div>`,
  )
}

/** The swatches of some series. */
export function legendOf(looks: readonly Look[]): string {
  return legend({ ...scalesOf(looks), fill: 'color', stroke: 'color' })
}

/** Classes of a quantity, each with its colour. */
export function thresholdLegend(color: Plot.ScaleOptions): string {
  return legend({ color: { type: 'threshold', ...color }, width: PANEL_WIDTH, tickFormat: String })
}

/** Scales among the options make the legend; Plot's types, which know no document here, leave them out. */
function legend(scales: object): string {
  const drawn = Plot.legend({
    ...scales,
    document,
    style: { background: 'transparent' },
  } as Plot.LegendOptions)
  return (drawn as { readonly outerHTML: string }).outerHTML
}

function scalesOf(looks: readonly Look[]) {
  const domain = looks.map(({ title }) => title)
  return {
    color: { domain, range: looks.map(({ colour }) => colour) },
    symbol: { domain, range: looks.map(({ symbol }) => symbol) },
  }
}

/** A point of a line plot; the title says of which series. */
export interface Point {
  readonly title: string
  readonly x: number
  /** A share from 0 to 1, or the plot's own unit. */
  readonly y: number
  /** Half the height of the bar about it. */
  readonly spread?: number
}

/**
 * Looks up in the scale whatever the value is. Without it Plot takes a series whose name is a colour's for that colour,
 * and one named 'none' for no colour at all.
 */
const inScale = (scale: 'color' | 'symbol') => ({ value: 'title', scale })

/**
 * Lines with a dot at each point and a bar about it, and the scales that they need.
 * @param apart pixels between the dots of two series at one x, so that those of equal values do not hide each other
 * @param dots false: lines alone
 */
export function lineMarks(
  points: readonly Point[],
  looks: readonly Look[],
  { apart = 0, dots = true }: { apart?: number; dots?: boolean } = {},
): Plot.PlotOptions {
  const stroke = inScale('color')
  const marks = looks.flatMap(({ title }, i) => {
    const own = points.filter((point) => point.title === title)
    const at = { x: 'x', stroke, dx: apart * (i - (looks.length - 1) / 2) }
    return [
      Plot.lineY(own, { ...at, y: 'y', z: 'title', strokeWidth: 2 }),
      Plot.ruleX(
        own.filter(({ spread }) => spread),
        { ...at, y1: ({ y, spread }: Point) => y - spread!, y2: ({ y, spread }: Point) => y + spread! },
      ),
      ...(dots
        ? [Plot.dot(own, { ...at, y: 'y', symbol: inScale('symbol'), fill: stroke, r: 3.5, title: describe })]
        : []),
    ]
  })
  const { color, symbol } = scalesOf(looks)
  return { color, symbol: dots ? symbol : undefined, marks }
}

const describe = ({ title, x, y }: Point) => `${title}, ${x}: ${percent(y)}`

/** Percent on an axis of shares. */
export const PERCENT_AXIS = { grid: true, percent: true, nice: true } as const

/** An axis of ordered sizes, evenly spaced and each labelled. */
export const ordinal = (label: string, domain: readonly number[]): Plot.ScaleOptions => ({
  type: 'point',
  label,
  domain: [...domain],
  tickFormat: String,
})
