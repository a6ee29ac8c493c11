import type { LabelledImages } from './labelled-images.js'
import { type Random, randomFor } from './random.js'

/** x to the right and y down, each from -1 to 1. */
type Point = readonly [x: number, y: number]
/** A line through points. */
type Stroke = readonly Point[]

/** Points on a circle about (x, y), from one angle to another, in degrees, clockwise from the right. */
function arc(x: number, y: number, radius: number, from: number, to: number): Stroke {
  const steps = 12
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const
  })
}

const line = (...points: Point[]): Stroke => points

/** Ten shapes; several are a stroke away from another, so that telling them apart takes some learning. */
export const GLYPHS: readonly { readonly name: string; readonly strokes: readonly Stroke[] }[] = [
  { name: 'ring', strokes: [arc(0, 0, 0.8, 0, 360)] },
  { name: 'open ring', strokes: [arc(0, 0, 0.8, 35, 325)] },
  { name: 'ring with tail', strokes: [arc(0, 0, 0.8, 0, 360), line([0.25, 0.25], [0.9, 0.9])] },
  { name: 'half ring', strokes: [arc(-0.4, 0, 0.8, -90, 90), line([-0.4, -0.8], [-0.4, 0.8])] },
  { name: 'cross', strokes: [line([0, -0.9], [0, 0.9]), line([-0.8, -0.15], [0.8, -0.15])] },
  { name: 'tee', strokes: [line([0, -0.8], [0, 0.9]), line([-0.8, -0.8], [0.8, -0.8])] },
  {
    name: 'two-toothed comb',
    strokes: [line([0.7, -0.8], [-0.5, -0.8], [-0.5, 0.9]), line([-0.5, 0], [0.5, 0])],
  },
  {
    name: 'three-toothed comb',
    strokes: [line([0.7, -0.8], [-0.5, -0.8], [-0.5, 0.8], [0.7, 0.8]), line([-0.5, 0], [0.5, 0])],
  },
  { name: 'zed', strokes: [line([-0.7, -0.8], [0.7, -0.8], [-0.7, 0.8], [0.7, 0.8])] },
  { name: 'en', strokes: [line([-0.7, 0.8], [-0.7, -0.8], [0.7, 0.8], [0.7, -0.8])] },
]

export const GLYPH_SIZE = 28

/** How far each drawing strays from its shape. Tuned so that a small ConvNet errs on some 5 % of unseen images. */
const JITTER = {
  /** Radians either way. */
  rotation: 0.25,
  shear: 0.2,
  scale: [0.65, 0.95],
  /** Width over height is up to this factor either way. */
  aspect: 1.2,
  /** Of the half-width. */
  shift: 0.12,
  /** Standard deviation by which each point strays. */
  point: 0.09,
  /** In pixels. */
  strokeWidth: [1.1, 2.8],
  ink: [0.4, 1],
  /** Standard deviation of each pixel, of full white. */
  noise: 0.23,
  /** Up to so many short lines that mean nothing. */
  clutter: 3,
} as const

/**
 * `count` drawn glyphs, each from its own random stream: the same seed and index give the same image, however
 * many are asked for.
 */
export function drawGlyphs(
  seed: number,
  count: number,
): { height: number; width: number; images: LabelledImages } {
  const size = GLYPH_SIZE * GLYPH_SIZE
  const images = { pixels: new Uint8Array(count * size), labels: new Uint8Array(count) }
  for (let i = 0; i < count; i++) {
    const random = randomFor(seed, 'glyph', i)
    images.labels[i] = random.below(GLYPHS.length)
    drawGlyph(images.pixels.subarray(i * size, (i + 1) * size), GLYPHS[images.labels[i]].strokes, random)
  }
  return { height: GLYPH_SIZE, width: GLYPH_SIZE, images }
}

function drawGlyph(pixels: Uint8Array, strokes: readonly Stroke[], random: Random): void {
  const place = placement(random)
  const ink = random.uniform(...JITTER.ink)
  const brightness = new Float64Array(pixels.length)
  const halfWidth = random.uniform(...JITTER.strokeWidth) / 2
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) =>
      place(x + JITTER.point * random.normal(), y + JITTER.point * random.normal()),
    )
    for (let i = 1; i < points.length; i++) drawSegment(brightness, points[i - 1], points[i], halfWidth, ink)
  }
  for (let lines = random.below(JITTER.clutter + 1); lines > 0; lines--) {
    const from = [random.uniform(0, GLYPH_SIZE), random.uniform(0, GLYPH_SIZE)] as const
    const to = [from[0] + 4 * random.normal(), from[1] + 4 * random.normal()] as const
    drawSegment(brightness, from, to, halfWidth, ink)
  }
  for (let i = 0; i < pixels.length; i++) {
    const value = brightness[i] + JITTER.noise * random.normal()
    pixels[i] = Math.round(255 * Math.min(1, Math.max(0, value)))
  }
}

/** A random affine map from the shape's square to pixels. */
function placement(random: Random): (x: number, y: number) => Point {
  const angle = random.uniform(-JITTER.rotation, JITTER.rotation)
  const scale = (random.uniform(...JITTER.scale) * GLYPH_SIZE) / 2
  const aspect = JITTER.aspect ** random.uniform(-0.5, 0.5)
  const shear = random.uniform(-JITTER.shear, JITTER.shear)
  const centre = () => (GLYPH_SIZE / 2) * (1 + random.uniform(-JITTER.shift, JITTER.shift))
  const [middleX, middleY, cos, sin] = [centre(), centre(), Math.cos(angle), Math.sin(angle)]
  return (x, y) => {
    const across = (x + shear * y) * aspect * scale
    const down = (y / aspect) * scale
    return [middleX + cos * across - sin * down, middleY + sin * across + cos * down]
  }
}

/** Raises each pixel near the segment to `ink`, falling to 0 over one pixel at the edge. */
function drawSegment(brightness: Float64Array, from: Point, to: Point, halfWidth: number, ink: number): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const squared = dx * dx + dy * dy || 1
  const reach = halfWidth + 1
  const range = (a: number, b: number) => [
    Math.max(0, Math.floor(Math.min(a, b) - reach)),
    Math.min(GLYPH_SIZE - 1, Math.ceil(Math.max(a, b) + reach)),
  ]
  const [left, right] = range(from[0], to[0])
  const [top, bottom] = range(from[1], to[1])
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [px, py] = [column + 0.5 - from[0], row + 0.5 - from[1]]
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / squared))
      const distance = Math.hypot(px - along * dx, py - along * dy)
      const value = ink * Math.min(1, Math.max(0, halfWidth + 0.5 - distance))
      const i = row * GLYPH_SIZE + column
      if (value > brightness[i]) brightness[i] = value
    }
  }
}
