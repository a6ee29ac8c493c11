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
h3 { font-size: 16px; line-height: 1.4; margin: 20px 0 4px }
p { max-width: 76ch; margin: 0 0 14px }
.lead { font-size: 18px; color: var(--faint) }
section { margin-top: 56px }
.findings { margin-top: 24px; padding: 24px 28px 16px; background: var(--card); border-radius: 8px }
ul { margin: 0; padding-left: 20px }
li { max-width: 90ch; margin: 2px 0 }
.basis { font-weight: 400; font-size: 14px; color: var(--faint) }
.basis::before { content: '· ' }
figure { margin: 0; max-width: 100% }
.captioned { margin: 24px 0 40px }
figcaption { max-width: 90ch; margin-top: 6px; font-size: 14px; line-height: 1.5; color: var(--faint) }
.legend > div { font-size: 13px; min-height: 0; margin-bottom: 0 }
.panels { display: flex; flex-wrap: wrap; gap: 12px 20px }
.panel { max-width: 100% }
.panel h3 { font-size: 14px; font-weight: 600; margin: 8px 0 0 }
svg { max-width: 100%; height: auto }
.samples { width: 100%; max-width: 840px; image-rendering: pixelated; border-radius: 4px }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left }
summary { cursor: pointer; color: var(--faint); font-size: 14px }
code { font-size: 0.92em }
@media (max-width: 600px) {
  main { padding: 24px 16px 48px }
  h1 { font-size: 28px }
  .findings { margin: 20px -16px 0; padding: 16px; border-radius: 0 }
}
`
