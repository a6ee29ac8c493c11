import type { Plan } from '../../engine/plan.js'
import type { ApplyBuffers, ApplyGradientBuffers, BackwardBuffers, MomentsBuffers } from '../backend.js'
import { type Arithmetic, arithmetics, round, treeSum } from './arithmetic.js'
import type { BackwardTable, ForwardTable } from './fold.js'
import { clear, emptyMoments, type GradientSums, merge } from './merge.js'
import { spanMoments } from './spans.js'

// planes: x [N, C, S]. The S elements of a channel lie side by side, and so do the planes of a group.

type Data = Pick<BackwardBuffers, 'dy' | 'x'>

const span = emptyMoments()
const total = emptyMoments()

/** A group's planes are one span; a channel of the batch is merged from one span per sample. */
export function moments(plan: Plan, io: MomentsBuffers): void {
  const { samples, channels, spatial, slots } = plan
  const k = arithmetics[plan.dtype]
  const grouped = plan.scope === 'group'
  const length = grouped ? plan.count : spatial
  for (let slot = 0; slot < slots; slot++) {
    clear(total)
    for (let n = 0; n < (grouped ? 1 : samples); n++) {
      const index = grouped ? slot : n * channels + slot
      spanMoments(k, io.x, index * length, length, plan.centred, span)
      merge(total, span.count, span.mean, span.m2)
    }
    io.mean[slot] = total.mean
    io.m2[slot] = total.m2
  }
}

export function map(plan: Plan, io: ApplyBuffers, table: ForwardTable): void {
  const { samples, channels, spatial } = plan
  const single = plan.dtype === 'float32'
  const { x, y } = io
  for (let plane = 0; plane < samples * channels; plane++) {
    const entry = entryOf(plan, plane)
    const mh = table.mh[entry]
    const a = table.a[entry]
    const b = table.b[entry]
    const end = (plane + 1) * spatial
    for (let i = end - spatial; i < end; i++) {
      y[i] = round(round(x[i] - mh, single) * a, single) + b
    }
  }
}

export function gradientSums(plan: Plan, io: Data, table: BackwardTable): GradientSums {
  const planes = plan.samples * plan.channels
  const k = arithmetics[plan.dtype]
  const sums = { sum1: new Float64Array(planes), sum2: new Float64Array(planes) }
  for (let plane = 0; plane < planes; plane++) {
    const entry = entryOf(plan, plane)
    spanGradientSums(k, io, plane * plan.spatial, plan.spatial, table.mh[entry], table.r[entry], sums, plane)
  }
  return sums
}

/** Sums of dy and of dy * (x - mh) * r over a span: blocks into partitions, partitions into the span. */
function spanGradientSums(
  k: Arithmetic,
  io: Data,
  start: number,
  n: number,
  mh: number,
  r: number,
  out: GradientSums,
  index: number,
): void {
  for (let partition = 0; partition < n; partition += k.partition) {
    const end = Math.min(partition + k.partition, n)
    let s1 = 0
    let s2 = 0
    for (let block = partition; block < end; block += k.block) {
      blockGradientSums(k, io, start + block, Math.min(k.block, end - block), mh, r)
      s1 += treeSum(k.sum1)
      s2 += treeSum(k.sum2)
    }
    out.sum1[index] += s1
    out.sum2[index] += s2
  }
}

function blockGradientSums(k: Arithmetic, io: Data, start: number, n: number, mh: number, r: number): void {
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

export function mapGradient(plan: Plan, io: ApplyGradientBuffers, table: BackwardTable): void {
  const { samples, channels, spatial, given } = plan
  const single = plan.dtype === 'float32'
  const { dy, x, dx } = io
  for (let plane = 0; plane < samples * channels; plane++) {
    const entry = entryOf(plan, plane)
    const mh = table.mh[entry]
    const r = table.r[entry]
    const a = table.a[entry]
    const k2 = table.k2[entry]
    const k1 = table.k1[entry]
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
function entryOf(plan: Plan, plane: number): number {
  return plan.scope === 'batch' ? plane % plan.channels : plane
}
