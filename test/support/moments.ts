import { expect } from 'vitest'
import type { Moments } from '../../src/index.js'
import { firstDifference } from './run.js'

/** Throws unless both have the same shape and the same bits. */
export function expectSame(actual: Moments, expected: Moments): void {
  expect(actual.shape).toEqual(expected.shape)
  expect(actual.about).toBe(expected.about)
  for (const field of ['count', 'mean', 'm2'] as const)
    expect(firstDifference(actual[field], expected[field]), field).toBe(null)
}
