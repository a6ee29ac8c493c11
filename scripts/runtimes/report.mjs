import { readFileSync, writeFileSync } from 'node:fs'
import { CHECKS } from './checks.mjs'
import { must } from './processes.mjs'

/** The tables as Markdown. A cell that was not run on this tarball says so. */
export function render({ tarball, results, environments, tools }) {
  return [
    table(
      ['runtime', 'system', ...CHECKS.map(({ title }) => title), 'first result, ms'],
      environments.map(({ id, title, system }) => {
        const { cells = [], time } = results.get(id) ?? {}
        return [title, system, ...CHECKS.map((_, i) => show(cells[i])), show(time)]
      }),
    ),
    table(
      ['tool', 'what is done', 'result'],
      tools.map(({ id, title, what }) => [title, what, show(results.get(id)?.cells[0])]),
    ),
    table(['file', 'bytes'], sizesOf(tarball)),
  ].join('\n\n')
}

function show(cell) {
  if (cell === undefined) return 'not run'
  return cell.ok ? cell.text : `**fails**: ${cell.text.replaceAll('|', '\\|')}`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The sizes of the tarball and of each addon in it. */
function sizesOf(tarball) {
  const listed = must(['tar', 'tzvf', tarball]).trim().split('\n')
  const files = listed.map((line) => line.split(/\s+/))
  const addons = files.filter((fields) => fields[5].endsWith('.node'))
  const unpacked = files.reduce((sum, fields) => sum + Number(fields[2]), 0)
  return [
    ['the tarball', readFileSync(tarball).length],
    [`unpacked, ${files.length} files`, unpacked],
    ...addons.map((fields) => [fields[5].replace('package/', ''), fields[2]]),
  ]
}

const [BEGIN, END] = ['<!-- npm run runtimes writes this -->', '<!-- to here -->']

/** Writes the report between the two marks of a page. */
export function writeMarkdown(path, report) {
  const page = readFileSync(path, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${path} has no lines '${BEGIN}' and '${END}'`)
  writeFileSync(path, `${page.slice(0, begin)}${BEGIN}\n\n${report}\n\n${page.slice(end)}`)
}
