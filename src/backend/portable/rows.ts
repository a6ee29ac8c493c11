import type { Plan } from '../../engine/plan.js'
import type { FloatArray } from '../../tensor.js'
import type {
  ApplyBuffers,
  ApplyGradientBuffers,
  BackwardBuffers,
  GradientSumsBuffers,
  MomentsBuffers,
} from '../backend.js'
import { type Arithmetic, arithmetics, PARTITION_ROWS, round, STEPS, treeSum } from './arithmetic.js'
import { ColumnSums } from './column-sums.js'
import { meanRest, rstdOf } from './fold.js'
import { emptyMoments, newSums } from './merge.js'
import { areOrdinaryStatistics, isOrdinaryGradient } from './ranges.js'
import { spanMoments } from './spans.js'
import { addWideRow, type WideGradient } from './wide.js'
import { replaceMoments, slotAt } from './wide-moments.js'
import { foldWideGradientRow, mapWideGradientRow, mapWideRow } from './wide-rows.js'

// rows: x [R, L]. Each row has its own statistics. weight and bias lie along the row, so their gradients are sums of
// columns.

/**
 * The numbers that map one row: xhat = (x - mh) * r + c, or xhat = x * r if the mean is taken as 0. k2 and k1 are for
 * the gradient.
 */
interface RowFold {
  mh: number
  r: number
  c: number
  k2: number
  k1: number
}

const entry = emptyMoments()
const row: RowFold = { mh: 0, r: 0, c: 0, k2: 0, k1: 0 }

export function moments(plan: Plan, io: MomentsBuffers): void {
  const k = arithmetics[plan.dtype]
  const { samples, spatial } = plan
  for (let i = 0; i < samples; i++) {
    spanMoments(k, io.x, i * spatial, spatial, plan.centred, entry)
    io.mean[i] = entry.mean
    io.m2[i] = entry.m2
  }
  replaceMoments(plan, io)
}

export function apply(plan: Plan, io: ApplyBuffers): void {
  for (let i = 0; i < plan.samples; i++) {
    if (isOrdinary(plan, io, i) || !mapWideRow(plan, io, i)) {
      foldRow(plan, io.mean[i], io.variance[i])
      mapRow(plan, io, i * plan.spatial)
    }
  }
}

export function gradientSums(plan: Plan, io: GradientSumsBuffers): void {
  const columns = new ColumnSums(plan, io.dweight, io.dbias)
  reduceGradients(plan, io, columns)
  columns.addTo(io.dweight, io.dbias)
}

/** Writes io.sum1 and io.sum2, and adds up the columns. */
function reduceGradients(plan: Plan, io: GradientSumsBuffers, columns: ColumnSums): void {
  const { samples } = plan
  for (let partition = 0; partition < samples; partition += PARTITION_ROWS) {
    const end = Math.min(partition + PARTITION_ROWS, samples)
    for (let i = partition; i < end; i++) {
      foldRow(plan, io.mean[i], io.variance[i])
      sumRow(plan, io, i)
      if (columns.wanted) addColumns(plan, io, i, columns.block)
      const blockEnds = (i - partition) % STEPS === STEPS - 1 || i === end - 1
      if (blockEnds) columns.endBlock()
    }
    columns.endSlab()
  }
}

/** Adds dy * xhat and dy of a row to the column sums of its block. `row` must hold the fold of this row. */
function addColumns(
  plan: Plan,
  io: GradientSumsBuffers,
  i: number,
  [dweight, dbias]: readonly [FloatArray, FloatArray],
): void {
  const { dy, x } = io
  const { centred, spatial } = plan
  const single = plan.dtype === 'float32'
  const wide = wideGradient(plan, io, i)
  if (wide !== null) {
    addWideRow(dy, x, slotAt(plan, i), wide.fold, dweight, dbias)
    return
  }
  for (let j = 0; j < spatial; j++) {
    const g = dy[i * spatial + j]
    dweight[j] += round(g * normalized(x[i * spatial + j], centred, single), single)
    dbias[j] += g
  }
}

/** Computes the sums of g and of g * xhat of a row, and k2 and k1. All are 0 if the statistics are given. */
function sumRow(plan: Plan, io: GradientSumsBuffers, i: number): void {
  const { spatial } = plan
  const sums = plan.given
    ? { s1: 0, s2: 0 }
    : rowGradientSums(arithmetics[plan.dtype], io, i * spatial, spatial, plan.centred)
  io.sum1[i] = sums.s1
  io.sum2[i] = sums.s2
  foldGradientRow(plan, io, i)
}

export function applyGradient(plan: Plan, io: ApplyGradientBuffers): void {
  for (let i = 0; i < plan.samples; i++) {
    foldRow(plan, io.mean[i], io.variance[i])
    foldGradientRow(plan, io, i)
    const wide = wideGradient(plan, io, i)
    if (wide === null) mapGradientRow(plan, io, i * plan.spatial)
    else mapWideGradientRow(plan, io, i, wide)
  }
}

/**
 * gradientSums and applyGradient. The column sums are added to dweight and dbias last, after all allocations, so
 * nothing can fail after that.
 */
export function backward(plan: Plan, io: BackwardBuffers): void {
  const columns = new ColumnSums(plan, io.dweight, io.dbias)
  const buffers = { ...io, ...newSums(plan.slots) }
  reduceGradients(plan, buffers, columns)
  applyGradient(plan, buffers)
  columns.addTo(io.dweight, io.dbias)
}

function foldRow(plan: Plan, mean: number, variance: number): void {
  const single = plan.dtype === 'float32'
  const rstd = rstdOf(variance, plan.eps)
  row.mh = round(mean, single)
  row.r = round(rstd, single)
  row.c = round(meanRest(mean, rstd, single), single)
}

function mapRow(plan: Plan, io: ApplyBuffers, start: number): void {
  const single = plan.dtype === 'float32'
  const { x, y, weight, bias } = io
  for (let j = 0; j < plan.spatial; j++) {
    let value = normalized(x[start + j], plan.centred, single)
    if (weight !== null) value = round(value * weight[j], single)
    y[start + j] = bias === null ? value : value + bias[j]
  }
}

function normalized(x: number, centred: boolean, single: boolean): number {
  const { mh, r, c } = row
  if (!centred) return round(x * r, single)
  return round(round(round(x - mh, single) * r, single) + c, single)
}

/** Computes k2 and k1 of a row from its sums. Both are 0 if the statistics are given. */
function foldGradientRow(plan: Plan, io: Omit<ApplyGradientBuffers, 'dx'>, i: number): void {
  const single = plan.dtype === 'float32'
  const rstd = rstdOf(io.variance[i], plan.eps)
  row.k2 = plan.given ? 0 : round(-(rstd * (io.sum2[i] / plan.spatial)), single)
  row.k1 = plan.given ? 0 : round(-(rstd * (io.sum1[i] / plan.spatial)), single)
}

/**
 * The numbers that map the gradient of a row on the wide route. They also serve for its part of the column sums. Null
 * if the row is ordinary.
 */
function wideGradient(plan: Plan, io: Omit<ApplyGradientBuffers, 'dx'>, i: number): WideGradient | null {
  return isOrdinaryRow(plan, io, i) ? null : foldWideGradientRow(plan, io, i)
}

/** Whether a row is ordinary. `row` must hold the fold, k2 and k1 of this row. */
function isOrdinaryRow(plan: Plan, io: Omit<ApplyGradientBuffers, 'dx'>, i: number): boolean {
  return isOrdinary(plan, io, i) && isOrdinaryGradient(plan.dtype, row.k2, row.k1)
}

/**
 * dx = (g * r + xhat * k2) + k1 with g = dy * weight. k1 is left out if the mean is taken as 0. If the statistics are
 * given, dx = g * r.
 */
function mapGradientRow(plan: Plan, io: ApplyGradientBuffers, start: number): void {
  const { centred, spatial, given } = plan
  const single = plan.dtype === 'float32'
  const { dy, x, dx, weight } = io
  const { k2, k1 } = row
  for (let j = 0; j < spatial; j++) {
    const g = weight === null ? dy[start + j] : round(dy[start + j] * weight[j], single)
    const direct = round(g * row.r, single)
    if (given) {
      dx[start + j] = direct
      continue
    }
    const xhat = normalized(x[start + j], centred, single)
    const value = round(direct + round(xhat * k2, single), single)
    dx[start + j] = centred ? value + k1 : value
  }
}

/** The sums of g and of g * xhat over a row. Blocks are added up into partitions, and partitions into the row. */
function rowGradientSums(k: Arithmetic, io: GradientSumsBuffers, start: number, n: number, centred: boolean) {
  const total = { s1: 0, s2: 0 }
  for (let partition = 0; partition < n; partition += k.partition) {
    const end = Math.min(partition + k.partition, n)
    let s1 = 0
    let s2 = 0
    for (let block = partition; block < end; block += k.block) {
      blockGradientSums(k, io, start, block, Math.min(block + k.block, end), centred)
      s1 += treeSum(k.sum1)
      s2 += treeSum(k.sum2)
    }
    total.s1 += s1
    total.s2 += s2
  }
  return total
}

function blockGradientSums(
  k: Arithmetic,
  io: GradientSumsBuffers,
  start: number,
  from: number,
  to: number,
  centred: boolean,
): void {
  const { dy, x, weight } = io
  const { single, sum1, sum2 } = k
  const mask = k.lanes - 1
  sum1.fill(0)
  sum2.fill(0)
  for (let j = from; j < to; j++) {
    const g = weight === null ? dy[start + j] : round(dy[start + j] * weight[j], single)
    const xhat = normalized(x[start + j], centred, single)
    sum1[(j - from) & mask] += g
    sum2[(j - from) & mask] += round(g * xhat, single)
  }
}

function isOrdinary({ dtype, eps }: Plan, io: Pick<ApplyBuffers, 'mean' | 'variance'>, i: number): boolean {
  return areOrdinaryStatistics(dtype, io.mean[i], io.variance[i], eps)
}
