import type { Plan } from '../engine/plan.js'
import type { FloatArray } from '../tensor.js'
import type { Buffers, Operands, PassName } from './operands.js'

// For all passes: x, y, dy and dx have as many elements as the plan's shape, in the plan's dtype. weight, bias, dweight
// and dbias are [affineLength] in this dtype, or null. All other arrays are float64, [slots].

/** mean and m2 are written. They are those of x, also if the plan's statistics are given. */
export type MomentsBuffers = Buffers<'moments'>
/** min and max are written. */
export type ExtremaBuffers = Buffers<'extrema'>
/** y may be x itself. Otherwise y must not overlap x. */
export type ApplyBuffers = Buffers<'apply'>
/** As for apply. mean and variance (biased) are written, unless the plan's statistics are given. */
export type ForwardBuffers = Buffers<'forward'>
/** sum1 and sum2 are written. The parameters' gradients are added to the values in dweight and dbias. */
export type GradientSumsBuffers = Buffers<'gradientSums'>
/** dx may be dy or x itself. Otherwise dx must not overlap them. sum1 and sum2 are those of gradientSums. */
export type ApplyGradientBuffers = Buffers<'applyGradient'>
/** dx is as for applyGradient. dweight and dbias are as for gradientSums. */
export type BackwardBuffers = Buffers<'backward'>

/** The interface between the layers and the arithmetic. All backends give the same bits. */
export interface Backend extends AsyncPasses {
  /** 'portable', 'native-scalar', 'native-avx2', 'native-avx512' or 'native-neon'. */
  readonly name: string
  /** Reduce and merge: the mean and m2 of each slot. m2 is the sum of squared differences from the mean. */
  moments(plan: Plan, io: MomentsBuffers): void
  /**
   * Reduce: the least and the greatest value of each slot. NaN is skipped. A zero is 0, not -0. Of a slot without values,
   * min is Infinity and max is -Infinity.
   */
  extrema(plan: Plan, io: ExtremaBuffers): void
  /** Fold and map: y. If the plan's statistics are not given, mean and variance must be those of x, because the pass may read x again to
   * recompute them. */
  apply(plan: Plan, io: ApplyBuffers): void
  /**
   * moments, then apply with variance = m2 / count (0 if there are no elements). If the statistics are given, only
   * apply.
   */
  forward(plan: Plan, io: ForwardBuffers): void
  /**
   * Reduce and merge: the sums of g = weight * dy and of g * xhat for each slot, and dweight and dbias. No gradient
   * flows through statistics that are given, so their sums are 0.
   */
  gradientSums(plan: Plan, io: GradientSumsBuffers): void
  /** Fold and map: dx. */
  applyGradient(plan: Plan, io: ApplyGradientBuffers): void
  /** gradientSums, then applyGradient. */
  backward(plan: Plan, io: BackwardBuffers): void
}

/**
 * The passes on another thread. They are absent if the backend has no other thread. The memory of the arrays is kept
 * until the promise settles, even if a buffer is transferred before that. No array may be resizable.
 */
export type AsyncPasses = {
  [P in PassName as `${P}Async`]?: (plan: Plan, io: Buffers<P>) => Promise<void>
}

/** A backend in the form that the engine uses. The operands of a pass are a list, in the order of their table. */
export interface Executor {
  readonly backend: Backend
  run(pass: PassName, plan: Plan, operands: Operands): void
  /** Runs a pass on another thread. Null if the backend has no other thread. */
  readonly runAsync: ((pass: PassName, plan: Plan, operands: Operands) => Promise<void>) | null
  /** New cached calls for one owner, which makes many calls. Null if the backend has no cached calls. */
  cachedCalls(): CachedCalls | null
  /** To be called with each new array before its first use. The backend can ask for huge pages for it. */
  adviseHugePages(array: FloatArray): void
}

/** The cached calls of one owner, one for each direction. */
export interface CachedCalls {
  readonly forward: CachedCall
  readonly backward: CachedCall
}

/** The cached call of one pass and one owner. It skips the checks if the operands are those of the call before. */
export interface CachedCall {
  /**
   * Runs the pass and returns true if the operands are those of the last call. Then no check is needed. Otherwise it
   * does nothing and returns false. `fresh`: the result was allocated for this call, so it may be another array than
   * before.
   */
  repeat(plan: Plan, operands: Operands, fresh: boolean): boolean
  /** Runs the pass on operands that the caller has checked, and remembers them for repeat(). */
  run(plan: Plan, operands: Operands): void
}
