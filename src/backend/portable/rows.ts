import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'
import type { BackwardBuffers, ForwardBuffers } from '../backend.js'
import { type Arithmetic, arithmetics, PARTITION_ROWS, round, STEPS, treeSum } from './arithmetic.js'
import { meanRest, rstdOf } from './fold.js'
import { emptyMoments, varianceOf } from './merge.js'
import { areOrdinaryStatistics, isOrdinaryGradient } from './ranges.js'
import { spanMoments } from './spans.js'
import { mapWideGradientRow, mapWideRow } from './wide-rows.js'

// rows: x [R, L]. Each row has its own statistics; weight and bias run along it, so that their gradients are column sums.

/** What one row is mapped with: xhat = (x - mh) * r + c, or x * r where the mean is taken as 0; k2 and k1 for its gradient. */
interface RowFold {
  mh: number
  r: number
  c: number
  k2: number
  k1: number
}

const moments = emptyMoments()
const row: RowFold = { mh: 0, r: 0, c: 0, k2: 0, k1: 0 }

export function forward(plan: Plan, io: ForwardBuffers): void {
  const k = arithmetics[plan.dtype]
  const { samples, spatial } = plan
  for (let i = 0; i < samples; i++) {
    if (!plan.given) {
      spanMoments(k, io.x, i * spatial, spatial, plan.centred, moments)
      io.mean[i] = moments.mean
      io.variance[i] = varianceOf(moments)
    }
    if (isOrdinary(plan, io, i) || !mapWideRow(plan, io, i)) {
      foldRow(plan, io.mean[i], io.variance[i])
      mapRow(plan, io, i * spatial)
    }
  }
}

export function backward(plan: Plan, io: BackwardBuffers): void {
  const { samples, spatial } = plan
  const columns = new ColumnSums(plan, io)
  for (let partition = 0; partition < samples; partition += PARTITION_ROWS) {
    const end = Math.min(partition + PARTITION_ROWS, samples)
    for (let i = partition; i < end; i++) {
      foldRow(plan, io.mean[i], io.variance[i])
      foldGradientRow(plan, io, i)
      const ordinary = isOrdinary(plan, io, i) && isOrdinaryGradient(plan.dtype, row.k2, row.k1)
      if (ordinary || !mapWideGradientRow(plan, io, i, columns.dweight, columns.dbias)) {
        columns.addRow(i * spatial)
        mapGradientRow(plan, io, i * spatial)
      }
      const blockEnds = (i - partition) % STEPS === STEPS - 1 || i === end - 1
      if (blockEnds) columns.endBlock()
    }
    columns.endSlab()
  }
  columns.addTo(io.dweight, io.dbias)
}

function foldRow(plan: Plan, mean: number, variance: number): void {
  const single = plan.dtype === 'float32'
  const rstd = rstdOf(variance, plan.eps)
  row.mh = round(mean, single)
  row.r = round(rstd, single)
  row.c = round(meanRest(mean, rstd, single), single)
}

function mapRow(plan: Plan, io: ForwardBuffers, start: number): void {
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

/** k2 and k1 of the row's gradient; 0 where statistics are given. */
function foldGradientRow(plan: Plan, io: BackwardBuffers, i: number): void {
  const { centred, spatial } = plan
  row.k2 = 0
  row.k1 = 0
  if (plan.given) return
  const single = plan.dtype === 'float32'
  const rstd = rstdOf(io.variance[i], plan.eps)
  const sums = rowGradientSums(arithmetics[plan.dtype], io, i * spatial, spatial, centred)
  row.k2 = round(-(rstd * (sums.s2 / spatial)), single)
  row.k1 = round(-(rstd * (sums.s1 / spatial)), single)
}

/** dx = (g * r + xhat * k2) + k1 with g = dy * weight; without k1 where the mean is taken as 0; g * r where statistics are given. */
function mapGradientRow(plan: Plan, io: BackwardBuffers, start: number): void {
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

/** Sums of g and of g * xhat over a row: blocks into partitions, partitions into the row. */
function rowGradientSums(k: Arithmetic, io: BackwardBuffers, start: number, n: number, centred: boolean) {
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
  io: BackwardBuffers,
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

function isOrdinary({ dtype, eps }: Plan, io: ForwardBuffers | BackwardBuffers, i: number): boolean {
  return areOrdinaryStatistics(dtype, io.mean[i], io.variance[i], eps)
}

/** dbias = sum of dy and dweight = sum of dy * xhat over the rows: a block in the element type, then float64. */
class ColumnSums {
  private readonly wanted: boolean
  private readonly block: FloatArray[]
  private readonly partition: Float64Array[]
  private readonly total: Float64Array[]

  constructor(
    private readonly plan: Plan,
    private readonly io: BackwardBuffers,
  ) {
    this.wanted = io.dweight !== null || io.dbias !== null
    const length = this.wanted ? plan.spatial : 0
    this.block = [newArray(plan.dtype, length), newArray(plan.dtype, length)]
    this.partition = [new Float64Array(length), new Float64Array(length)]
    this.total = [new Float64Array(length), new Float64Array(length)]
  }

  /** What a row's terms are added to until its block ends; null where no parameter wants a gradient. */
  get dweight(): FloatArray | null {
    return this.wanted ? this.block[0] : null
  }

  get dbias(): FloatArray | null {
    return this.wanted ? this.block[1] : null
  }

  addRow(start: number): void {
    if (!this.wanted) return
    const { dy, x } = this.io
    const { centred, spatial } = this.plan
    const single = this.plan.dtype === 'float32'
    const [dweight, dbias] = this.block
    for (let j = 0; j < spatial; j++) {
      const g = dy[start + j]
      dweight[j] += round(g * normalized(x[start + j], centred, single), single)
      dbias[j] += g
    }
  }

  endBlock(): void {
    pour(this.block, this.partition)
  }

  endSlab(): void {
    pour(this.partition, this.total)
  }

  addTo(dweight: FloatArray | null, dbias: FloatArray | null): void {
    const [weightTotal, biasTotal] = this.total
    for (let j = 0; j < this.plan.spatial; j++) {
      if (dweight !== null) dweight[j] += weightTotal[j]
      if (dbias !== null) dbias[j] += biasTotal[j]
    }
  }
}

/** Adds one level of sums to the next and empties it. */
function pour(from: readonly FloatArray[], into: readonly Float64Array[]): void {
  from.forEach((sums, i) => {
    for (let j = 0; j < sums.length; j++) into[i][j] += sums[j]
    sums.fill(0)
  })
}
