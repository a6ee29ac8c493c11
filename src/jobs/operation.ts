import { l2Normalize } from '../data/l2-normalize.js'
import { fail } from '../errors.js'
import type { Reader } from '../files/reader.js'
import { layerNorm, rmsNorm } from '../functional.js'
import { type DType, dtypeOf, type FloatArray, formatShape, newArray, type Tensor } from '../tensor.js'
import { digestOf, type Saved } from './saved.js'

/** Computes the rows `out` from the rows `x`, of the same shape. */
export type RowsToRows = (x: Tensor, out: Tensor) => void

/** What a job does to the rows of files. */
export interface Operation {
  /** What tells it from other operations, for the manifest. */
  readonly identity: Readonly<Record<string, unknown>>
  /** The identity of the operation that it undoes, if it undoes one. */
  readonly undoes?: Readonly<Record<string, unknown>> | undefined
  /**
   * Prepares it for the rows of a file.
   * @throws EvenkeelError if it does not fit them.
   */
  for(reader: Reader, dtype: DType): RowsToRows
}

/** Scales by learned statistics. */
export function standardize({ standardizer, names }: Saved, inverse: boolean): Operation {
  const statistics = digestOf(standardizer.toJSON())
  return {
    identity: { statistics, inverse },
    undoes: inverse ? { statistics, inverse: false } : undefined,
    for(reader, dtype) {
      const differs = (names ?? []).findIndex((name, f) => reader.names !== null && reader.names[f] !== name)
      if (names !== null && differs >= 0 && reader.names?.length === standardizer.features)
        fail(
          'EVENKEEL_SHAPE',
          reader.path,
          `its feature ${differs} is ${reader.names?.[differs]}, and in the statistics it is ${names[differs]}`,
          'name the columns, in the order of the statistics',
        )
      return (x, out) => {
        if (inverse) standardizer.inverseTransform(x, { out, dtype })
        else standardizer.transform(x, { out, dtype })
      }
    },
  }
}

/** Norms that need no statistics of other rows. */
export type RowNorm = 'layer' | 'rms' | 'l2'
export const ROW_NORMS: readonly RowNorm[] = ['layer', 'rms', 'l2']

/** Normalizes each row, or each position of it, over the dimension `axis`. */
export function normalizeRows(norm: RowNorm, axis: number, eps: number | undefined): Operation {
  return {
    identity: { norm, axis, eps: eps ?? null },
    for({ path, rowShape }, dtype) {
      const rank = rowShape.length + 1
      const dimension = axis < 0 ? rank + axis : axis
      if (dimension < 1 || dimension >= rank)
        fail(
          'EVENKEEL_SHAPE',
          path,
          `its rows have the shape ${formatShape(rowShape)}, and axis is ${axis}`,
          rank === 1 ? 'give a file of rows with several numbers' : `give axis from 1 to ${rank - 1}`,
        )
      if (norm === 'l2' && dimension !== rank - 1)
        fail('EVENKEEL_OPTION', path, 'l2 is over the last dimension alone', 'leave out axis')
      const normalizedShape = rowShape.slice(dimension - 1, dimension)
      return widening(dtype, (x, out) => {
        if (norm === 'l2') l2Normalize(x, { out })
        else if (norm === 'rms') rmsNorm(x, { normalizedShape, axis: dimension, eps, out })
        else layerNorm(x, { normalizedShape, axis: dimension, eps, out })
      })
    },
  }
}

/** Lets an action between tensors of one type work between two. The wider type computes, and is rounded once. */
export function widening(dtype: DType, action: RowsToRows): RowsToRows {
  let wide: FloatArray | undefined
  return (x, out) => {
    if (dtypeOf(x.data) === dtype) return action(x, out)
    // One of the two is float64. The other is converted here, in memory that the next rows use again.
    if (wide === undefined || wide.length < x.data.length) wide = newArray('float64', x.data.length)
    const same = { data: wide.subarray(0, x.data.length), shape: x.shape }
    if (dtype === 'float64') {
      same.data.set(x.data)
      action(same, out)
    } else {
      action(x, same)
      out.data.set(same.data)
    }
  }
}
