import { describe, expect, it } from 'vitest'
import { Random } from '../src/selftest/random.js'
import { FLOAT64 } from './support/arithmetic.js'
import { differences } from './support/differences.js'
import { EXACT } from './support/exact.js'
import { forward, inputGradient, type Norm, parameterGradient } from './support/textbook.js'
import { DIFFERENCE_TOLERANCE, TEXTBOOK_ROUNDINGS, UNIT_ROUNDOFF } from './support/tolerance.js'

// The statement that all other tests judge by: its gradients are those of its forward pass, and what it is in float64 it is
// in exact numbers too.

const ELEMENTS = 24
const keys = (count: number, key: (i: number) => number) => ({
  keys: Array.from({ length: ELEMENTS }, (_, i) => key(i)),
  count,
})

function normOf(centred: boolean, isGiven: boolean): Norm {
  const slots = keys(4, (i) => Math.floor(i / 6))
  const parameters = keys(3, (i) => i % 3)
  return {
    slots: slots.keys,
    slotCount: slots.count,
    parameters: parameters.keys,
    parameterCount: parameters.count,
    centred,
    eps: 1e-3,
    given: isGiven ? { mean: [0.5, -1, 0, 2], variance: [1, 0.25, 3, 2] } : null,
    meanIsRounded: true,
  }
}

const NORMS: readonly (readonly [title: string, norm: Norm])[] = [
  ['centred', normOf(true, false)],
  ['not centred', normOf(false, false)],
  ['of given statistics', normOf(true, true)],
]

const random = new Random(3)
const draw = (length: number) => Float64Array.from({ length }, () => 1 + random.normal())
const inputs = { x: draw(ELEMENTS), weight: draw(3), bias: draw(3) }
const dy = draw(ELEMENTS)
const zeros = [0, 0, 0]

describe.each(NORMS)('a norm %s', (_, norm) => {
  const terms = forward(FLOAT64, norm, inputs)
  const loss = () => forward(FLOAT64, norm, inputs).y.value.reduce((sum, y, i) => sum + y * dy[i], 0)

  it.each([
    ['x', inputs.x, inputGradient(FLOAT64, norm, terms, dy)],
    ['weight', inputs.weight, parameterGradient(FLOAT64, norm, terms, dy, 'weight', zeros)],
    ['bias', inputs.bias, parameterGradient(FLOAT64, norm, terms, dy, 'bias', zeros)],
  ] as const)('has the gradient of %s that finite differences give', (_, values, { value }) => {
    const most = value.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
    const slopes = differences(values, loss)
    for (const [i, slope] of slopes.entries()) {
      expect(Math.abs(value[i] - slope)).toBeLessThanOrEqual(DIFFERENCE_TOLERANCE * most)
    }
  })

  it('is the same in exact numbers', () => {
    const exactTerms = forward(EXACT, norm, inputs)
    const pairs = [
      [terms.y, exactTerms.y],
      [inputGradient(FLOAT64, norm, terms, dy), inputGradient(EXACT, norm, exactTerms, dy)],
      [
        parameterGradient(FLOAT64, norm, terms, dy, 'weight', zeros),
        parameterGradient(EXACT, norm, exactTerms, dy, 'weight', zeros),
      ],
    ] as const
    for (const [float, exact] of pairs) {
      for (const [i, value] of float.value.entries()) {
        const roundings = TEXTBOOK_ROUNDINGS * UNIT_ROUNDOFF.float64 * float.scale[i]
        expect(Math.abs(value - exact.value[i].toNumber())).toBeLessThanOrEqual(roundings)
        expect(Math.abs(float.scale[i] - exact.scale[i].toNumber())).toBeLessThanOrEqual(roundings)
      }
    }
  })

  it('adds the gradients of parameters to what there was', () => {
    const before = [7, -5, 3]
    const [alone, added] = [zeros, before].map((of) =>
      parameterGradient(FLOAT64, norm, terms, dy, 'bias', of),
    )
    for (const [p, value] of added.value.entries()) expect(value - before[p]).toBeCloseTo(alone.value[p], 12)
  })
})
