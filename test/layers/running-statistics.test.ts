import { describe, expect, test } from 'vitest'
import { BatchNorm, type BatchNormOptions, InstanceNorm, LayerNorm, tensor } from '../../src/index.js'
import { channelOf, expectClose, expectError, momentsOf, randomTensor, snapshot } from './support.js'

const SHAPE = [3, 2, 5]
const COUNT = 15
const batches = ['first', 'second', 'third'].map((seed) => randomTensor(SHAPE, 'float64', seed))

/** Each channel's [mean, biased variance], batch by batch. */
const moments = batches.map((batch) => [0, 1].map((c) => momentsOf(channelOf(batch, c))))

function trained(options: BatchNormOptions): BatchNorm {
  const norm = new BatchNorm(2, { dtype: 'float64', ...options })
  for (const batch of batches) norm.forward(batch)
  return norm
}

/** The average by its definition: old weights keep[i], new weights take[i]. */
function average(keep: number[], take: number[], unbias: number) {
  const mean = [0, 0]
  const variance = [1, 1]
  moments.forEach((batch, i) => {
    batch.forEach((channel, c) => {
      mean[c] = keep[i] * mean[c] + take[i] * channel.mean
      variance[c] = keep[i] * variance[c] + take[i] * channel.variance * unbias
    })
  })
  return { mean, variance }
}

const UNBIASED = COUNT / (COUNT - 1)
const all = (value: number) => [value, value, value]
const RULES: readonly {
  title: string
  options: BatchNormOptions
  keep: number[]
  take: number[]
  unbias: number
}[] = [
  {
    title: 'default: newWeight 0.1, unbiased',
    options: {},
    keep: all(0.9),
    take: all(0.1),
    unbias: UNBIASED,
  },
  {
    title: 'newWeight 0.25, population',
    options: { runningAverage: { newWeight: 0.25 }, runningVariance: 'population' },
    keep: all(0.75),
    take: all(0.25),
    unbias: 1,
  },
  {
    title: 'newWeight 1: the last batch',
    options: { runningAverage: { newWeight: 1 } },
    keep: all(0),
    take: all(1),
    unbias: UNBIASED,
  },
  {
    title: 'decay 0.9, unbiased',
    options: { runningAverage: { decay: 0.9 } },
    keep: all(0.9),
    take: all(0.1),
    unbias: UNBIASED,
  },
  {
    title: 'decay 0: the last batch',
    options: { runningAverage: { decay: 0 } },
    keep: all(0),
    take: all(1),
    unbias: UNBIASED,
  },
  {
    title: 'cumulative: the mean of all batches',
    options: { runningAverage: 'cumulative', runningVariance: 'population' },
    keep: [0, 1 / 2, 2 / 3],
    take: [1, 1 / 2, 1 / 3],
    unbias: 1,
  },
  {
    title: "convention 'pytorch'",
    options: { convention: 'pytorch' },
    keep: all(0.9),
    take: all(0.1),
    unbias: UNBIASED,
  },
  {
    title: "convention 'keras'",
    options: { convention: 'keras' },
    keep: all(0.99),
    take: all(0.01),
    unbias: 1,
  },
  {
    title: "convention 'keras', with what is given winning",
    options: { convention: 'keras', runningVariance: 'unbiased', runningAverage: { decay: 0.5 } },
    keep: all(0.5),
    take: all(0.5),
    unbias: UNBIASED,
  },
]

describe.each(RULES)('BatchNorm, $title', ({ options, keep, take, unbias }) => {
  test('three batches give the average of the definition', () => {
    const norm = trained(options)
    const expected = average(keep, take, unbias)
    expectClose(norm.runningMean!.data, expected.mean)
    expectClose(norm.runningVariance!.data, expected.variance)
    expect(norm.batchesTracked).toBe(3)
  })

  test('eval mode normalizes with it, and leaves it', () => {
    const norm = trained(options).eval()
    const before = norm.stateDict()
    const x = randomTensor(SHAPE, 'float64', 'test')
    const { mean, variance } = average(keep, take, unbias)
    const expected = [...x.data].map((value, i) => {
      const c = Math.floor(i / 5) % 2
      return (value - mean[c]) / Math.sqrt(variance[c] + norm.eps)
    })
    expectClose(norm.forward(x).data, expected)
    expect(norm.stateDict()).toEqual(before)
  })
})

test('the presets have the eps of their library', () => {
  expect(new BatchNorm(1).eps).toBe(1e-5)
  expect(new BatchNorm(1, { convention: 'keras' }).eps).toBe(1e-3)
  expect(new BatchNorm(1, { convention: 'keras', eps: 1e-4 }).eps).toBe(1e-4)
})

test('a float32 average is rounded once, from float64', () => {
  const norm = new BatchNorm(1, { runningAverage: { newWeight: 0.1 } })
  norm.forward(tensor(Float32Array.of(1, 3), [2, 1]))
  norm.forward(tensor(Float32Array.of(2, 8), [2, 1]))
  const first = Math.fround(0.9 * 0 + 0.1 * 2)
  expect(norm.runningMean!.data[0]).toBe(Math.fround(0.9 * first + 0.1 * 5))
  const variance = Math.fround(0.9 * 1 + 0.1 * 2)
  expect(norm.runningVariance!.data[0]).toBe(Math.fround(0.9 * variance + 0.1 * 18))
})

test('runningAverage: false: no averages, and the statistics of the batch in eval mode too', () => {
  const norm = new BatchNorm(2, { dtype: 'float64', runningAverage: false })
  expect([norm.runningMean, norm.runningVariance, norm.batchesTracked]).toEqual([null, null, 0])
  const inTraining = norm.forward(batches[0]).data
  expect(norm.eval().forward(batches[0]).data).toEqual(inTraining)
  expect(Object.keys(norm.stateDict())).toEqual(['weight', 'bias'])
})

describe('a batch whose statistics are not finite', () => {
  const spoiled = randomTensor(SHAPE, 'float64', 'spoiled')
  spoiled.data[6] = Number.NaN

  test('is refused with the channel; averages, counter and the kept forward are as they were', () => {
    const norm = trained({})
    const dy = randomTensor(SHAPE, 'float64', 'dy')
    const twin = trained({})
    const before = snapshot(norm)
    expectError(
      () => norm.forward(spoiled),
      'EVENKEEL_STATISTICS',
      "BatchNorm: the batch's statistics are not finite in channel 1 (mean NaN, variance NaN); the running averages were left as they are; look for NaN or Infinity in the input, or a learning rate that is too high.",
    )
    expect(snapshot(norm)).toEqual(before)
    expect(norm.backward(dy).data).toEqual(twin.backward(dy).data)
    expect(snapshot(norm)).toEqual(snapshot(twin))
  })

  test('also where it is Infinity, and twice in a row', () => {
    const norm = trained({})
    const before = snapshot(norm)
    const infinite = randomTensor(SHAPE)
    infinite.data[0] = Number.POSITIVE_INFINITY
    for (let i = 0; i < 2; i++) {
      expectError(() => norm.forward(infinite), 'EVENKEEL_STATISTICS', /not finite in channel 0/)
    }
    expect(snapshot(norm)).toEqual(before)
  })

  test('names channel and sample of an InstanceNorm, the row of a LayerNorm', () => {
    const options = { dtype: 'float64', runningAverage: { newWeight: 0.1 } } as const
    const last = randomTensor(SHAPE)
    last.data[29] = Number.NaN
    expectError(
      () => new InstanceNorm(2, options).forward(last),
      'EVENKEEL_STATISTICS',
      /not finite in channel 1 of sample 2/,
    )
    expectError(() => new LayerNorm(5, options).forward(last), 'EVENKEEL_STATISTICS', /not finite in row 5/)
  })

  test('without running averages gives NaN, as in PyTorch, in that channel only', () => {
    const y = new BatchNorm(2, { dtype: 'float64', runningAverage: false }).forward(spoiled)
    expect(channelOf(y, 1).every(Number.isNaN)).toBe(true)
    expect(channelOf(y, 0).every(Number.isFinite)).toBe(true)
  })

  test('a variance that float32 cannot hold is refused as well', () => {
    const norm = new BatchNorm(1)
    const before = snapshot(norm)
    const huge = tensor(Float32Array.of(-1e30, 1e30), [2, 1])
    expectError(
      () => norm.forward(huge),
      'EVENKEEL_STATISTICS',
      "BatchNorm: the running averages of channel 0 would overflow float32; they were left as they are; scale the input down, or use dtype: 'float64'.",
    )
    expect(snapshot(norm)).toEqual(before)
  })
})

describe('InstanceNorm with runningAverage', () => {
  const norm = new InstanceNorm(2, { dtype: 'float64', runningAverage: { newWeight: 0.3 } })
  norm.forward(batches[0])
  const instances = [0, 1, 2].map((n) =>
    [0, 1].map((c) => momentsOf([...batches[0].data.slice(n * 10 + c * 5, n * 10 + c * 5 + 5)])),
  )
  const over = (value: (n: number) => number) => (value(0) + value(1) + value(2)) / 3

  test('averages the statistics of the samples, the variances unbiased', () => {
    expectClose(
      norm.runningMean!.data,
      [0, 1].map((c) => 0.3 * over((n) => instances[n][c].mean)),
    )
    const unbiased = [0, 1].map((c) => 0.7 + 0.3 * (5 / 4) * over((n) => instances[n][c].variance))
    expectClose(norm.runningVariance!.data, unbiased)
    expect(norm.batchesTracked).toBe(1)
  })

  test('eval mode is BatchNorm with these averages, gradient included', () => {
    const batchNorm = new BatchNorm(2, { dtype: 'float64', affine: false })
      .loadStateDict(norm.stateDict())
      .eval()
    norm.eval()
    const dy = randomTensor(SHAPE, 'float64', 'dy')
    expectClose(norm.forward(batches[1]).data, batchNorm.forward(batches[1]).data)
    expectClose(norm.backward(dy).data, batchNorm.backward(dy).data)
  })
})

describe('LayerNorm with runningAverage', () => {
  const norm = new LayerNorm([2, 5], { dtype: 'float64', runningAverage: { decay: 0.8 } })
  norm.forward(batches[0])
  const rows = [0, 1, 2].map((n) => momentsOf([...batches[0].data.slice(n * 10, n * 10 + 10)]))
  const mean = (0.2 * (rows[0].mean + rows[1].mean + rows[2].mean)) / 3
  const variance = 0.8 + (0.2 * (rows[0].variance + rows[1].variance + rows[2].variance)) / 3

  test('averages mean and variance of the rows into one pair', () => {
    expect(norm.runningMean!.shape).toEqual([])
    expectClose(norm.runningMean!.data, [mean])
    expectClose(norm.runningVariance!.data, [variance])
  })

  test('training is standard LayerNorm; eval mode normalizes every row by the pair', () => {
    const standard = new LayerNorm([2, 5], { dtype: 'float64' })
    expect(norm.train().forward(batches[0]).data).toEqual(standard.forward(batches[0]).data)
    norm.loadStateDict({
      ...norm.stateDict(),
      running_mean: { data: Float64Array.of(mean), shape: [] },
      running_var: { data: Float64Array.of(variance), shape: [] },
    })
    const x = randomTensor([4, 2, 5], 'float64', 'test')
    const expected = [...x.data].map((value) => (value - mean) / Math.sqrt(variance + 1e-5))
    expectClose(norm.eval().forward(x).data, expected)
  })

  test('a batch of no rows changes nothing', () => {
    const before = norm.train().stateDict()
    norm.forward(tensor(new Float64Array(0), [0, 2, 5]))
    expect(norm.stateDict()).toEqual(before)
  })

  test('is off by default', () => {
    expect(new LayerNorm(4).runningMean).toBeNull()
    expect(new InstanceNorm(4).runningMean).toBeNull()
  })
})
