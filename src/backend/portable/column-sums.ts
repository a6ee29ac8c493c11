import type { Plan } from '../../engine/plan.js'
import { type FloatArray, newArray } from '../../tensor.js'

// The sums of columns over all rows. They are the gradients of weight and bias if these lie along the rows.

/**
 * dbias = the sum of dy, and dweight = the sum of dy * xhat, over the rows. The sums of a block are in the element
 * type, all further sums in float64.
 */
export class ColumnSums {
  /**
   * The sums of the present block. A row's dy * xhat and dy are added to them. Empty if no parameter needs a gradient.
   */
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

/** Adds the sums of one level to the next level, and sets them to 0. */
function pour(from: readonly FloatArray[], into: readonly Float64Array[]): void {
  from.forEach((sums, i) => {
    for (let j = 0; j < sums.length; j++) into[i][j] += sums[j]
    sums.fill(0)
  })
}
