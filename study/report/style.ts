/** The report's look: one column, the reader's own fonts, light or dark as the reader has it. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2429; --paper: #fcfcfa; --faint: #5c666e; --line: #d9dcde; --card: #f1f3f2 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dfe4e7; --paper: #15191c; --faint: #98a3ab; --line: #353c41; --card: #1d2327 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }
main { max-width: 1104px; margin: 0 auto; padding: 40px 32px 80px }
h1 { font-size: 34px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em }
h2 { font-size: 22px; line-height: 1.3; margin: 0 0 12px }
p { max-width: 76ch; margin: 0 0 14px }
.lead { font-size: 18px; color: var(--faint) }
section { margin-top: 56px }
.findings { margin-top: 24px; padding: 24px 28px 12px; background: var(--card); border-radius: 8px }
.findings p { max-width: none }
figure { margin: 0; max-width: 100% }
.captioned { margin: 24px 0 32px; overflow-x: auto }
figcaption { max-width: 90ch; margin-top: 6px; font-size: 14px; line-height: 1.5; color: var(--faint) }
svg { max-width: 100%; height: auto }
.samples { width: 100%; max-width: 840px; image-rendering: pixelated; border-radius: 4px }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left }
summary { cursor: pointer; color: var(--faint); font-size: 14px }
code { font-size: 0.92em }
`
