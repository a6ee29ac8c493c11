import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'
import type { ApplyBuffers, ApplyGradientBuffers, BackwardBuffers, MomentsBuffers } from '../backend.js'
import { PARTITION_ROWS, round, SHIFT_STEPS, STEPS } from './arithmetic.js'
import type { BackwardTable, ForwardTable } from './fold.js'
import {
  clear,
  emptyMoments,
  type GradientSums,
  type Moments,
  merge,
  mergeEquals,
  tableSamples,
} from './merge.js'
import { finishMoments, squaresTrusted, wideMoments } from './spans.js'

// columns: x [N, S, C]. The C channels of a position lie side by side. A column is one channel of one sample.
// Each channel has its own lane, so that no tree of lanes is needed.

type Data = Pick<BackwardBuffers, 'dy' | 'x'>

/** The moments of the columns are merged into their slots. */
export function moments(plan: Plan, io: MomentsBuffers): void {
  const slots = plan.scope === 'batch' ? plan.channels : plan.groups
  const perSlot = plan.channels / slots
  for (let n = 0; n < plan.samples; n++) {
    const columns = columnMoments(plan, io.x, n * plan.spatial * plan.channels)
    for (let i = 0; i < slots; i++) {
      const entry = mergeEquals(columns.slice(i * perSlot, (i + 1) * perSlot))
      io.mean[n * slots + i] = entry.mean
      io.m2[n * slots + i] = entry.m2
    }
  }
}

/** The moments of each column of one sample. Blocks are merged into partitions, and partitions into the column. */
function columnMoments(plan: Plan, x: FloatArray, start: number): Moments[] {
  const { channels, spatial } = plan
  const columns = Array.from({ length: channels }, emptyMoments)
  const partitions = Array.from({ length: channels }, emptyMoments)
  const work = [0, 1, 2].map(() => newArray(plan.dtype, channels))
  for (let partition = 0; partition < spatial; partition += PARTITION_ROWS) {
    const end = Math.min(partition + PARTITION_ROWS, spatial)
    partitions.forEach(clear)
    for (let row = partition; row < end; row += STEPS) {
      blockMoments(plan, x, start + row * channels, Math.min(STEPS, end - row), work, partitions)
    }
    for (let c = 0; c < channels; c++)
      merge(columns[c], partitions[c].count, partitions[c].mean, partitions[c].m2)
  }
  return columns
}

const ofBlock = emptyMoments()

/** The moments of a block of rows. Each channel is shifted by K, the mean of its first two rows. */
function blockMoments(
  plan: Plan,
  x: FloatArray,
  start: number,
  rows: number,
  work: FloatArray[],
  partitions: Moments[],
): void {
  const { channels, centred } = plan
  const single = plan.dtype === 'float32'
  const [shift, sum1, sum2] = work
  sum1.fill(0)
  sum2.fill(0)
  for (let c = 0; c < channels; c++) shift[c] = centred ? blockShift(x, start + c, rows, channels, single) : 0
  for (let row = 0; row < rows; row++) {
    const first = start + row * channels
    for (let c = 0; c < channels; c++) {
      const d = round(x[first + c] - shift[c], single)
      sum1[c] += d
      sum2[c] += round(d * d, single)
    }
  }
  for (let c = 0; c < channels; c++) {
    if (single && !squaresTrusted(sum1[c], sum2[c])) {
      wideMoments(x, start + c, rows, channels, centred, ofBlock)
    } else if (centred) {
      finishMoments(shift[c], sum1[c], sum2[c], rows, ofBlock)
    } else {
      ofBlock.mean = 0
      ofBlock.m2 = sum2[c]
    }
    merge(partitions[c], rows, ofBlock.mean, ofBlock.m2)
  }
}

/**
 * The mean of the first two rows. They are halved before they are added, so that the mean is exact if both are equal,
 * and cannot overflow.
 */
function blockShift(x: FloatArray, first: number, rows: number, stride: number, single: boolean): number {
  if (rows < SHIFT_STEPS) return x[first]
  return round(round(x[first] * 0.5, single) + round(x[first + stride] * 0.5, single), single)
}

export function map(plan: Plan, io: ApplyBuffers, table: ForwardTable): void {
  const { samples, channels, spatial } = plan
  const single = plan.dtype === 'float32'
  const { x, y } = io
  const { mh, a, b } = table
  for (let row = 0; row < samples * spatial; row++) {
    const first = row * channels
    const entry = entryOf(plan, row)
    for (let c = 0; c < channels; c++) {
      y[first + c] = round(round(x[first + c] - mh[entry + c], single) * a[entry + c], single) + b[entry + c]
    }
  }
}

/**
 * The sums of dy and of dy * (x - mh) * r for each column. The sums of a block of rows are in the element type, all
 * further sums in float64.
 */
export function gradientSums(plan: Plan, io: Data, table: BackwardTable): GradientSums {
  const { samples, channels, spatial } = plan
  const sums = {
    sum1: new Float64Array(samples * channels),
    sum2: new Float64Array(samples * channels),
  }
  const partition1 = new Float64Array(channels)
  const partition2 = new Float64Array(channels)
  const block1 = newArray(plan.dtype, channels)
  const block2 = newArray(plan.dtype, channels)
  for (let n = 0; n < samples; n++) {
    for (let partition = 0; partition < spatial; partition += PARTITION_ROWS) {
      const end = Math.min(partition + PARTITION_ROWS, spatial)
      partition1.fill(0)
      partition2.fill(0)
      for (let row = partition; row < end; row += STEPS) {
        blockGradientSums(plan, io, table, n, row, Math.min(STEPS, end - row), block1, block2)
        for (let c = 0; c < channels; c++) {
          partition1[c] += block1[c]
          partition2[c] += block2[c]
        }
      }
      for (let c = 0; c < channels; c++) {
        sums.sum1[n * channels + c] += partition1[c]
        sums.sum2[n * channels + c] += partition2[c]
      }
    }
  }
  return sums
}

function blockGradientSums(
  plan: Plan,
  io: Data,
  table: BackwardTable,
  n: number,
  row: number,
  rows: number,
  sum1: FloatArray,
  sum2: FloatArray,
): void {
  const { channels, spatial } = plan
  const single = plan.dtype === 'float32'
  const { dy, x } = io
  const { mh, r } = table
  sum1.fill(0)
  sum2.fill(0)
  for (let position = n * spatial + row; position < n * spatial + row + rows; position++) {
    const first = position * channels
    const entry = entryOf(plan, position)
    for (let c = 0; c < channels; c++) {
      const g = dy[first + c]
      const xr = round(round(x[first + c] - mh[entry + c], single) * r[entry + c], single)
      sum1[c] += g
      sum2[c] += round(g * xr, single)
    }
  }
}

export function mapGradient(plan: Plan, io: ApplyGradientBuffers, table: BackwardTable): void {
  const { samples, channels, spatial, given } = plan
  const single = plan.dtype === 'float32'
  const { dy, x, dx } = io
  const { mh, r, a, k2, k1 } = table
  for (let row = 0; row < samples * spatial; row++) {
    const first = row * channels
    const entry = entryOf(plan, row)
    if (given) {
      for (let c = 0; c < channels; c++) dx[first + c] = dy[first + c] * a[entry + c]
      continue
    }
    for (let c = 0; c < channels; c++) {
      const xr = round(round(x[first + c] - mh[entry + c], single) * r[entry + c], single)
      dx[first + c] =
        round(round(dy[first + c] * a[entry + c], single) + round(xr * k2[entry + c], single), single) +
        k1[entry + c]
    }
  }
}

/** The index of the first entry for position n * S + s. */
function entryOf(plan: Plan, row: number): number {
  return tableSamples(plan) === 1 ? 0 : Math.floor(row / plan.spatial) * plan.channels
}
