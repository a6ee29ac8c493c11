import { type DType, type FloatArray, newArray, sizeOf, type Tensor } from '../tensor.js'

/** Some rows, as a library gave them. */
export interface RowBlock {
  readonly rows: number
  /** Writes the rows from `from` to `to` into `out`, row-major, from its beginning on. */
  copy(from: number, to: number, out: FloatArray): void
}

export interface Cut {
  readonly dtype: DType
  readonly rowShape: readonly number[]
  /** The rows of a chunk. */
  readonly rows: number
  /** How many rows of the blocks are skipped. */
  readonly from: number
  /** The row of the blocks before which the chunks end. */
  readonly to: number
}

/** A chunk is filled while the caller works on the one before, so there are two buffers. */
const BUFFERS = 2

/** Cuts blocks of any size into chunks of `rows` rows. See Reader.chunks(). */
export async function* recut(source: AsyncGenerator<RowBlock>, cut: Cut): AsyncGenerator<Tensor> {
  const { dtype, rowShape, from, to } = cut
  const rowSize = sizeOf(rowShape)
  const rows = Math.min(cut.rows, Math.max(0, to - from))
  const buffers: FloatArray[] = []
  let block: RowBlock = { rows: 0, copy() {} }
  /** The rows of the block that are used up, and those of all blocks before it. */
  let used = 0
  let before = 0
  const fill = async (i: number): Promise<number> => {
    let done = 0
    while (done < rows && before + used < to) {
      if (used < block.rows) {
        const end = Math.min(block.rows, used + rows - done, to - before)
        // Not before there are rows, because a header can promise any size.
        buffers[i % BUFFERS] ??= newArray(dtype, rows * rowSize)
        const buffer = buffers[i % BUFFERS]
        block.copy(used, end, buffer.subarray(done * rowSize, (done + end - used) * rowSize))
        done += end - used
        used = end
        continue
      }
      const { value, done: ended } = await source.next()
      if (ended === true) break
      before += block.rows
      block = value
      used = Math.min(block.rows, Math.max(0, from - before))
    }
    return done
  }
  const fillNext = (i: number) => {
    const next = fill(i)
    // If the caller stops here, nobody waits for it, and its error is of no use.
    next.catch(() => {})
    return next
  }
  let next = fillNext(0)
  try {
    for (let i = 0; ; i++) {
      const count = await next
      if (count === 0) return
      const buffer = buffers[i % BUFFERS]
      next = count < rows ? Promise.resolve(0) : fillNext(i + 1)
      yield { data: buffer.subarray(0, count * rowSize), shape: [count, ...rowShape] }
    }
  } finally {
    await next.catch(() => {})
    await source.return(undefined)
  }
}
