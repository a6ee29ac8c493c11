import { expect, it } from 'vitest'
import { elementsOf } from '../../bench/speed/cases.js'
import { speedChart } from '../../bench/speed/chart.js'
import { growthChart, growthSuite } from '../../bench/speed/growth.js'
import { layerNormRecords, resultsOf } from './support.js'

const results = resultsOf(
  [1, 64, 4096].flatMap((rows) =>
    layerNormRecords(rows, [
      { contender: 'evenkeel', times: [1000 * rows] },
      { contender: 'pytorch', times: [3000 * rows] },
      { contender: 'limit', times: [800 * rows] },
    ]),
  ),
)

// What a browser needs of a file that a page shows as an image.
const isFile = /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>\n$/s

it('draws every case, with a legend inside the file', () => {
  const svg = speedChart(results)
  expect(svg).toMatch(isFile)
  for (const text of ['LayerNorm 64×1024', 'LayerNorm 4096×1024', ' PyTorch ', 'the limit', '1 thread']) {
    expect(svg).toContain(text)
  }
})

it('draws growth with a line for each contender, and the caches', () => {
  const svg = growthChart(results)
  expect(svg).toMatch(isFile)
  expect(svg.match(/aria-label="line"/g)).toHaveLength(2)
  expect(svg).toContain('x fills L2')
  expect(svg).toContain('x fills L3')
})

it('grows from a hundred elements to a hundred million', () => {
  const { cases } = growthSuite(false)
  const sizes = cases.map(elementsOf)
  expect(Math.min(...sizes)).toBeLessThan(130)
  expect(Math.max(...sizes)).toBeGreaterThan(0.99e8)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(sizes.length)
})
