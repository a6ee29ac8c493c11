import { expect, it } from 'vitest'
import { benchCase, elementsOf, parametersOf } from '../../bench/speed/cases.js'
import { SUITES } from '../../bench/speed/suites.js'
import { arrayBytes, leastBytes, requiredBytes, sizeClass } from '../../bench/speed/traffic.js'

const CACHES = { l2: 2 ** 19, l3: 2 ** 25 }
const MIB = 2 ** 20

it('counts two arrays forward and three backward', () => {
  const shape = [1024, 1024]
  expect(arrayBytes({ shape })).toBe(4 * MIB)
  expect(leastBytes({ shape, op: 'forward' })).toBe(8 * MIB)
  expect(leastBytes({ shape, op: 'inference' })).toBe(8 * MIB)
  expect(leastBytes({ shape, op: 'backward' })).toBe(12 * MIB)
})

it.each([
  ['within L2', [1, 131072]],
  ['L2 to 32 MB', [1, 131073]],
  ['L2 to 32 MB', [1, 7_999_999]],
  ['32 MB and more', [1, 8_000_000]],
])('puts x into its class of size: %s, %j', (expected, shape) => {
  expect(sizeClass({ shape }, CACHES)).toBe(expected)
})

// What shares a statistic: a row of 32 KiB, a channel of 64 KiB in all samples, then of 1 MiB.
it.each([
  ['a row that stays in L2', benchCase('LayerNorm', 'plain', [2048, 8192], 'forward'), 1],
  ['a row that does not', benchCase('LayerNorm', 'plain', [1, MIB], 'forward'), 3 / 2],
  ['dy and x of a row that does not', benchCase('LayerNorm', 'plain', [1, MIB], 'backward'), 5 / 3],
  ['a small channel', benchCase('BatchNorm', 'channels-first', [4, 64, 64, 64], 'forward'), 1],
  ['a large channel', benchCase('BatchNorm', 'channels-first', [4, 64, 256, 256], 'forward'), 3 / 2],
  ['given statistics', benchCase('BatchNorm', 'channels-first', [4, 64, 256, 256], 'inference'), 1],
  ['small columns, 16 to a cache line', benchCase('BatchNorm', 'plain', [4096, 256], 'forward'), 1],
  ['columns', benchCase('BatchNorm', 'plain', [65536, 256], 'forward'), 3 / 2],
  ['a group, channels first', benchCase('GroupNorm', 'channels-first', [8, 256, 28, 28], 'backward'), 1],
  [
    'a large group, channels last',
    benchCase('GroupNorm', 'channels-last', [1, 128, 128, 512], 'forward'),
    3 / 2,
  ],
] as const)('knows the passes that %s requires', (_, bench, passes) => {
  expect(requiredBytes(bench, CACHES) / leastBytes(bench)).toBeCloseTo(passes, 12)
})

it('has every case once, each layout with the same elements and parameters', () => {
  const cases = Object.values(SUITES).flatMap((suite) => suite.cases)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  const first = cases.filter(({ layout }) => layout === 'channels-first')
  const last = cases.filter(({ layout }) => layout === 'channels-last')
  expect(first.length).toBeGreaterThan(0)
  expect(first.map(elementsOf)).toEqual(last.map(elementsOf))
  expect(first.map(parametersOf)).toEqual(last.map(parametersOf))
})
