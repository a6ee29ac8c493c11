import { BatchNorm, type Layer, LayerNorm, tensor } from '../../../src/index.js'
import { Random } from '../../../src/selftest/random.js'
import { summary } from './shape.js'

/** One line of a figure. */
export interface Line {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly number[]
}

const SEED = 8
const normals = (random: Random, count: number) => Float32Array.from({ length: count }, () => random.normal())

export const DEPTH = 24
const WIDTH = 32
const SAMPLES = 16

/** [SAMPLES, WIDTH] x [WIDTH, WIDTH]. */
function product(x: Float32Array, weight: Float32Array): Float32Array {
  return Float32Array.from({ length: SAMPLES * WIDTH }, (_, i) => {
    const [row, column] = [i - (i % WIDTH), i % WIDTH]
    let sum = 0
    for (let k = 0; k < WIDTH; k++) sum += x[row + k] * weight[k * WIDTH + column]
    return sum
  })
}

/**
 * The deviation of the input of each activation, in a network of linear layer, norm and ReLU. gain: the deviation of the
 * weights, as a multiple of He's.
 */
export function signalByDepth(gain: number): Line[] {
  const norms: [string, () => Layer | null][] = [
    ['no norm', () => null],
    ['BatchNorm', () => new BatchNorm(WIDTH)],
    ['LayerNorm', () => new LayerNorm(WIDTH)],
  ]
  return norms.map(([name, make]) => {
    const random = new Random(SEED)
    let x = normals(random, SAMPLES * WIDTH)
    const y: number[] = []
    for (let layer = 0; layer < DEPTH; layer++) {
      const weight = normals(random, WIDTH * WIDTH).map((value) => gain * Math.sqrt(2 / WIDTH) * value)
      const sum = tensor(product(x, weight), [SAMPLES, WIDTH])
      const { data } = make()?.forward(sum) ?? sum
      y.push(summary(data).deviation)
      x = Float32Array.from(data, (value) => Math.max(0, value))
    }
    return { name, x: y.map((_, i) => i + 1), y }
  })
}

const BATCHES = [2, 4, 8, 16, 32, 64, 128]
const DRAWS = 200

/** How far the output of one and the same sample, 1 deviation above the mean, changes with the rest of its batch. */
export function spreadByBatch(): Line[] {
  const random = new Random(SEED)
  const y = BATCHES.map((batch) => {
    const norm = new BatchNorm(1, { runningAverage: false })
    const outputs = Array.from({ length: DRAWS }, () => {
      const data = normals(random, batch)
      data[0] = 1
      return norm.forward(tensor(data, [batch, 1])).data[0]
    })
    return summary(outputs).deviation
  })
  return [{ name: 'deviation of the output', x: BATCHES, y }]
}

const STEPS = 400
const BATCH = 32
/** At this step the mean of the data goes from 0 to 1. */
const CHANGE = 100

/** The running mean of each new weight, over the steps of a training whose data changes once. */
export function runningMeans(): Line[] {
  return [0.1, 0.01, 0.001].map((newWeight) => {
    const random = new Random(SEED)
    const norm = new BatchNorm(1, { runningAverage: { newWeight } })
    const y = Array.from({ length: STEPS }, (_, step) => {
      const mean = step < CHANGE ? 0 : 1
      norm.forward(
        tensor(
          normals(random, BATCH).map((value) => value + mean),
          [BATCH, 1],
        ),
      )
      return norm.runningMean?.data[0] ?? Number.NaN
    })
    return { name: `new weight ${newWeight}`, x: y.map((_, i) => i + 1), y }
  })
}
