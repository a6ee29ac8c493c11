import { expect, it } from 'vitest'
import { figure, lineMarks, seriesLooks } from '../../study/report/figure.js'

/** Names that CSS or Plot would take for a value of the attribute. */
const NAMES = ['none', 'red', 'currentColor', 'circle', 'transparent']

const looks = seriesLooks(NAMES)
const points = NAMES.flatMap((title, i) =>
  [1, 2].map((x) => ({ title, x, y: 0.1 * i + 0.1 * x, spread: 0.05 })),
)

it('draws every series in its own colour, whatever its name', () => {
  const svg = figure({ x: { domain: [0, 3] }, ...lineMarks(points, looks, { apart: 4 }) })
  for (const { colour } of looks) {
    // A line of two points, two bars, and two dots with a rim and a filling.
    expect(svg.split(`stroke="${colour}"`).length - 1).toBe(1 + 2 + 2)
    expect(svg.split(`fill="${colour}"`).length - 1).toBe(2)
  }
  const symbols = [...svg.matchAll(/ d="([^"]*)" fill="#/g)].map(([, path]) => path)
  expect(new Set(symbols).size).toBe(NAMES.length)
})

it('scales with the page: no plot without a viewBox', () => {
  expect(figure(lineMarks(points, looks))).toMatch(/<svg [^>]*viewBox="0 0 \d+ \d+"/)
})
