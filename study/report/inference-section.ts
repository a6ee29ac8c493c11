import type * as Plot from '@observablehq/plot'
import { distinct, type Errors } from './errors.js'
import { legendOf, lineMarks, ordinal, PERCENT_AXIS, type Point, panels, seriesLooks } from './figure.js'
import type { Section } from './section.js'
import { decayRows, type Study, testBatchRows } from './summary.js'

const RUNNING = 'running averages, best decay'
const OWN = { mixed: "batch's own, mixed classes", 'one class': "batch's own, one class" } as const

/** BatchNorm once trained: running averages against the test batch's own statistics. */
export function inferenceSection(study: Study): Section | undefined {
  const decays = decayRows(study)
  const tests = testBatchRows(study)
  if (decays.length === 0 || tests.length === 0) return undefined
  const { batchSize, epochs } = study.options.settings.inference
  const steps = Math.max(...decays.map(({ step }) => step))
  const best = Math.min(...decays.filter(({ step }) => step === steps).map(({ mean }) => mean))
  const sizes = distinct(tests.map(({ size }) => size)).sort((a, b) => a - b)
  const bySize = [
    ...sizes.map((size) => ({ title: RUNNING, x: size, y: best })),
    ...tests.map((row) => point(row, OWN[row.order], row.size)),
  ]
  const byDecay = decays.map((row) => point(row, `after ${row.step} steps`, row.decay))
  return {
    title: 'Inference: which statistics for a trained BatchNorm',
    text:
      `The small ConvNet with BatchNorm, trained on batches of ${batchSize} for ${epochs} epochs. Averages with every decay run beside the ` +
      'same training, from mean 0 and variance 1 on, and do not influence it.',
    figures: [
      linePlot(
        "Test error by test batch size, where BatchNorm uses the test batch's own statistics, against running averages. An image's answer then depends on its company; batches of one class show how much.",
        'test batch size',
        bySize,
        [RUNNING, ...Object.values(OWN)],
      ),
      linePlot(
        'Test error with running averages by their decay (how much of the old average stays at each step), after parts of the training. A small decay keeps the noise of the last batches; a large one still remembers where it began.',
        'decay',
        byDecay,
        distinct(byDecay.map(({ title }) => title)),
      ),
    ],
  }
}

const point = ({ mean, deviation }: Errors, title: string, x: number): Point => ({
  ...{ title, x, y: mean, spread: deviation },
})

function linePlot(
  caption: string,
  label: string,
  points: readonly Point[],
  titles: readonly string[],
): string {
  const looks = seriesLooks(titles)
  const options: Plot.PlotOptions = {
    x: ordinal(label, distinct(points.map(({ x }) => x))),
    y: { ...PERCENT_AXIS, label: 'test error (%)', zero: true },
    ...lineMarks(points, looks),
  }
  return panels(legendOf(looks), caption, [{ title: '', options }])
}
