import type { Plan } from '../engine/plan.js'
import type { FloatArray } from '../tensor.js'
import type { Buffers, Operands, PassName } from './operands.js'

// Of all passes: x, y, dy and dx have as many elements as the plan's shape, of the plan's dtype. weight, bias, dweight
// and dbias are [affineLength] of the dtype, or null. All others are float64, [slots].

/** mean and m2 are written: of x, also where the plan's statistics are given. */
export type MomentsBuffers = Buffers<'moments'>
/** y may be x itself, and overlaps it in no other way. */
export type ApplyBuffers = Buffers<'apply'>
/** As for apply; mean and variance (biased) are written, unless the plan's statistics are given. */
export type ForwardBuffers = Buffers<'forward'>
/** sum1 and sum2 are written; the parameters' gradients are added to what dweight and dbias hold. */
export type GradientSumsBuffers = Buffers<'gradientSums'>
/** dx may be dy or x itself, and overlaps them in no other way. sum1 and sum2 are those of gradientSums. */
export type ApplyGradientBuffers = Buffers<'applyGradient'>
/** dx as for applyGradient, dweight and dbias as for gradientSums. */
export type BackwardBuffers = Buffers<'backward'>

/** The narrow waist between the layers and the arithmetic: every backend gives the same bits. */
export interface Backend extends AsyncPasses {
  /** 'portable', 'native-scalar', 'native-avx2', 'native-avx512' or 'native-neon'. */
  readonly name: string
  /** Reduce and merge: mean, and m2, the sum of squared differences from it, of each slot of `count` elements. */
  moments(plan: Plan, io: MomentsBuffers): void
  /** Fold and map: y. Where the plan's statistics are not given they must be those of x: it may be looked at again. */
  apply(plan: Plan, io: ApplyBuffers): void
  /** moments, then apply with variance = m2 / count, or 0 of no elements; apply alone where statistics are given. */
  forward(plan: Plan, io: ForwardBuffers): void
  /**
   * Reduce and merge: the sums of g = weight * dy, and of g * xhat, of each slot; dweight and dbias. Statistics that
   * are given let no gradient through: the sums are 0.
   */
  gradientSums(plan: Plan, io: GradientSumsBuffers): void
  /** Fold and map: dx. */
  applyGradient(plan: Plan, io: ApplyGradientBuffers): void
  /** gradientSums, then applyGradient. */
  backward(plan: Plan, io: BackwardBuffers): void
}

/**
 * The passes on another thread; absent where there is none. The arrays' memory is kept until the promise is settled,
 * even where a buffer is transferred meanwhile; none may be resizable.
 */
export type AsyncPasses = {
  [P in PassName as `${P}Async`]?: (plan: Plan, io: Buffers<P>) => Promise<void>
}

/** A backend as the engine uses it: operands in the order of their table. */
export interface Executor {
  readonly backend: Backend
  run(pass: PassName, plan: Plan, operands: Operands): void
  /** On another thread; null where there is none. */
  readonly runAsync: ((pass: PassName, plan: Plan, operands: Operands) => Promise<void>) | null
  /** The passes for an owner of many calls; null where there is nothing to prepare. */
  cachedCalls(): CachedCalls | null
  /** Told of a large new array before it is first touched. */
  adviseHugePages(array: FloatArray): void
}

/** The passes of one owner. */
export interface CachedCalls {
  readonly forward: CachedCall
  readonly backward: CachedCall
}

/** One pass of one owner, which spares the checks of arrays that come again. */
export interface CachedCall {
  /**
   * Runs the pass and returns true if its arrays are those of the last call, so that no check is due; `fresh`: but for
   * the result, which was allocated just now. Does nothing and returns false otherwise.
   */
  repeat(plan: Plan, operands: Operands, fresh: boolean): boolean
  /** Runs the pass on arrays that were checked, and remembers them. */
  run(plan: Plan, operands: Operands): void
}
