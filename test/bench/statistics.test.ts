import { expect, it } from 'vitest'
import { geometricMean, median, summarize } from '../../bench/speed/statistics.js'

it('takes medians and quartiles between neighbours', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(summarize([50, 10, 20, 40, 30])).toEqual({ median: 30, quartiles: [20, 40], least: 10, most: 50 })
  expect(summarize([1, 2]).quartiles).toEqual([1.25, 1.75])
  expect(summarize([7])).toEqual({ median: 7, quartiles: [7, 7], least: 7, most: 7 })
})

it('leaves the values in their order', () => {
  const values = [3, 1, 2]
  summarize(values)
  expect(values).toEqual([3, 1, 2])
})

it('averages ratios so that twice and half cancel', () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12)
  expect(geometricMean([1, 8])).toBeCloseTo(Math.sqrt(8), 12)
})

it('refuses to summarize nothing', () => {
  expect(() => median([])).toThrow('no values')
  expect(() => geometricMean([])).toThrow('no values')
})
