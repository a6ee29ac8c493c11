import { adviceRows } from './advice.js'
import { findings } from './findings.js'
import {
  batchSizeRows,
  depthRows,
  distinct,
  type Errors,
  NORM_TITLES,
  percent,
  points,
  type Study,
} from './summary.js'

/** A title, column heads, and rows of as many cells. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The study's tables: norms down, learning rates or batch sizes across; without rows where nothing was measured. */
export function tables(study: Study): { depth: Table; batchSize: Table; advice: Table } {
  const depthTitle = 'Test error of the deep network by learning rate'
  const sizeTitle = 'Test error of the ConvNet by batch size'
  return {
    depth: crossTable(depthTitle, depthRows(study), ({ learningRate }) => learningRate),
    batchSize: crossTable(sizeTitle, batchSizeRows(study), ({ batchSize }) => batchSize),
    advice: adviceTable(study),
  }
}

function crossTable<Row extends Errors & { norm: keyof typeof NORM_TITLES }>(
  title: string,
  rows: readonly Row[],
  columnOf: (row: Row) => number,
): Table {
  const columns = distinct(rows.map(columnOf))
  const body = distinct(rows.map(({ norm }) => norm)).map((norm) => [
    NORM_TITLES[norm],
    ...columns.map((column) => {
      const row = rows.find((candidate) => candidate.norm === norm && columnOf(candidate) === column)
      return row ? errorText(row) : ''
    }),
  ])
  return { title, head: ['norm', ...columns.map(String)], rows: body }
}

/** '4.2 % ± 0.3', or 'diverged' where no replicate came through. */
function errorText({ mean, deviation, count, diverged }: Errors): string {
  if (diverged === count) return 'diverged'
  const spread = count > 1 ? ` ± ${points(deviation)}` : ''
  return `${percent(mean)}${spread}${diverged > 0 ? ` (${diverged} diverged)` : ''}`
}

function adviceTable(study: Study): Table {
  return {
    title: 'What recommend() says against what was measured',
    head: ['case', 'recommended', 'its error', 'best measured', 'its error', 'verdict'],
    rows: adviceRows(study).map((row) => [
      row.title,
      row.recommended,
      percent(row.recommendedError),
      row.best,
      percent(row.bestError),
      row.agrees ? 'agrees' : `costs ${points(row.cost)} points`,
    ]),
  }
}

/** Tables and findings, for a terminal. */
export function printTable(study: Study): void {
  for (const { title, head, rows } of Object.values(tables(study))) {
    if (rows.length === 0) continue
    const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)))
    const format = (row: readonly string[]) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
    console.log(`\n${title}\n  ${[head, ...rows].map(format).join('\n  ')}`)
  }
  const texts = Object.values(findings(study)).filter((text) => text !== undefined)
  console.log(`\n${texts.join('\n')}`)
}
