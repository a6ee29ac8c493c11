import type { FloatArray, Tensor } from '../src/index.js'

/** A property does not hold. */
export class Difference extends Error {}

/** An argument of a call. */
export interface Argument {
  readonly tensor: Tensor
  /** The tensor without what is wrong with it, for later calls. */
  readonly plain: Tensor
  /** The array itself, for other arguments to overlap it. Null if the tensor has none, or has lost it. */
  readonly array: FloatArray | null
  /** Whether a call with this argument must throw. */
  readonly bad: boolean
  /** Whether the argument calls the library while it is read. */
  readonly calls: boolean
}
