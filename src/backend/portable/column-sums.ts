import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'

// Sums over rows, per column: what the gradients of weight and bias are made of, where these run along the rows.

/** dbias = sum of dy and dweight = sum of dy * xhat over the rows: a block in the element type, then float64. */
export class ColumnSums {
  /** What a row's dy * xhat and dy are added to; empty where no parameter wants a gradient. */
  readonly block: readonly [dweight: FloatArray, dbias: FloatArray]
  readonly #partition: Float64Array[]
  readonly #total: Float64Array[]

  constructor(plan: Plan, dweight: FloatArray | null, dbias: FloatArray | null) {
    const length = dweight !== null || dbias !== null ? plan.spatial : 0
    this.block = [newArray(plan.dtype, length), newArray(plan.dtype, length)]
    this.#partition = [new Float64Array(length), new Float64Array(length)]
    this.#total = [new Float64Array(length), new Float64Array(length)]
  }

  get wanted(): boolean {
    return this.block[0].length > 0
  }

  endBlock(): void {
    pour(this.block, this.#partition)
  }

  endSlab(): void {
    pour(this.#partition, this.#total)
  }

  addTo(dweight: FloatArray | null, dbias: FloatArray | null): void {
    const [weightTotal, biasTotal] = this.#total
    for (let j = 0; j < weightTotal.length; j++) {
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
