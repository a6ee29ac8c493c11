import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  batchNorm,
  type DType,
  gradients,
  groupNorm,
  instanceNorm,
  layerNorm,
  Moments,
  type MomentsOptions,
  mergeMoments,
  moments,
  type Normalized,
  normalize,
  rmsNorm,
  type Tensor,
  tensor,
} from '../src/index.js'
import { Random } from '../src/selftest/random.js'
import { expectSame } from './support/moments.js'
import { firstDifference } from './support/run.js'
import { draw, drawArray, sizeOf, toChannelsLast } from './support/tensors.js'
import { MERGED_MOMENTS } from './support/tolerance.js'

// Moments as a value: they are those of the norms, merge to those of the whole, and survive every transport.

/** Each norm, its moments, and how many parameters it has. */
interface Row {
  readonly title: string
  readonly shape: readonly number[]
  readonly options: MomentsOptions
  readonly parameters: number
  norm(x: Tensor, parameters: object): Normalized
}

const LAST = { layout: 'channels-last' } as const
const ROWS: readonly Row[] = [
  { title: 'batchNorm [N, C]', shape: [9, 5], options: {}, parameters: 5, norm: (x, o) => batchNorm(x, o) },
  {
    title: 'batchNorm',
    shape: [3, 4, 7, 5],
    options: {},
    parameters: 4,
    norm: (x, o) => batchNorm(x, o),
  },
  {
    title: 'batchNorm, channels last',
    shape: [3, 40, 4],
    options: LAST,
    parameters: 4,
    norm: (x, o) => batchNorm(x, { ...o, ...LAST }),
  },
  {
    title: 'groupNorm',
    shape: [3, 6, 11],
    options: { groups: 2 },
    parameters: 6,
    norm: (x, o) => groupNorm(x, { ...o, groups: 2 }),
  },
  {
    title: 'groupNorm, channels last',
    shape: [3, 11, 6],
    options: { groups: 3, ...LAST },
    parameters: 6,
    norm: (x, o) => groupNorm(x, { ...o, groups: 3, ...LAST }),
  },
  {
    title: 'instanceNorm',
    shape: [3, 6, 11],
    options: { groups: 'channels' },
    parameters: 6,
    norm: (x, o) => instanceNorm(x, o),
  },
  {
    title: 'layerNorm',
    shape: [5, 3, 37],
    options: { normalizedShape: 37 },
    parameters: 37,
    norm: (x, o) => layerNorm(x, { ...o, normalizedShape: 37 }),
  },
  {
    title: 'layerNorm over two dimensions',
    shape: [5, 3, 37],
    options: { normalizedShape: [3, 37] },
    parameters: 111,
    norm: (x, o) => layerNorm(x, { ...o, normalizedShape: [3, 37] }),
  },
  {
    title: 'rmsNorm',
    shape: [5, 37],
    options: { normalizedShape: [37], about: 'zero' },
    parameters: 37,
    norm: (x, o) => rmsNorm(x, { ...o, normalizedShape: 37 }),
  },
]

const seeds = fc.integer()
const dtypes = fc.constantFrom<DType>('float32', 'float64')
/** A mean beside a deviation of 1. */
const centres = fc.constantFrom(0, 1, -100, 1e4)

const values = ({ count, mean, m2 }: Moments) => ({ count, mean, m2 })

describe.each(ROWS)('$title', ({ shape, options, parameters, norm }) => {
  it('has these moments, and normalize() by them gives its bits', () => {
    fc.assert(
      fc.property(seeds, dtypes, centres, (seed, dtype, centre) => {
        const random = new Random(seed)
        const x = draw(random, dtype, shape, centre)
        const affine = {
          weight: drawArray(random, dtype, parameters),
          bias: drawArray(random, dtype, parameters),
        }
        const { y, context } = norm(x, affine)
        const taken = moments(x, options)
        expect(firstDifference(taken.mean, context.mean)).toBe(null)
        expect(firstDifference(taken.variance(), context.variance)).toBe(null)
        expect([...taken.count]).toEqual(Array(taken.slots).fill(context.count))
        const { layout } = options
        const again = normalize(x, taken, { ...affine, ...(layout && { layout }) })
        expect(firstDifference(again.y.data, y.data)).toBe(null)
      }),
      { numRuns: 20, seed: 20 },
    )
  })

  it('survives bytes, JSON and a structured clone', () => {
    const taken = moments(draw(new Random(1), 'float32', shape), options)
    expectSame(Moments.fromBytes(taken.toBytes()), taken)
    expectSame(Moments.fromJSON(JSON.parse(JSON.stringify(taken))), taken)
    expectSame(mergeMoments(structuredClone(taken)), taken)
  })
})

describe('a gradient by given moments', () => {
  it('takes them as constants', () => {
    const x = tensor(Float64Array.of(1, 2, 3, 4), [2, 2])
    const by = moments(x)
    const { context } = normalize(x, by, { weight: Float64Array.of(2, 3), eps: 0.75 })
    // The variance of both channels is 1.
    const { dx } = gradients(context, tensor(new Float64Array(4).fill(1), [2, 2]))
    const rstd = 1 / Math.sqrt(1.75)
    expect([...dx.data]).toEqual([2 * rstd, 3 * rstd, 2 * rstd, 3 * rstd])
  })
})

describe('blocks', () => {
  it.each([
    ['one sample of a batch, of planes beyond 16 steps', [5, 3, 513], 1],
    ['32 samples of a batch, of planes of one step', [70, 3, 16], 32],
    ['256 rows of [N, C]', [700, 3], 256],
  ] as const)('of %s are partitions: their merge has the bits of the whole', (_, shape, extent) => {
    fc.assert(
      fc.property(seeds, dtypes, centres, (seed, dtype, centre) => {
        const x = draw(new Random(seed), dtype, shape, centre)
        const merged = mergeMoments(...blocksOf(x, extent).map((block) => moments(block)))
        expectSame(merged, moments(x))
      }),
      { numRuns: 20, seed: 20 },
    )
  })

  it('of a channel that spans partitions have the bits of the whole', () => {
    const x = draw(new Random(3), 'float32', [1, 1, 3 * 65536], 10)
    const blocks = [0, 1, 2].map((i) => tensor(x.data.subarray(i * 65536, (i + 1) * 65536), [1, 1, 65536]))
    const merged = mergeMoments(...blocks.map((block) => moments(block)))
    expectSame(merged, moments(x))
  })

  it('of any size are near', () => {
    fc.assert(
      fc.property(
        seeds,
        centres,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 60 }),
        (seed, centre, extent, samples) => {
          const x = draw(new Random(seed), 'float64', [samples, 3, 11], centre)
          const whole = moments(x)
          const merged = mergeMoments(...blocksOf(x, extent).map((block) => moments(block)))
          expect(merged.count).toEqual(whole.count)
          for (let slot = 0; slot < 3; slot++) {
            const scale = Math.abs(whole.mean[slot]) + Math.sqrt(whole.variance()[slot])
            expect(Math.abs(merged.mean[slot] - whole.mean[slot])).toBeLessThanOrEqual(MERGED_MOMENTS * scale)
            const room = MERGED_MOMENTS * whole.count[slot] * scale * Math.sqrt(whole.variance()[slot])
            expect(Math.abs(merged.m2[slot] - whole.m2[slot])).toBeLessThanOrEqual(room)
          }
        },
      ),
      { numRuns: 200, seed: 20 },
    )
  })

  it('are merged alike, whatever carried them', () => {
    fc.assert(
      fc.property(seeds, dtypes, (seed, dtype) => {
        const x = draw(new Random(seed), dtype, [6, 4, 9])
        const blocks = blocksOf(x, 2).map((block) => moments(block))
        const merged = mergeMoments(...blocks)
        expectSame(mergeMoments(...blocks.map((block) => Moments.fromBytes(block.toBytes()))), merged)
        const sent = blocks.map((block) => Moments.fromJSON(JSON.parse(JSON.stringify(block))))
        expectSame(mergeMoments(...sent), merged)
      }),
      { numRuns: 50, seed: 20 },
    )
  })

  it('of channels first and last are the same slots', () => {
    const x = draw(new Random(4), 'float64', [2, 6, 10])
    const first = moments(x, { groups: 3 })
    const last = moments(toChannelsLast(x), { groups: 3, ...LAST })
    expect(last.shape).toEqual(first.shape)
    expect(mergeMoments(first, last).count).toEqual(first.count.map((count) => 2 * count))
  })
})

describe('no elements', () => {
  it.each([
    ['no samples, per channel', [0, 3, 4], {}, 3],
    ['no space, per channel', [2, 3, 0], {}, 3],
    ['no samples, per group', [0, 4, 5], { groups: 2 }, 0],
    ['no space, per group', [3, 4, 0], { groups: 2 }, 6],
    ['no rows', [0, 5], { normalizedShape: 5 }, 0],
  ] as const)('%s: moments of count 0', (_, shape, options, slots) => {
    const x = tensor(new Float32Array(), shape)
    const none = moments(x, options)
    const zeros = new Float64Array(slots)
    expect(values(none)).toEqual({ count: zeros, mean: zeros, m2: zeros })
    expect(none.variance()).toEqual(zeros)
    expectSame(Moments.fromBytes(none.toBytes()), none)
    expect(normalize(x, none).y).toEqual(x)
    expectSame(mergeMoments(none, none), none)
  })

  it('change nothing, before and after others', () => {
    const some = moments(draw(new Random(5), 'float32', [4, 3, 5]))
    const none = moments(tensor(new Float32Array(), [0, 3, 5]))
    for (const merged of [mergeMoments(none, some), mergeMoments(some, none, none), mergeMoments(some)])
      expectSame(merged, some)
  })

  it('one element has m2 0', () => {
    const one = moments(tensor(Float32Array.of(3, 4), [1, 2]))
    expect(values(one)).toEqual({
      count: Float64Array.of(1, 1),
      mean: Float64Array.of(3, 4),
      m2: new Float64Array(2),
    })
  })
})

/** x cut along its first dimension; the last block may be shorter. */
function blocksOf({ data, shape }: Tensor, extent: number): Tensor[] {
  const [samples, ...rest] = shape
  const step = sizeOf(rest)
  return Array.from({ length: Math.ceil(samples / extent) }, (_, i) => {
    const count = Math.min(extent, samples - i * extent)
    return tensor(data.slice(i * extent * step, (i * extent + count) * step), [count, ...rest])
  })
}
