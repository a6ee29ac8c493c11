import * as Plot from '@observablehq/plot'
import { figure, ordinal, PERCENT_AXIS, SERIES_COLOURS } from './figure.js'
import { captioned, type Section } from './section.js'
import {
  type DecayRow,
  decayRows,
  distinct,
  percent,
  type Study,
  type TestBatchRow,
  testBatchRows,
} from './summary.js'

/** BatchNorm once trained: running averages against the test batch's own statistics. */
export function inferenceSection(study: Study): Section | undefined {
  const decays = decayRows(study)
  const tests = testBatchRows(study)
  if (decays.length === 0 || tests.length === 0) return undefined
  const { batchSize, epochs } = study.options.settings.inference
  return {
    title: 'Inference: which statistics for a trained BatchNorm',
    text:
      `The ConvNet with BatchNorm, trained on batches of ${batchSize} for ${epochs} epochs. Averages with every decay run beside the ` +
      'same training, from mean 0 and variance 1 on, and do not influence it.',
    figures: [
      captioned(
        "Test error by test batch size, where BatchNorm uses the test batch's own statistics, against running averages (the line; best decay). An image's answer then depends on its company; batches of one class show how much.",
        testBatchPlot(tests, decays),
      ),
      captioned(
        'Test error with running averages by their decay (how much of the old average stays at each step), after parts of the training. A small decay keeps the noise of the last batches; a large one still remembers where it began.',
        decayPlot(decays),
      ),
    ],
  }
}

function testBatchPlot(tests: readonly TestBatchRow[], decays: readonly DecayRow[]): string {
  const steps = Math.max(...decays.map(({ step }) => step))
  const best = Math.min(...decays.filter(({ step }) => step === steps).map(({ mean }) => mean))
  const titles = { mixed: "batch's own, mixed classes", 'one class': "batch's own, one class" }
  const rows = tests.map((row) => ({ ...row, title: titles[row.order] }))
  const sizes = distinct(rows.map(({ size }) => size)).sort((a, b) => a - b)
  const running = 'running averages'
  return figure({
    x: ordinal('test batch size', sizes),
    y: { ...PERCENT_AXIS, label: 'test error (%)', zero: true },
    color: { domain: [running, ...Object.values(titles)], range: SERIES_COLOURS.slice(0, 3), legend: true },
    marks: [
      Plot.lineY(
        sizes.map((size) => ({ size, best, title: running })),
        { x: 'size', y: 'best', z: 'title', stroke: 'title', strokeWidth: 2 },
      ),
      ...linesWithDots(rows, 'size'),
    ],
  })
}

function decayPlot(decays: readonly DecayRow[]): string {
  const rows = decays.map((row) => ({ ...row, title: `after ${row.step} steps` }))
  const titles = distinct(rows.map(({ title }) => title))
  return figure({
    x: ordinal('decay', distinct(rows.map(({ decay }) => decay))),
    y: { ...PERCENT_AXIS, label: 'test error (%)', zero: true },
    color: { domain: titles, range: SERIES_COLOURS.slice(0, titles.length), legend: true },
    marks: linesWithDots(rows, 'decay'),
  })
}

interface Titled {
  readonly title: string
  readonly mean: number
  readonly deviation: number
}

/** A line per title, with a bar of one standard deviation either way. */
function linesWithDots<Row extends Titled>(rows: readonly Row[], x: keyof Row & string): Plot.Markish[] {
  const data = [...rows]
  const at = { x, stroke: 'title' } as const
  return [
    Plot.lineY(data, { ...at, z: 'title', y: 'mean', strokeWidth: 2 }),
    Plot.ruleX(data, {
      ...at,
      y1: ({ mean, deviation }: Titled) => mean - deviation,
      y2: ({ mean, deviation }: Titled) => mean + deviation,
    }),
    Plot.dot(data, {
      ...at,
      y: 'mean',
      fill: 'title',
      r: 4,
      title: (row: Row) => `${row.title}, ${String(row[x])}: ${percent(row.mean)}`,
    }),
  ]
}
