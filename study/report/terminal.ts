import { findings } from './findings.js'
import type { Study } from './summary.js'
import { type Table, tables } from './table.js'
import { wrapped } from './wording.js'

/** Where the stream does not say how wide it is. */
const COLUMNS = 80
/** Narrower than this nothing can be broken well. */
const LEAST_COLUMNS = 42

/** Tables and findings as text, broken to fit a terminal of so many columns. */
export function terminalText(study: Study, columns = COLUMNS): string {
  const width = Math.max(columns, LEAST_COLUMNS)
  const found = findings(study).map(({ title, basis, sentences }) =>
    [`${title} (${basis})`, ...sentences.map((sentence) => `- ${sentence}`)]
      .map((text, i) => wrapped(text, width, i === 0 ? '' : '  '))
      .join('\n'),
  )
  return [
    ...Object.values(tables(study))
      .flat()
      .map((table) => tableText(table, width)),
    ...found,
  ].join('\n\n')
}

function tableText({ title, head, rows }: Table, width: number): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ')
  return `${wrapped(title, width)}\n  ${[head, ...rows].map(line).join('\n  ')}`
}
