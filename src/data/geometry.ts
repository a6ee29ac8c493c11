import { fail } from '../errors.js'
import { formatShape, sizeOf } from '../tensor.js'

/** Where the features lie in an input: [samples, features, space], row-major. */
export interface Geometry {
  readonly samples: number
  readonly features: number
  readonly space: number
}

/** A chunk has at most as many elements: 4 MB of float32, which a second-level or third-level cache holds. */
const CHUNK_ELEMENTS = 2 ** 20

/**
 * The number of rows in a chunk. It is a power of 2, and follows from the size of a row alone: not from the element
 * type, the machine or the file.
 * @param elements the number of elements in a row
 */
export function chunkRowsOf(elements: number): number {
  if (elements === 0) return CHUNK_ELEMENTS
  return 2 ** Math.max(0, Math.floor(Math.log2(CHUNK_ELEMENTS / elements)))
}

/**
 * The dimension of the features, from 0 up. `axis` counts from the end if it is negative. Null: the input has one
 * feature.
 */
function featureAxis(who: string, shape: readonly number[], axis: number | null): number | null {
  const { length: rank } = shape
  if (rank === 0)
    fail(
      'EVENKEEL_SHAPE',
      who,
      'the input must have rows, got a scalar',
      'give it as [rows], or [rows, features]',
    )
  if (axis === null || rank === 1) return null
  const dimension = axis < 0 ? rank + axis : axis
  if (dimension >= 1 && dimension < rank) return dimension
  return fail(
    'EVENKEEL_SHAPE',
    who,
    `axis is the dimension of the features, and an input of ${formatShape(shape)} has no dimension ${axis} beside that of the rows`,
    `give axis from 1 to ${rank - 1}, or from ${1 - rank} to -1, or null for one feature`,
  )
}

/** Splits a shape at the dimension of the features. */
export function geometryOf(who: string, shape: readonly number[], axis: number | null): Geometry {
  const dimension = featureAxis(who, shape, axis)
  if (dimension === null) return { samples: sizeOf(shape), features: 1, space: 1 }
  const samples = sizeOf(shape.slice(0, dimension))
  return { samples, features: shape[dimension], space: sizeOf(shape.slice(dimension + 1)) }
}
