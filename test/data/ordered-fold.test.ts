import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlace, OrderedFold } from '../../src/data/ordered-fold.js'

// The fold joins texts, so that the result shows the order and the brackets of all merges.

const brackets = () => new OrderedFold<string>((left, right) => `(${left}${right})`)

function foldOf(order: readonly number[]): OrderedFold<string> {
  const fold = brackets()
  for (const i of order) expect(fold.add(i, `${i} `)).toBe(true)
  return fold
}

describe('an ordered fold', () => {
  it.each([
    [0, undefined],
    [1, '0 '],
    [2, '(0 1 )'],
    [3, '((0 1 )2 )'],
    [4, '((0 1 )(2 3 ))'],
    [7, '((((0 1 )(2 3 ))(4 5 ))6 )'],
  ])('of %i values has a fixed shape', (count, shape) => {
    expect(foldOf(Array.from({ length: count }, (_, i) => i)).result()).toBe(shape)
  })

  it('does not depend on the order of the calls', () => {
    const numbers = fc.uniqueArray(fc.nat(40), { maxLength: 30 })
    fc.assert(
      fc.property(numbers, (order) => {
        const sorted = foldOf([...order].sort((a, b) => a - b))
        const fold = foldOf(order)
        expect(fold.nodes).toEqual(sorted.nodes)
        expect(fold.result()).toBe(sorted.result())
      }),
    )
  })

  it('has the bits of one fold when parts are merged', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), fc.nat(60), (a, b, c) => {
        const [low, middle, high] = [a, b, c].sort((x, y) => x - y)
        const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
        const parts = [range(middle, high), range(0, low), range(low, middle)].map(foldOf)
        const merged = brackets()
        for (const part of parts) expect(merged.addAll(part.nodes)).toBe(true)
        expect(merged.result()).toBe(foldOf(range(0, high)).result())
        expect(merged.nodes).toEqual(foldOf(range(0, high)).nodes)
      }),
    )
  })

  it('keeps few nodes', () => {
    expect(foldOf(Array.from({ length: 1000 }, (_, i) => i)).nodes.length).toBeLessThanOrEqual(10)
  })

  it.each([
    ['twice the same', [[0, 1]], [0, 1]],
    ['within a node', [[0, 4]], [2, 1]],
    ['around a node', [[5, 1]], [4, 4]],
    ['at no place of the tree', [], [1, 2]],
    ['of a length that is no power of 2', [], [0, 3]],
    ['before the first', [], [-1, 1]],
    ['of no length', [], [0, 0]],
    ['beyond whole numbers', [], [2 ** 53, 1]],
  ])('refuses a node %s, and changes nothing', (_, before, [first, length]) => {
    const fold = brackets()
    for (const [at, size] of before) fold.add(at, 'x', size)
    const nodes = [...fold.nodes]
    expect(fold.add(first, 'y', length)).toBe(false)
    expect(fold.nodes).toEqual(nodes)
  })

  it('adds all nodes of another, or none', () => {
    const fold = foldOf([0, 1, 5])
    const before = [...fold.nodes]
    expect(fold.addAll(foldOf([2, 3, 4, 5]).nodes)).toBe(false)
    expect(fold.nodes).toEqual(before)
  })

  it('has a place for nodes that begin at a multiple of their length', () => {
    expect(isPlace(4, 4)).toBe(true)
  })
})
