import type { BenchCase } from './cases.js'

// What the parent and its workers say to each other: one JSON object a line, a reply to each request. A worker is idle
// but while it answers.

/** Load a case's inputs, run it once, and write the results to `outputs`. */
export interface Prepare {
  readonly do: 'prepare'
  readonly contender: string
  readonly bench: BenchCase
  readonly eps: number
  readonly threads: number
  /** The directory of the inputs: x, dy, weight, bias, mean, variance, float32 each. */
  readonly inputs: string
  readonly outputs: string
}

/** Run the prepared case so often and tell how long one took; the first `warmUp` runs come before and are not timed. */
export interface Time {
  readonly do: 'time'
  readonly contender: string
  readonly iterations: number
  readonly warmUp: number
}

/** Forget the prepared case and its arrays. */
export interface Release {
  readonly do: 'release'
}

export type Request = Prepare | Time | Release

export type Reply =
  /** The first line of a worker, unasked; and the reply to 'release'. */
  | { readonly version: string }
  /** To 'prepare': the results are written. The names of the variants, [''] where there is one. */
  | { readonly prepared: readonly string[] }
  /** To 'prepare': the contender has no such operation, and why. */
  | { readonly none: string }
  /** To 'time': per variant (one, but for the copies of the limit), nanoseconds of one iteration. */
  | { readonly nanoseconds: number[] }
  | { readonly error: string }
