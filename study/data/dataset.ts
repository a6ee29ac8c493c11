import { createHash } from 'node:crypto'
import { fail } from '../../src/errors.js'
import { drawGlyphs } from './glyphs.js'
import { type IdxSets, readIdxDirectory } from './idx.js'
import type { LabelledImages } from './labelled-images.js'
import { randomFor } from './random.js'

export interface Dataset {
  readonly name: string
  readonly height: number
  readonly width: number
  readonly classes: number
  readonly train: LabelledImages
  readonly test: LabelledImages
  /** The training pixels' mean and standard deviation, by which the networks' inputs are standardized. */
  readonly mean: number
  readonly deviation: number
  /** A digest of all of the above: the same data gives the same one. */
  readonly fingerprint: string
}

export interface DatasetOptions {
  /** A directory of IDX files; undefined draws glyphs. */
  readonly directory?: string
  readonly seed: number
  /** At most so many images of each kind. */
  readonly trainCount: number
  readonly testCount: number
}

/** What share of a single set trains; the rest tests. 8,000 and 2,000 of MNIST's 10,000. */
const TRAIN_SHARE = 0.8

/** Reads or draws the images, and splits or thins them by the seed. */
export function loadDataset({ directory, seed, trainCount, testCount }: DatasetOptions): Dataset {
  if (directory === undefined) {
    const { images, ...size } = drawGlyphs(seed, trainCount + testCount)
    return describe('glyphs', size, take(images, 0, trainCount), take(images, trainCount, testCount))
  }
  const sets = readIdxDirectory(directory)
  const { train, test } = splitSets(sets, seed)
  return describe(sets.name, sets, take(train, 0, trainCount), take(test, 0, testCount))
}

function splitSets({ train, test, height, width }: IdxSets, seed: number) {
  const size = height * width
  if (train && test) {
    return { train: shuffled(train, size, seed, 'train'), test: shuffled(test, size, seed, 'test') }
  }
  const all = shuffled((train ?? test)!, size, seed, 'split')
  const count = all.labels.length
  const trained = Math.floor(count * TRAIN_SHARE)
  return { train: take(all, 0, trained), test: take(all, trained, count - trained) }
}

function shuffled({ pixels, labels }: LabelledImages, size: number, seed: number, key: string) {
  const order = randomFor(seed, 'images', key).permutation(labels.length)
  const moved = { pixels: new Uint8Array(pixels.length), labels: new Uint8Array(labels.length) }
  order.forEach((from, to) => {
    moved.labels[to] = labels[from]
    moved.pixels.set(pixels.subarray(from * size, (from + 1) * size), to * size)
  })
  return moved
}

/** Copies, so that a worker is sent these images and not the buffer that they lie in. */
function take({ pixels, labels }: LabelledImages, start: number, count: number): LabelledImages {
  const size = pixels.length / labels.length
  return {
    pixels: pixels.slice(start * size, (start + count) * size),
    labels: labels.slice(start, start + count),
  }
}

function describe(
  name: string,
  { height, width }: { height: number; width: number },
  train: LabelledImages,
  test: LabelledImages,
): Dataset {
  const classes = 1 + Math.max(...countLabels(train).keys(), ...countLabels(test).keys())
  if (train.labels.length === 0 || test.labels.length === 0 || classes < 2) {
    fail(
      'EVENKEEL_OPTION',
      'study',
      `the data must hold images of at least two classes to train and to test with, got ${train.labels.length} and ${test.labels.length} images of ${classes}`,
      'give a larger set',
    )
  }
  const digest = createHash('sha256')
  for (const bytes of [train.pixels, train.labels, test.pixels, test.labels]) digest.update(bytes)
  const fingerprint = digest.digest('hex').slice(0, 16)
  return { name, height, width, classes, train, test, ...moments(train.pixels), fingerprint }
}

/** How many images each label has. */
export function countLabels({ labels }: LabelledImages): Map<number, number> {
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

function moments(pixels: Uint8Array): { mean: number; deviation: number } {
  let sum = 0
  let squares = 0
  // Whole numbers below 2^53: both sums are exact.
  for (const pixel of pixels) {
    sum += pixel
    squares += pixel * pixel
  }
  const mean = sum / pixels.length
  // A set of blank images has deviation 0, which nothing can be divided by.
  return { mean, deviation: Math.sqrt(squares / pixels.length - mean * mean) || 1 }
}
