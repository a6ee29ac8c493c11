import { backends } from '../../src/index.js'
import { judge, slotOfElement, type Verdict } from '../../test/support/oracle.js'
import { firstDifference } from '../../test/support/run.js'
import { type Buffers, drawBuffers, type Input, type Row } from './cases.js'

/** What a contender wrote. */
export interface Outputs {
  readonly y: Float32Array
  readonly dx: Float32Array
  readonly dweight: Float32Array
  readonly dbias: Float32Array
}

/** How far a contender is off. */
export interface Errors {
  /** Largest absolute error of y; on constant input the largest difference from the bias. */
  readonly forward: number
  /** Of dx, dweight and dbias the worst of: largest error over largest element. */
  readonly gradient: number
}

export interface Measured {
  readonly row: Row
  readonly input: Input
  readonly buffers: Buffers
  /** The truth of the float32 numbers as they are, in float64. */
  readonly verdict: Verdict<number>
}

export function prepare(row: Row, input: Input): Measured {
  const { plan } = row
  const buffers = drawBuffers(row, input, (i) => slotOfElement(plan, i))
  const empty = new Float64Array(plan.slots)
  const zeros = new Float32Array(plan.affineLength)
  const verdict = judge(
    plan,
    { ...buffers, mean: empty, variance: empty },
    { dy: buffers.dy, dweight: zeros, dbias: zeros },
  )
  return { row, input, buffers, verdict }
}

/** Runs every backend; throws unless all give the same bits, which are then evenkeel's. */
export function runEvenkeel({ row, buffers: { x, dy, weight, bias } }: Measured): Outputs {
  const { plan } = row
  const results = backends().map((backend) => {
    const mean = new Float64Array(plan.slots)
    const variance = new Float64Array(plan.slots)
    const outputs: Outputs = {
      y: new Float32Array(plan.size),
      dx: new Float32Array(plan.size),
      dweight: new Float32Array(plan.affineLength),
      dbias: new Float32Array(plan.affineLength),
    }
    backend.forward(plan, { x, y: outputs.y, weight, bias, mean, variance })
    const { dx, dweight, dbias } = outputs
    backend.backward(plan, { dy, x, dx, weight, mean, variance, dweight, dbias })
    return outputs
  })
  for (const [i, other] of results.entries()) {
    for (const field of ['y', 'dx', 'dweight', 'dbias'] as const) {
      const difference = firstDifference(other[field], results[0][field])
      if (difference) throw new Error(`${backends()[i].name}, ${row.name}: ${field}${difference}`)
    }
  }
  return results[0]
}

export function errorsOf({ verdict }: Measured, { y, dx, dweight, dbias }: Outputs): Errors {
  return {
    forward: worst(y, verdict.y.value),
    gradient: Math.max(
      relative(dx, verdict.dx.value),
      relative(dweight, verdict.dweight!.value),
      relative(dbias, verdict.dbias!.value),
    ),
  }
}

/** NaN where anything is. */
function worst(actual: Float32Array, truth: readonly number[]): number {
  return truth.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0)
}

/** Where the truth is 0 throughout, as the weight's gradient is on constant input: 0 or infinity. */
function relative(actual: Float32Array, truth: readonly number[]): number {
  const error = worst(actual, truth)
  if (error === 0) return 0
  return error / truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}
