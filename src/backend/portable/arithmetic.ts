import { type DType, type FloatArray, newArray } from '../../tensor.js'

/**
 * The constants of the arithmetic. native/base/arithmetic.h has the same constants. docs/numerics.md has the reasons.
 * A block of a span has STEPS steps. A step has one element for each lane, which is 128 bytes. A block of a column
 * has STEPS rows.
 */
export const STEPS = 32
/** The bytes of one step: 32 float32 lanes or 16 float64 lanes. This is four AVX2 registers. */
const STEP_BYTES = 128
/** How many blocks of a span make a partition: 256 KiB. A partition is the smallest part that a thread takes. */
export const PARTITION_BLOCKS = 64
/** How many rows make a partition of a column, or of the column sums of rows. */
export const PARTITION_ROWS = 256
/**
 * How many steps (or rows) make the head of a block. The block is shifted by the mean of its head. The sum of the
 * head is exact if all its elements are equal.
 */
export const SHIFT_STEPS = 2
/**
 * If the sum of float32 squares is below this number, some squares may have underflowed. Then the block is computed
 * again in float64. The number is 2^-90 because a lost square is below 2^-126. So the 1024 squares of a block
 * together are less than 2^-26 of the sum.
 */
export const SMALLEST_TRUSTED_SQUARES = 2 ** -90

/** The lanes, the sizes and the rounding of one element type. */
export interface Arithmetic {
  readonly single: boolean
  readonly lanes: number
  /** The elements of a block of a span: 1024 float32 or 512 float64. */
  readonly block: number
  readonly partition: number
  readonly sum1: FloatArray
  readonly sum2: FloatArray
}

function arithmeticOf(dtype: DType): Arithmetic {
  const single = dtype === 'float32'
  const lanes = STEP_BYTES / (single ? 4 : 8)
  const block = lanes * STEPS
  const partition = block * PARTITION_BLOCKS
  return { single, lanes, block, partition, sum1: newArray(dtype, lanes), sum2: newArray(dtype, lanes) }
}

/** All calls share these lanes. This is safe, because JavaScript has one thread and no pass calls other code. */
export const arithmetics: Readonly<Record<DType, Arithmetic>> = {
  float32: arithmeticOf('float32'),
  float64: arithmeticOf('float64'),
}

/** Rounds to the element type. For + - * / and sqrt, round(a op b) is exactly the float32 operation. */
export function round(value: number, single: boolean): number {
  return single ? Math.fround(value) : value
}

const branches = new Float64Array(32)

/** Adds up the lanes in float64, in a fixed tree: lane i and lane i + half are added until one is left. */
export function treeSum(sums: FloatArray): number {
  let half = sums.length >> 1
  for (let i = 0; i < half; i++) branches[i] = sums[i] + sums[i + half]
  for (half >>= 1; half > 0; half >>= 1) {
    for (let i = 0; i < half; i++) branches[i] += branches[i + half]
  }
  return branches[0]
}
