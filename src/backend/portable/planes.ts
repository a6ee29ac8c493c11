import type { Plan } from '../../plan.js'
import type { BackwardBuffers, ForwardBuffers } from '../backend.js'
import { type Arithmetic, arithmetics, round, treeSum } from './arithmetic.js'
import type { BackwardTable, ForwardTable } from './fold.js'
import { clear, emptyCell, type GradientSums, merge, varianceOf } from './merge.js'
import { runMoments } from './runs.js'

// planes: x [N, C, S]. The S elements of a channel lie side by side, and so do the planes of a group.

const run = emptyCell()
const total = emptyCell()

/** A group's planes are one run; a channel of the batch is merged from one run per sample. */
export function moments(plan: Plan, io: ForwardBuffers): void {
  const { samples, channels, spatial, slots } = plan
  const k = arithmetics[plan.dtype]
  const grouped = plan.scope === 'group'
  const length = grouped ? plan.count : spatial
  for (let slot = 0; slot < slots; slot++) {
    clear(total)
    for (let n = 0; n < (grouped ? 1 : samples); n++) {
      const index = grouped ? slot : n * channels + slot
      runMoments(k, io.x, index * length, length, plan.centred, run)
      merge(total, run.count, run.mean, run.m2)
    }
    io.mean[slot] = total.mean
    io.variance[slot] = varianceOf(total)
  }
}

export function map(plan: Plan, io: ForwardBuffers, table: ForwardTable): void {
  const { samples, channels, spatial } = plan
  const single = plan.dtype === 'float32'
  const { x, y } = io
  for (let plane = 0; plane < samples * channels; plane++) {
    const cell = cellOf(plan, plane)
    const mh = table.mh[cell]
    const a = table.a[cell]
    const b = table.b[cell]
    const end = (plane + 1) * spatial
    for (let i = end - spatial; i < end; i++) {
      y[i] = round(round(x[i] - mh, single) * a, single) + b
    }
  }
}

export function gradientSums(plan: Plan, io: BackwardBuffers, table: BackwardTable): GradientSums {
  const planes = plan.samples * plan.channels
  const k = arithmetics[plan.dtype]
  const sums = { sum1: new Float64Array(planes), sum2: new Float64Array(planes) }
  for (let plane = 0; plane < planes; plane++) {
    const cell = cellOf(plan, plane)
    runGradientSums(k, io, plane * plan.spatial, plan.spatial, table.mh[cell], table.r[cell], sums, plane)
  }
  return sums
}

/** Sums of dy and of dy * (x - mh) * r over a run: blocks into slabs, slabs into the run. */
function runGradientSums(
  k: Arithmetic,
  io: BackwardBuffers,
  start: number,
  n: number,
  mh: number,
  r: number,
  out: GradientSums,
  index: number,
): void {
  for (let slab = 0; slab < n; slab += k.slab) {
    const end = Math.min(slab + k.slab, n)
    let s1 = 0
    let s2 = 0
    for (let block = slab; block < end; block += k.block) {
      blockGradientSums(k, io, start + block, Math.min(k.block, end - block), mh, r)
      s1 += treeSum(k.sum1)
      s2 += treeSum(k.sum2)
    }
    out.sum1[index] += s1
    out.sum2[index] += s2
  }
}

function blockGradientSums(
  k: Arithmetic,
  io: BackwardBuffers,
  start: number,
  n: number,
  mh: number,
  r: number,
): void {
  const { dy, x } = io
  const { single, sum1, sum2 } = k
  const mask = k.lanes - 1
  sum1.fill(0)
  sum2.fill(0)
  for (let i = 0; i < n; i++) {
    const g = dy[start + i]
    const xr = round(round(x[start + i] - mh, single) * r, single)
    sum1[i & mask] += g
    sum2[i & mask] += round(g * xr, single)
  }
}

export function mapGradient(plan: Plan, io: BackwardBuffers, table: BackwardTable): void {
  const { samples, channels, spatial, given } = plan
  const single = plan.dtype === 'float32'
  const { dy, x, dx } = io
  for (let plane = 0; plane < samples * channels; plane++) {
    const cell = cellOf(plan, plane)
    const mh = table.mh[cell]
    const r = table.r[cell]
    const a = table.a[cell]
    const k2 = table.k2[cell]
    const k1 = table.k1[cell]
    const end = (plane + 1) * spatial
    if (given) {
      for (let i = end - spatial; i < end; i++) dx[i] = dy[i] * a
      continue
    }
    for (let i = end - spatial; i < end; i++) {
      const xr = round(round(x[i] - mh, single) * r, single)
      dx[i] = round(round(dy[i] * a, single) + round(xr * k2, single), single) + k1
    }
  }
}

/** The entry of a table for plane n * C + c. */
function cellOf(plan: Plan, plane: number): number {
  return plan.scope === 'batch' ? plane % plan.channels : plane
}
