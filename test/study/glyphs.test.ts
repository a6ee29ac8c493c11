import { expect, it } from 'vitest'
import { drawGlyphs, GLYPH_SIZE, GLYPHS } from '../../study/data/glyphs.js'
import { randomFor, seedFor } from '../../study/data/random.js'

it('draws the same images from the same seed, however many are asked for', () => {
  const few = drawGlyphs(1, 20).images
  const many = drawGlyphs(1, 40).images
  expect(many.pixels.subarray(0, few.pixels.length)).toEqual(few.pixels)
  expect(many.labels.subarray(0, 20)).toEqual(few.labels)
  expect(drawGlyphs(2, 20).images.pixels).not.toEqual(few.pixels)
})

it('draws every class, with ink on every image', () => {
  const { pixels, labels } = drawGlyphs(1, 400).images
  expect([...new Set(labels)].sort()).toEqual([...GLYPHS.keys()])
  const size = GLYPH_SIZE * GLYPH_SIZE
  labels.forEach((_, i) => {
    const bright = pixels.subarray(i * size, (i + 1) * size).filter((pixel) => pixel > 100).length
    expect(bright).toBeGreaterThan(10)
    expect(bright).toBeLessThan(size / 2)
  })
})

it('gives each key its own stream', () => {
  const draw = (...key: string[]) => randomFor(1, ...key).uniform()
  expect(draw('a')).toBe(draw('a'))
  expect(new Set([draw('a'), draw('b'), draw('a', 'b')]).size).toBe(3)
  expect(seedFor(1, 'a')).not.toBe(seedFor(2, 'a'))
})

it('gives random numbers of the distributions that it names', () => {
  const random = randomFor(1, 'distribution')
  const count = 20000
  const normal = Array.from({ length: count }, () => random.normal())
  const mean = normal.reduce((sum, x) => sum + x, 0) / count
  const variance = normal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count
  // Four standard errors: 4 / sqrt(count) and 4 sqrt(2 / count).
  expect(Math.abs(mean)).toBeLessThan(0.03)
  expect(Math.abs(variance - 1)).toBeLessThan(0.04)
  expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual([...Array(100).keys()])
})
