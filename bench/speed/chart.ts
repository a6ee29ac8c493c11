import * as Plot from '@observablehq/plot'
import { figure, SERIES_COLOURS } from '../../study/report/figure.js'
import { type ContenderName, LIMIT, REFERENCE } from './contenders.js'
import { formatThreads, type Results } from './results.js'

// Charts as SVG files of their own, readable on a light and on a dark page.

/** Grey enough for white and for near-black. */
export const INK = '#7d868c'
const LINE_HEIGHT = 19

interface Series {
  readonly name: ContenderName
  readonly title: string
  readonly colour: string
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond2' | 'star' | 'times'
}

/** In the order of the legend. The limit is a tick, not a symbol. */
const [blue, orange, green, pink, grey] = SERIES_COLOURS
export const SERIES: readonly Series[] = [
  { name: REFERENCE, title: 'evenkeel', colour: blue, symbol: 'circle' },
  { name: 'pytorch', title: 'PyTorch', colour: orange, symbol: 'square' },
  { name: 'pytorch-tcmalloc', title: 'PyTorch, tcmalloc', colour: pink, symbol: 'diamond2' },
  { name: 'onnxruntime', title: 'onnxruntime-node', colour: green, symbol: 'triangle' },
  { name: 'tfjs-cpu', title: 'tfjs cpu', colour: grey, symbol: 'times' },
  { name: 'tfjs-wasm', title: 'tfjs wasm', colour: grey, symbol: 'star' },
]
const ON_SPEED_CHART: readonly ContenderName[] = [REFERENCE, 'pytorch', 'pytorch-tcmalloc', 'onnxruntime']

/** GB/s of every case with the fewest threads of the run, forward and backward side by side: a symbol per contender, a tick at the limit. */
export function speedChart({ records }: Pick<Results, 'records'>): string {
  const fewest = Math.min(...records.map(({ threads }) => threads))
  const shown = records
    .filter(({ threads, op }) => threads === fewest && op !== 'inference')
    .map((record) => ({
      ...record,
      label: [
        record.layer,
        record.layout === 'plain' ? '' : record.layout.replace('channels-', ''),
        record.shape.join('×'),
      ]
        .filter(Boolean)
        .join(' '),
    }))
  const labels = [...new Set(shown.map(({ label }) => label))]
  const series = SERIES.filter(({ name }) => ON_SPEED_CHART.includes(name))
  const by = (name: string) => shown.filter(({ contender }) => contender === name)
  const position = { x: 'gbPerSecond', y: 'label', fx: 'op' } as const
  const svg = figure({
    ...frame,
    height: LINE_HEIGHT * labels.length + 90,
    marginLeft: 230,
    x: {
      type: 'log',
      label: `GB/s of the bytes that must move, ${formatThreads(fewest)}`,
      grid: true,
      tickFormat: String,
    },
    y: { type: 'point', label: null, domain: labels },
    fx: { label: null, domain: ['forward', 'backward'] },
    marks: [
      Plot.ruleY(shown, { y: 'label', fx: 'op', stroke: INK, strokeOpacity: 0.15 }),
      Plot.text(by(LIMIT), { ...position, text: () => '|', fill: INK, fontSize: 16, fontWeight: 'bold' }),
      ...series.map(({ name, colour, symbol }) =>
        Plot.dot(by(name), { ...position, symbol, fill: colour, stroke: colour, r: 4 }),
      ),
    ],
  })
  const tick: LegendEntry = { title: 'the limit: a copy of these bytes', colour: INK, glyph: '|' }
  return withLegend(svg, [...legendOf(series), tick])
}

/** What all charts of this benchmark share. */
export const frame: Plot.PlotOptions = {
  marginTop: 56,
  style: {
    fontSize: '12px',
    background: 'transparent',
    overflow: 'visible',
    color: INK,
    fontFamily: 'sans-serif',
  },
}

interface LegendEntry {
  readonly title: string
  readonly colour: string
  readonly glyph: string
}

const GLYPHS: Readonly<Record<Series['symbol'], string>> = {
  circle: '●',
  square: '■',
  triangle: '▲',
  diamond2: '◆',
  star: '★',
  times: '✕',
}

export function legendOf(series: readonly Series[]): LegendEntry[] {
  return series.map(({ title, colour, symbol }) => ({ title, colour, glyph: GLYPHS[symbol] }))
}

/** Plot's own legends are HTML beside the SVG; a file for a README holds one SVG. */
export function withLegend(svg: string, entries: readonly LegendEntry[]): string {
  const spans = entries.map(
    ({ title, colour, glyph }) => `<tspan fill="${colour}">${glyph}</tspan><tspan> ${title}     </tspan>`,
  )
  const style = `fill="${INK}" font-size="13" text-anchor="start" xml:space="preserve"`
  const text = `<text x="12" y="20" ${style}>${spans.join('')}</text>`
  const named = svg.replace(/^<svg (?!xmlns)/, '<svg xmlns="http://www.w3.org/2000/svg" ')
  return named.replace(/<\/svg>\s*$/, `${text}</svg>\n`)
}
