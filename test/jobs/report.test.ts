import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { describe, expect, it } from 'vitest'
import { Standardizer } from '../../src/data/standardizer.js'
import { featuresOf } from '../../src/jobs/features.js'
import { fit as runFit } from '../../src/jobs/fit.js'
import { BINS, histogramsOf } from '../../src/jobs/histogram.js'
import { reportPage, shortNumber } from '../../src/jobs/report.js'
import { readSaved, savedText } from '../../src/jobs/saved.js'
import { verify } from '../../src/jobs/verify.js'
import { newFolder, writeNpy } from './files.js'

// What people look at: the features of a fit, its histograms, its page; and whether it is sound.

const folder = newFolder()
const at = (name: string) => join(folder, name)
mkdirSync(at('in'))
// Feature 0 counts from 0 to 79, feature 1 is constant, feature 2 has gaps.
const data = Float64Array.from(
  { length: 240 },
  (_, i) => [Math.floor(i / 3), 7, i < 6 ? Number.NaN : 1][i % 3],
)
data[239] = 3
writeNpy(at('in/a.npy'), [50, 3], data.slice(0, 150))
writeNpy(at('in/b.npy'), [30, 3], data.slice(150))
await runFit({ inputs: [at('in/*')], out: at('stats.json'), options: { nonFinite: 'missing' } })
const { standardizer } = await readSaved(at('stats.json'))
const names = ['a <b>', 'x & "y"', "it's"]
writeFileSync(at('named.json'), savedText({ standardizer, names }))
const saved = await readSaved(at('named.json'))

it('the features', () => {
  const features = featuresOf(saved)
  expect(features.map(({ name }) => name)).toEqual(names)
  const ramp = { count: 80, mean: 39.5, min: 0, max: 79, missing: 0, constant: false }
  expect(features[0]).toMatchObject(ramp)
  expect(features[0].deviation).toBeCloseTo(Math.sqrt((80 ** 2 - 1) / 12), 10)
  expect(features[1]).toMatchObject({ mean: 7, deviation: 0, constant: true })
  expect(features[2]).toMatchObject({ count: 78, missing: 2, min: 1, max: 3 })
})

describe('histograms', () => {
  it('count each value once', async () => {
    const [ramp, constant, gaps] = await histogramsOf(saved, [at('in/*')])
    expect(Array.from(ramp)).toEqual(Array.from({ length: BINS }, () => 2))
    expect([constant[0], constant.slice(1).every((count) => count === 0)]).toEqual([80, true])
    expect([gaps[0], gaps[BINS - 1]]).toEqual([77, 1])
  })

  it('refuse other files', async () => {
    const other = writeNpy(at('other.npy'), [2, 2], new Float32Array(4))
    await expect(histogramsOf(saved, [other])).rejects.toThrow(
      /other\.npy: it has 2 features, and the statistics have 3/,
    )
  })
})

/** What the tests ask of a page. */
interface Page {
  querySelector(selector: string): { readonly textContent: string; getAttribute(name: string): string } | null
  querySelectorAll(selector: string): Iterable<Page> & { readonly length: number }
}

describe('the page', () => {
  const page = async (inputs: readonly string[]) => {
    const histograms = inputs.length === 0 ? null : await histogramsOf(saved, inputs)
    const html = reportPage({ title: '<stats>', facts: ['a fact'], features: featuresOf(saved), histograms })
    return { html, document: new JSDOM(html).window.document as Page }
  }

  it('has a row and a histogram for each feature, and escapes all names', async () => {
    const { html, document } = await page([at('in/*')])
    const rows = [...document.querySelectorAll('tbody tr')]
    expect(rows.map((row) => row.querySelector('.name')?.getAttribute('title'))).toEqual(names)
    expect(rows.map((row) => row.querySelector('.name')?.textContent)).toEqual([
      names[0],
      `${names[1]} constant`,
      names[2],
    ])
    expect(document.querySelectorAll('svg path')).toHaveLength(3)
    expect(document.querySelector('h1')?.textContent).toBe('<stats>')
    // Nothing is fetched.
    expect(html).not.toMatch(/https?:|<script|<link|url\(/)
  })

  it('has no histograms without inputs', async () => {
    const { document } = await page([])
    expect(document.querySelectorAll('svg')).toHaveLength(0)
    expect(document.querySelectorAll('tbody tr')).toHaveLength(3)
  })
})

it.each([
  [0, '0'],
  [1562500, '1562500'],
  [1 / 3, '0.333333'],
  [123456.789, '123457'],
  [1.23456789e-9, '1.23457e-9'],
  [1e300, '1e+300'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
])('the number %d is shown as %s', (value, text) => {
  expect(shortNumber(value)).toBe(text)
})

describe('verify', () => {
  const text = readFileSync(at('named.json'), 'utf8')
  it.each<[string, string, readonly RegExp[]]>([
    ['sound statistics', text, []],
    [
      'another mean in the summary',
      text.replace('"mean":[39.5', '"mean":[39'),
      [/mean of feature 0 in its summary/],
    ],
    ['no summary', text.replace('"summary"', '"other"'), Array(6).fill(/summary\.\w+ must be a list/)],
    ['too few names', text.replace('"a <b>",', ''), [/its names are not 3 texts/]],
    ['a cut', text.slice(0, 90), [/it is no JSON, or cut off/]],
    ['another file', '{}', [/Standardizer\.fromJSON: needs what toJSON\(\) returns/]],
  ])('%s', async (_, content, faults) => {
    writeFileSync(at('checked.json'), content)
    const found = await verify(at('checked.json'))
    expect(found.faults).toHaveLength(faults.length)
    for (const [i, fault] of faults.entries()) expect(found.faults[i]).toMatch(fault)
  })

  it('a folder without a manifest', async () => {
    expect((await verify(at('in'))).faults).toEqual([`${at('in')}: there is no manifest of an apply`])
  })
})

it('names that are not those of the features are refused', async () => {
  const one = new Standardizer().partialFit({ data: new Float32Array(4), shape: [4, 1] })
  writeFileSync(at('wrong.json'), JSON.stringify({ ...one.toJSON(), names: [1] }))
  await expect(readSaved(at('wrong.json'))).rejects.toThrow(/its names are not 1 texts/)
})
