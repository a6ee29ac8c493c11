import type { Plan } from '../../plan.js'
import { type FloatArray, newArray } from '../../tensor.js'
import type { BackwardBuffers, ForwardBuffers } from '../backend.js'
import { round, SHIFT_STEPS, SLAB_ROWS, STEPS } from './arithmetic.js'
import { type BackwardTable, type ForwardTable, tableSamples } from './fold.js'
import { type Cell, clear, emptyCell, type GradientSums, merge, slotOf, varianceOf } from './merge.js'
import { finishMoments, squaresTrusted, wideMoments } from './runs.js'

// columns: x [N, S, C]. The C channels of a position lie side by side; a column is one channel of one sample.
// Each channel is a lane of its own, so that no tree is needed.

/** Columns merge into the slots: a channel's own, or its group's. */
export function moments(plan: Plan, io: ForwardBuffers): void {
  const slots = Array.from({ length: plan.slots }, emptyCell)
  for (let n = 0; n < plan.samples; n++) {
    const columns = columnMoments(plan, io.x, n * plan.spatial * plan.channels)
    for (const [c, column] of columns.entries()) {
      merge(slots[slotOf(plan, n, c)], column.count, column.mean, column.m2)
    }
  }
  for (const [slot, cell] of slots.entries()) {
    io.mean[slot] = cell.mean
    io.variance[slot] = varianceOf(cell)
  }
}

/** Statistics of each column of one sample: blocks merge into slabs, slabs into the column. */
function columnMoments(plan: Plan, x: FloatArray, start: number): Cell[] {
  const { channels, spatial } = plan
  const columns = Array.from({ length: channels }, emptyCell)
  const slabs = Array.from({ length: channels }, emptyCell)
  const work = [0, 1, 2].map(() => newArray(plan.dtype, channels))
  for (let slab = 0; slab < spatial; slab += SLAB_ROWS) {
    const end = Math.min(slab + SLAB_ROWS, spatial)
    slabs.forEach(clear)
    for (let row = slab; row < end; row += STEPS) {
      blockMoments(plan, x, start + row * channels, Math.min(STEPS, end - row), work, slabs)
    }
    for (let c = 0; c < channels; c++) merge(columns[c], slabs[c].count, slabs[c].mean, slabs[c].m2)
  }
  return columns
}

const blockCell = emptyCell()

/** One pass over a block of rows, each channel shifted by the mean K of its first two rows. */
function blockMoments(
  plan: Plan,
  x: FloatArray,
  start: number,
  rows: number,
  work: FloatArray[],
  slabs: Cell[],
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
      wideMoments(x, start + c, rows, channels, centred, blockCell)
    } else if (centred) {
      finishMoments(shift[c], sum1[c], sum2[c], rows, blockCell)
    } else {
      blockCell.mean = 0
      blockCell.m2 = sum2[c]
    }
    merge(slabs[c], rows, blockCell.mean, blockCell.m2)
  }
}

/** The mean of the first two rows, halved before adding so that it is exact on a constant and cannot overflow. */
function blockShift(x: FloatArray, first: number, rows: number, stride: number, single: boolean): number {
  if (rows < SHIFT_STEPS) return x[first]
  return round(round(x[first] * 0.5, single) + round(x[first + stride] * 0.5, single), single)
}

export function map(plan: Plan, io: ForwardBuffers, table: ForwardTable): void {
  const { samples, channels, spatial } = plan
  const single = plan.dtype === 'float32'
  const { x, y } = io
  const { mh, a, b } = table
  for (let row = 0; row < samples * spatial; row++) {
    const first = row * channels
    const cell = cellOf(plan, row)
    for (let c = 0; c < channels; c++) {
      y[first + c] = round(round(x[first + c] - mh[cell + c], single) * a[cell + c], single) + b[cell + c]
    }
  }
}

/** Sums of dy and of dy * (x - mh) * r per column: float32 within a block of rows, float64 across. */
export function gradientSums(plan: Plan, io: BackwardBuffers, table: BackwardTable): GradientSums {
  const { samples, channels, spatial } = plan
  const sums = {
    sum1: new Float64Array(samples * channels),
    sum2: new Float64Array(samples * channels),
  }
  const slab1 = new Float64Array(channels)
  const slab2 = new Float64Array(channels)
  const block1 = newArray(plan.dtype, channels)
  const block2 = newArray(plan.dtype, channels)
  for (let n = 0; n < samples; n++) {
    for (let slab = 0; slab < spatial; slab += SLAB_ROWS) {
      const end = Math.min(slab + SLAB_ROWS, spatial)
      slab1.fill(0)
      slab2.fill(0)
      for (let row = slab; row < end; row += STEPS) {
        blockGradientSums(plan, io, table, n, row, Math.min(STEPS, end - row), block1, block2)
        for (let c = 0; c < channels; c++) {
          slab1[c] += block1[c]
          slab2[c] += block2[c]
        }
      }
      for (let c = 0; c < channels; c++) {
        sums.sum1[n * channels + c] += slab1[c]
        sums.sum2[n * channels + c] += slab2[c]
      }
    }
  }
  return sums
}

function blockGradientSums(
  plan: Plan,
  io: BackwardBuffers,
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
    const cell = cellOf(plan, position)
    for (let c = 0; c < channels; c++) {
      const g = dy[first + c]
      const xr = round(round(x[first + c] - mh[cell + c], single) * r[cell + c], single)
      sum1[c] += g
      sum2[c] += round(g * xr, single)
    }
  }
}

export function mapGradient(plan: Plan, io: BackwardBuffers, table: BackwardTable): void {
  const { samples, channels, spatial, given } = plan
  const single = plan.dtype === 'float32'
  const { dy, x, dx } = io
  const { mh, r, a, k2, k1 } = table
  for (let row = 0; row < samples * spatial; row++) {
    const first = row * channels
    const cell = cellOf(plan, row)
    if (given) {
      for (let c = 0; c < channels; c++) dx[first + c] = dy[first + c] * a[cell + c]
      continue
    }
    for (let c = 0; c < channels; c++) {
      const xr = round(round(x[first + c] - mh[cell + c], single) * r[cell + c], single)
      dx[first + c] =
        round(round(dy[first + c] * a[cell + c], single) + round(xr * k2[cell + c], single), single) +
        k1[cell + c]
    }
  }
}

/** Where the table's entries for position n * S + s begin. */
function cellOf(plan: Plan, row: number): number {
  return tableSamples(plan) === 1 ? 0 : Math.floor(row / plan.spatial) * plan.channels
}
