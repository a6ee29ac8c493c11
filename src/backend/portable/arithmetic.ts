import { type DType, type FloatArray, newArray } from '../../tensor.js'

/**
 * The constants of the one arithmetic; native/base/arithmetic.h has the same, and docs/numerics.md the reasons.
 * A span is cut into blocks of STEPS steps of as many lanes as fill 128 bytes; a column into blocks of STEPS rows.
 */
export const STEPS = 32
/** Bytes of one step: 32 float32 lanes or 16 float64 lanes, that is four AVX2 registers. */
const STEP_BYTES = 128
/** Blocks of a span that make a partition, the smallest part of a span that a thread takes: 256 KiB. */
export const PARTITION_BLOCKS = 64
/** Rows that make a partition of a column, or of the column sums of rows. */
export const PARTITION_ROWS = 256
/** Steps (or rows) at the head of a block whose mean the block is shifted by. Their sum is exact on a constant. */
export const SHIFT_STEPS = 2
/**
 * Below this sum of float32 squares, squares may have been lost to underflow, and the block is redone in float64.
 * 2^-90: a lost square is below 2^-126, so that all 1024 of a block weigh less than 2^-26 of the sum.
 */
export const SMALLEST_TRUSTED_SQUARES = 2 ** -90

/** Lanes, their registers, and rounding, of one element type. */
export interface Arithmetic {
  readonly single: boolean
  readonly lanes: number
  /** Elements of a block of a span: 1024 float32 or 512 float64. */
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

/** JavaScript is single-threaded and no pass calls out: the lanes can be shared by all calls. */
export const arithmetics: Readonly<Record<DType, Arithmetic>> = {
  float32: arithmeticOf('float32'),
  float64: arithmeticOf('float64'),
}

/** Rounds to the element type. A float32 operation is exactly round(a op b) for + - * / and sqrt. */
export function round(value: number, single: boolean): number {
  return single ? Math.fround(value) : value
}

const branches = new Float64Array(32)

/** Sums lanes in float64 by the fixed tree: lane i and lane i + half, until one is left. */
export function treeSum(sums: FloatArray): number {
  let half = sums.length >> 1
  for (let i = 0; i < half; i++) branches[i] = sums[i] + sums[i + half]
  for (half >>= 1; half > 0; half >>= 1) {
    for (let i = 0; i < half; i++) branches[i] += branches[i + half]
  }
  return branches[0]
}
