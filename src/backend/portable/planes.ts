import type { Plan } from '../../engine/plan.js'
import type { FloatArray } from '../../tensor.js'
import type { ApplyBuffers, ApplyGradientBuffers, BackwardBuffers, MomentsBuffers } from '../backend.js'
import { type Arithmetic, arithmetics, round, STEPS, treeSum } from './arithmetic.js'
import type { BackwardTable, ForwardTable } from './fold.js'
import { clear, emptyMoments, type GradientSums, merge, tableSamples } from './merge.js'
import { blockMoments, spanMoments } from './spans.js'

// planes: x [N, C, S]. The S elements of a plane lie side by side. The planes of a group lie side by side too.

type Data = Pick<BackwardBuffers, 'dy' | 'x'>

const span = emptyMoments()
const total = emptyMoments()

/**
 * Scope group: the planes of a group are one span. Scope batch: the moments of a channel are merged from blocks of
 * planes, or from one span for each sample.
 */
export function moments(plan: Plan, io: MomentsBuffers): void {
  const { slots, count, centred } = plan
  const k = arithmetics[plan.dtype]
  for (let slot = 0; slot < slots; slot++) {
    clear(total)
    if (plan.scope === 'group') spanMoments(k, io.x, slot * count, count, centred, total)
    else channelMoments(k, plan, io.x, slot)
    io.mean[slot] = total.mean
    io.m2[slot] = total.m2
  }
}

/** Merges the moments of a channel's planes into `total`, in the order of the samples. */
function channelMoments(k: Arithmetic, plan: Plan, x: FloatArray, channel: number): void {
  const { samples, spatial, centred } = plan
  const apart = plan.channels * spatial
  const planes = planesOfBlock(k, plan)
  for (let n = 0; n < samples; n += planes) {
    const start = n * apart + channel * spatial
    if (spatial > k.block) spanMoments(k, x, start, spatial, centred, span)
    else blockMoments(k, x, start, spatial, Math.min(planes, samples - n), apart, centred, span)
    merge(total, span.count, span.mean, span.m2)
  }
}

/**
 * How many planes of a channel make a block. In scope batch, a block has as many whole planes, of consecutive
 * samples, as fit into STEPS steps, but at least one. A plane that is larger than a block is cut into blocks.
 */
function planesOfBlock(k: Arithmetic, { scope, spatial }: Plan): number {
  return scope === 'batch' ? Math.max(1, Math.floor(STEPS / Math.ceil(spatial / k.lanes))) : 1
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

/**
 * The sums of dy and of dy * (x - mh) * r for each entry of a table. An entry is a plane, or in scope batch all
 * planes of a channel.
 */
export function gradientSums(plan: Plan, io: Data, table: BackwardTable): GradientSums {
  const { samples, channels, spatial } = plan
  const k = arithmetics[plan.dtype]
  const entries = tableSamples(plan) * channels
  const sums = { sum1: new Float64Array(entries), sum2: new Float64Array(entries) }
  const apart = channels * spatial
  const planes = planesOfBlock(k, plan)
  for (let n = 0; n < samples; n += planes) {
    const count = Math.min(planes, samples - n)
    for (let c = 0; c < channels; c++) {
      const entry = entryOf(plan, n * channels + c)
      const start = n * apart + c * spatial
      for (let partition = 0; partition < spatial; partition += k.partition) {
        const n1 = Math.min(k.partition, spatial - partition)
        partitionGradientSums(k, io, start + partition, n1, count, apart, table.mh[entry], table.r[entry])
        sums.sum1[entry] += partitionSums.s1
        sums.sum2[entry] += partitionSums.s2
      }
    }
  }
  return sums
}

const partitionSums = { s1: 0, s2: 0 }

/** Computes the sums of a partition of a plane, or of a block of planes, into partitionSums. */
function partitionGradientSums(
  k: Arithmetic,
  io: Data,
  start: number,
  n: number,
  planes: number,
  apart: number,
  mh: number,
  r: number,
): void {
  partitionSums.s1 = 0
  partitionSums.s2 = 0
  for (let block = 0; block < n; block += k.block) {
    blockGradientSums(k, io, start + block, Math.min(k.block, n - block), planes, apart, mh, r)
    partitionSums.s1 += treeSum(k.sum1)
    partitionSums.s2 += treeSum(k.sum2)
  }
}

function blockGradientSums(
  k: Arithmetic,
  io: Data,
  start: number,
  n: number,
  planes: number,
  apart: number,
  mh: number,
  r: number,
): void {
  const { dy, x } = io
  const { single, sum1, sum2 } = k
  const mask = k.lanes - 1
  sum1.fill(0)
  sum2.fill(0)
  for (let plane = 0; plane < planes; plane++) {
    const first = start + plane * apart
    for (let i = 0; i < n; i++) {
      const g = dy[first + i]
      const xr = round(round(x[first + i] - mh, single) * r, single)
      sum1[i & mask] += g
      sum2[i & mask] += round(g * xr, single)
    }
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

/** The index of the entry for plane n * C + c. */
function entryOf(plan: Plan, plane: number): number {
  return plan.scope === 'batch' ? plane % plan.channels : plane
}
