import type { Context, FloatArray, Tensor } from '../src/index.js'
import { lengthOf } from '../src/tensor.js'
import { type Argument, Difference } from './argument.js'
import type { Mode, Step } from './scenario.js'
import type { Side } from './side.js'

/** A call that is ready to be made, and what is known of it before. */
export interface Call {
  /** Makes the call. Afterwards the side knows its results. It returns their arrays, if the call may write them. */
  readonly run: () => unknown
  /** The arrays that the call may write, besides those that it returns. */
  readonly writes?: readonly (FloatArray | null | undefined)[]
  /** The arrays that it may have written when it throws EVENKEEL_STATISTICS. */
  readonly writesBeforeStatistics?: readonly FloatArray[]
  /** Whether it must throw. */
  readonly bad?: boolean
  /** Whether it calls the library within the call, so that an error of it does not mean that nothing has changed. */
  readonly calls?: boolean
  readonly mode?: Mode
}

/** Makes the call of a step ready on one side. Whatever it allocates is known to the side before the call. */
export type Make<Op extends Step['op']> = (side: Side, step: Extract<Step, { op: Op }>) => Call
export type Makers<Op extends Step['op']> = { readonly [Each in Op]: Make<Each> }

/** What is known of a call before it is made. The last argument is `out`, unless the call has one argument only. */
export function callFor(
  args: readonly (Argument | null)[],
  writes: readonly (FloatArray | null | undefined)[],
  mode: Mode = 'now',
): Omit<Call, 'run'> {
  const out = args.at(-1)
  return {
    writes,
    writesBeforeStatistics: args.length > 1 && out?.array ? [out.array] : [],
    bad: args.some((argument) => argument?.bad),
    calls: args.some((argument) => argument?.calls),
    mode,
  }
}

/** What a gradient may replace: dy, or the input of its context. */
export function overInput(context: Context | undefined, seed: number, dy: Argument): Argument {
  const x = context?.x ?? null
  return seed % 2 === 0 || x === null || dy.array === null || lengthOf(x) !== lengthOf(dy.array)
    ? dy
    : { ...dy, array: x }
}

/** The result, which must be `out` if there is one; without the getters that `out` may have. */
export function plainResult(result: Tensor, out: Argument | null): Tensor {
  if (out === null) return result
  if (result !== out.tensor) throw new Difference('the result is not out')
  return out.plain
}
