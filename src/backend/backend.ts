import type { Plan } from '../engine/plan.js'
import type { FloatArray } from '../tensor.js'

/**
 * What a forward pass reads and writes. x, y: as many elements as the plan's shape, of the plan's dtype;
 * y may be x itself, and overlaps it in no other way. weight, bias: [affineLength] or null.
 * mean, variance (biased): [slots], read where the plan's statistics are given, written otherwise.
 */
export interface ForwardBuffers {
  readonly x: FloatArray
  readonly y: FloatArray
  readonly weight: FloatArray | null
  readonly bias: FloatArray | null
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/**
 * What a backward pass reads and writes. dx may be dy or x itself, and overlaps them in no other way.
 * dweight, dbias: [affineLength] or null; the gradient is added to what they hold.
 */
export interface BackwardBuffers {
  readonly dy: FloatArray
  readonly x: FloatArray
  readonly dx: FloatArray
  readonly weight: FloatArray | null
  readonly mean: Float64Array
  readonly variance: Float64Array
  readonly dweight: FloatArray | null
  readonly dbias: FloatArray | null
}

/** The narrow waist between the layers and the arithmetic: every backend gives the same bits. */
export interface Backend {
  /** 'portable', 'native-scalar', 'native-avx2', 'native-avx512' or 'native-neon'. */
  readonly name: string
  forward(plan: Plan, io: ForwardBuffers): void
  backward(plan: Plan, io: BackwardBuffers): void
  /**
   * The same on another thread; absent where there is none. The arrays' memory is kept until the promise is settled,
   * even where a buffer is transferred meanwhile; none may be resizable.
   */
  forwardAsync?(plan: Plan, io: ForwardBuffers): Promise<void>
  backwardAsync?(plan: Plan, io: BackwardBuffers): Promise<void>
}
