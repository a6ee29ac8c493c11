import * as Plot from '@observablehq/plot'
import { figure } from '../../study/report/figure.js'
import { benchCase } from './cases.js'
import { frame, INK, legendOf, SERIES, withLegend } from './chart.js'
import { type BenchRecord, formatThreads, type Results } from './results.js'
import type { Suite } from './suites.js'
import { arrayBytes } from './traffic.js'

// How cost grows: the time of one call against the number of elements, from 1e2 to 1e8, on log axes.

const SMALLEST_EXPONENT = 2
const LARGEST_EXPONENT = 8
const STEPS_PER_DECADE = 2
const QUICK_LARGEST_EXPONENT = 6
const ROW = 1024
const CHANNELS = 64

/** LayerNorm over rows of 1024 (shorter where there are fewer elements), BatchNorm over 64 channels; forward in training. */
export function growthSuite(quick: boolean): Suite {
  const last = quick ? QUICK_LARGEST_EXPONENT : LARGEST_EXPONENT
  const steps = Array.from({ length: (last - SMALLEST_EXPONENT) * STEPS_PER_DECADE + 1 }, (_, i) =>
    Math.round(10 ** (SMALLEST_EXPONENT + i / STEPS_PER_DECADE)),
  )
  const cases = [
    ...steps.map((size) => {
      const length = Math.min(size, ROW)
      return benchCase('LayerNorm', 'plain', [Math.round(size / length), length], 'forward', true)
    }),
    ...steps.map((size) =>
      benchCase('BatchNorm', 'plain', [Math.max(2, Math.round(size / CHANNELS)), CHANNELS], 'forward', true),
    ),
  ]
  return { cases, threads: [1], contenders: SERIES.map(({ name }) => name) }
}

/** A facet per layer, a line per contender; dashed where x fills a core's L2, and the L3. */
export function growthChart({ records, machine }: Pick<Results, 'records' | 'machine'>): string {
  const threads = Math.min(...records.map((record) => record.threads))
  const shown = records.filter((record) => record.threads === threads)
  const bytesPerElement = 4
  const { l2, l3 } = machine.caches
  const marks = [
    { elements: l2 / bytesPerElement, label: 'x fills L2' },
    { elements: l3 / bytesPerElement, label: 'x fills L3' },
  ].filter(({ elements }) => elements > 0)
  const series = SERIES.filter(({ name }) => shown.some(({ contender }) => contender === name))
  const position = {
    x: (record: BenchRecord) => arrayBytes(record) / bytesPerElement,
    y: (record: BenchRecord) => record.medianNs / 1e3,
    fx: 'layer',
  } as const
  const svg = figure({
    ...frame,
    height: 460,
    marginLeft: 84,
    x: { type: 'log', label: 'elements', grid: true, tickFormat: '.0e' },
    y: {
      type: 'log',
      label: `microseconds a call, forward, ${formatThreads(threads)}`,
      labelAnchor: 'center',
      grid: true,
      tickFormat: '~s',
    },
    fx: { label: null, domain: ['LayerNorm', 'BatchNorm'] },
    marks: [
      Plot.ruleX(marks, { x: 'elements', stroke: INK, strokeDasharray: '4 4' }),
      Plot.text(marks, {
        x: 'elements',
        text: 'label',
        frameAnchor: 'bottom',
        rotate: -90,
        dx: -8,
        textAnchor: 'start',
      }),
      ...series.flatMap(({ name, colour, symbol }) => {
        const own = shown.filter(({ contender }) => contender === name)
        return [
          Plot.line(own, { ...position, stroke: colour, strokeWidth: 2 }),
          Plot.dot(own, { ...position, symbol, fill: colour, stroke: colour, r: 3.5 }),
        ]
      }),
    ],
  })
  return withLegend(svg, legendOf(series))
}
