import type { Dataset } from '../data/dataset.js'
import { batchSizeSection } from './batch-size-section.js'
import { depthSection } from './depth-section.js'
import { type Finding, findings } from './findings.js'
import { sampleImages } from './images.js'
import { inferenceSection } from './inference-section.js'
import { captioned, escapeHtml, type Section } from './section.js'
import { STYLE } from './style.js'
import type { Study } from './summary.js'
import { type Table, tables } from './table.js'

/** The study as one HTML page that needs nothing else: plots, tables and what they say, all from the results. */
export function report(study: Study, data: Dataset): string {
  const { seed, scale } = study.options
  const { train, test, classes } = study.options.data
  const name = escapeHtml(study.options.data.name)
  const { depth, batchSize, advice } = tables(study)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What normalization does: ${name}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>What normalization does</h1>
<p class="lead">Networks trained with and without it on ${train} images of ${classes} classes (${name}), judged on ${test} others.</p>
</header>
<section class="findings">
<h2>Findings</h2>
<p>${scopeOf(study)}</p>
${findings(study).map(findingHtml).join('\n')}
</section>
${section(depthSection(study), depth)}
${section(batchSizeSection(study), batchSize)}
${section(inferenceSection(study))}
${adviceSection(advice)}
<section>
<h2>The data and the run</h2>
${captioned(`Training images of ${name}: a column per class.`, sampleImages(data))}
<p>Seed ${seed}, ${scale} scale, ${study.cells.length} networks. The same seed, data and scale give the same results.json.
Every norm is evenkeel's, through <code>evenkeel/tfjs</code>; all else is TensorFlow.js. Errors are shares of the test images; a network that diverged counts as guessing.</p>
</section>
</main>
</body>
</html>
`
}

/** What the findings rest on as a whole. */
function scopeOf({ options, cells }: Study): string {
  const quick =
    options.scale === 'quick'
      ? 'This is the quick scale: few replicates, images and steps. It shows what the study does; for conclusions take the full one. '
      : ''
  return `${quick}${cells.length} of ${options.planned} networks were trained. Replicates differ in first weights and in the order of the images. A network failed if its loss was no longer finite (it diverged) or if it ended no better than guessing.`
}

function findingHtml({ title, basis, sentences }: Finding): string {
  const items = sentences.map((sentence) => `<li>${unbroken(escapeHtml(sentence))}</li>`).join('')
  return `<h3>${escapeHtml(title)} <span class="basis">${escapeHtml(basis)}</span></h3>\n<ul>${items}</ul>`
}

/** A number and its percent sign stay on one line. */
const unbroken = (html: string) => html.replaceAll(' %', '&nbsp;%')

/** A section with its tables, folded away, below; nothing where the experiment has no results. */
function section(content: Section | undefined, numbers: readonly Table[] = []): string {
  if (!content) return ''
  const folded = numbers.map(
    (table) => `<details><summary>In numbers: ${table.title}</summary>${htmlTable(table)}</details>`,
  )
  return `<section>
<h2>${content.title}</h2>
<p>${content.text}</p>
${content.items ? `<ul>${content.items.map((item) => `<li>${item}</li>`).join('')}</ul>` : ''}
${content.figures.join('\n')}
${folded.join('\n')}
</section>`
}

function adviceSection([table]: readonly Table[]): string {
  if (!table) return ''
  return `<section>
<h2>${table.title}</h2>
<p><code>recommend()</code> is asked for each batch size of the study. It agrees where its norm errs no more than the best one
measured, but for what the replicates differ by; one replicate leaves it undecided.</p>
${htmlTable(table)}
</section>`
}

function htmlTable({ head, rows }: Table): string {
  const cells = (row: readonly string[], tag: 'th' | 'td') =>
    row.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join('')
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')
  return `<div class="scroll" tabindex="0"><table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${body}</tbody></table></div>`
}
