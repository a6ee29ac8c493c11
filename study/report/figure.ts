import * as Plot from '@observablehq/plot'
import { JSDOM } from 'jsdom'
import type { NormName } from '../network/models.js'
import { NORM_TITLES } from './summary.js'

const { document } = new JSDOM('').window

/** Wide enough for the page's column. */
const WIDTH = 1040

/**
 * Told apart by colour-blind eyes (after Okabe and Ito), readable on white and on near-black; the symbols say the
 * same without colour.
 */
const LOOKS: Readonly<Record<NormName, { colour: string; symbol: string }>> = {
  none: { colour: '#8c8c8c', symbol: 'times' },
  batch: { colour: '#1f87cc', symbol: 'circle' },
  layer: { colour: '#e69500', symbol: 'square' },
  group: { colour: '#009e73', symbol: 'triangle' },
  instance: { colour: '#d05f9d', symbol: 'diamond' },
  rms: { colour: '#d55e00', symbol: 'star' },
}

/** Scales that give each norm its colour and symbol, and a legend for both. */
export function normScales(norms: readonly NormName[]): Plot.PlotOptions {
  const domain = norms.map((norm) => NORM_TITLES[norm])
  return {
    color: { domain, range: norms.map((norm) => LOOKS[norm].colour) },
    symbol: { domain, range: norms.map((norm) => LOOKS[norm].symbol), legend: true },
  }
}

/** The same colours, for plots of bare lines. */
export function normColours(norms: readonly NormName[]): Plot.PlotOptions {
  return { color: { ...normScales(norms).color, legend: true } }
}

/** The colour of one norm, for a plot that has no legend. */
export const colourOf = (norm: NormName): string => LOOKS[norm].colour

/** Colours for a few series that are no norms. */
export const SERIES_COLOURS = ['#1f87cc', '#e69500', '#009e73', '#d05f9d', '#8c8c8c']

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

/** Percent on an axis of shares. */
export const PERCENT_AXIS = { grid: true, percent: true, nice: true } as const

/** An axis of ordered sizes, evenly spaced and each labelled. */
export const ordinal = (label: string, domain: readonly number[]): Plot.ScaleOptions => ({
  type: 'point',
  label,
  domain: [...domain],
  tickFormat: String,
})
