import { adviceRows } from './advice.js'
import { distinct, type Errors } from './errors.js'
import { REGIME_TITLES } from './regimes.js'
import { batchSizeRows, depthRows, NORM_TITLES, type Study } from './summary.js'
import { percent, points } from './wording.js'

/** A title, column heads, and rows of as many cells. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The study's tables: learning rates or batch sizes down, norms across; none where nothing was measured. */
export function tables(study: Study): { depth: Table[]; batchSize: Table[]; advice: Table[] } {
  const depth = depthRows(study)
  const sizes = batchSizeRows(study)
  const advice = adviceTable(study)
  return {
    depth: distinct(depth.map(({ residual }) => residual)).map((residual) =>
      crossTable(
        `Test error (%) by learning rate, ${residual ? 'with' : 'without'} residual connections`,
        'rate',
        depth.filter((row) => row.residual === residual),
        ({ learningRate }) => learningRate,
      ),
    ),
    batchSize: distinct(sizes.map(({ regime }) => regime)).map((regime) =>
      crossTable(
        `Test error (%) by batch size, ${REGIME_TITLES[regime]}`,
        'batch',
        sizes.filter((row) => row.regime === regime),
        ({ batchSize }) => batchSize,
      ),
    ),
    advice: advice.rows.length === 0 ? [] : [advice],
  }
}

function crossTable<Row extends Errors & { norm: keyof typeof NORM_TITLES }>(
  title: string,
  name: string,
  all: readonly Row[],
  lineOf: (row: Row) => number,
): Table {
  const norms = distinct(all.map(({ norm }) => norm))
  const starred = all.some(({ failed, count }) => failed > 0 && failed < count)
  const rows = distinct(all.map(lineOf)).map((line) => [
    String(line),
    ...norms.map((norm) => {
      const row = all.find((candidate) => candidate.norm === norm && lineOf(candidate) === line)
      return row ? errorText(row) : ''
    }),
  ])
  return {
    title: `${title}${starred ? '; * a replicate failed' : ''}`,
    head: [name, ...norms.map((norm) => NORM_TITLES[norm])],
    rows,
  }
}

/** '4.2 ± 0.3'; 'failed' where no replicate did better than guessing, and a star where some did not. */
function errorText({ mean, deviation, count, failed }: Errors): string {
  if (failed === count) return 'failed'
  const spread = count > 1 ? ` ± ${points(deviation)}` : ''
  return `${points(mean)}${spread}${failed > 0 ? '*' : ''}`
}

function adviceTable(study: Study): Table {
  return {
    title: 'What recommend() says against what was measured',
    head: ['case', 'advised', 'errs', 'best', 'errs', 'verdict'],
    rows: adviceRows(study).map((row) => [
      row.title,
      row.recommended,
      percent(row.recommendedError),
      row.best,
      percent(row.bestError),
      row.verdict === 'costs' ? `costs ${points(row.cost)} points` : row.verdict,
    ]),
  }
}
