import type { Feature } from './features.js'

// The report of a fit: one HTML page that needs nothing else.

export interface Report {
  readonly title: string
  /** Lines under the title: what was fitted, and how. */
  readonly facts: readonly string[]
  readonly features: readonly Feature[]
  /** [features][bins]. Null if the inputs were not read again. */
  readonly histograms: readonly Float64Array[] | null
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --line: #d9dee6; --page: #fff; --bar: #2f6fb3; --mark: #a33b1f }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #9aa4b2; --line: #333b47; --page: #14181e; --bar: #6ba6e6; --mark: #f0906f }
}
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 76rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page) }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere }
p { margin: .2rem 0; color: var(--soft) }
.wide { overflow-x: auto; margin-top: 1.2rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--soft); font-weight: 600 }
.name { text-align: left; max-width: 18rem; overflow: hidden; text-overflow: ellipsis }
.constant { color: var(--mark) }
svg { display: block; width: 160px; height: 36px; fill: var(--bar) }
`

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character])
}

/** The whole page. */
export function reportPage({ title, facts, features, histograms }: Report): string {
  const heads = ['count', 'mean', 'deviation', 'min', 'max', 'missing']
  const rows = features.map((feature, f) => rowOf(feature, f, histograms === null ? null : histograms[f]))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${facts.map((fact) => `<p>${escaped(fact)}</p>`).join('\n')}
<div class="wide"><table>
<thead><tr><th class="name">feature</th>${histograms === null ? '' : '<th class="name">histogram</th>'}${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>
</body>
</html>
`
}

function rowOf(feature: Feature, f: number, bins: Float64Array | null): string {
  const { name, count, mean, deviation, min, max, missing, constant } = feature
  const title = escaped(name ?? String(f))
  const mark = constant ? ' <span class="constant">constant</span>' : ''
  const numbers = [count, mean, deviation, min, max, missing].map((value) => `<td>${shortNumber(value)}</td>`)
  const histogram = bins === null ? '' : `<td>${histogramOf(bins, title)}</td>`
  return `<tr><td class="name" title="${title}">${title}${mark}</td>${histogram}${numbers.join('')}</tr>`
}

/** The height of the drawing, in its own units. A bar and the gap after it have the width 1. */
const HEIGHT = 100
/** A bar of few values can still be seen. */
const LEAST_HEIGHT = 2
const BAR_WIDTH = 0.9

/** The bars as one path. The highest has the whole height. */
function histogramOf(bins: Float64Array, title: string): string {
  const most = bins.reduce((a, b) => Math.max(a, b), 0)
  if (most === 0) return ''
  const bars = Array.from(bins, (count, i) => {
    const height = Math.max(LEAST_HEIGHT, Math.round((count / most) * HEIGHT))
    return count === 0 ? '' : `M${i} ${HEIGHT}v-${height}h${BAR_WIDTH}v${height}z`
  })
  return `<svg viewBox="0 0 ${bins.length} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="histogram of ${title}"><path d="${bars.join('')}"/></svg>`
}

const DIGITS = 6

/** A number for people: a whole one as it is, and any other with so many digits. */
export function shortNumber(value: number): string {
  return String(Number.isSafeInteger(value) ? value : Number(value.toPrecision(DIGITS)))
}
