import { checkAxis, checkExtents, planRows } from '../engine/plan.js'
import { asShape, RMS_NORM_EPS } from '../functional.js'
import { checkOptions } from '../options.js'
import { NormLayer } from './layer.js'
import type { Layer } from './layer-interface.js'
import { type PlanFor, ROWS_OPTIONS, type RowsOptions } from './layer-options.js'
import type { Known, LayerOf, NoOptions, RowProperties } from './layer-types.js'
import { affineOf } from './parameter.js'
import { readOnly } from './read-only.js'

export interface RMSNormOptions extends RowsOptions {
  /**
   * Default: 2^-23 for float32, 2^-52 for float64, as PyTorch has it. Many published models were trained with 1e-6 or
   * 1e-5.
   */
  readonly eps?: number | undefined
  /** Default false, also with `affine: true`. */
  readonly bias?: boolean | undefined
}

/** @hidden */
export type RMSNorm = Layer & RowProperties

export interface RMSNormConstructor {
  readonly prototype: RMSNorm
  new <const Options extends RMSNormOptions = NoOptions>(
    normalizedShape: number | readonly number[],
    options?: Known<Options, RMSNormOptions>,
  ): LayerOf<Options, RowProperties, true, false>
}

/**
 * Root mean square normalization (Zhang and Sennrich 2019, arXiv:1910.07467): y = x / sqrt(mean of x^2 + eps) *
 * weight over the dimensions `normalizedShape`. These are the last dimensions, or the dimensions from `axis` on.
 * RMSNorm is LayerNorm without the mean. Training and eval mode are the same.
 *
 * forward: [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
 *
 * @class
 */
export const RMSNorm = class RMSNorm extends NormLayer {
  declare readonly normalizedShape: readonly number[]
  declare readonly axis: number

  constructor(normalizedShape: number | readonly number[], options: RMSNormOptions = {}) {
    const who = 'RMSNorm'
    checkOptions(who, options, ROWS_OPTIONS)
    const { dtype = 'float32', axis } = options
    const { eps = RMS_NORM_EPS[dtype] ?? RMS_NORM_EPS.float32 } = options
    const affineShape = asShape(normalizedShape)
    checkExtents(who, 'normalizedShape', affineShape)
    if (axis !== undefined) checkAxis(who, axis)
    const affine = affineOf(who, options, { affine: true, bias: false })
    const plan: PlanFor = (shape, given) =>
      planRows('RMSNorm', shape, dtype, { normalizedShape: affineShape, axis, eps, given, centred: false })
    super(who, {
      plan,
      eps,
      dtype,
      affine,
      affineShape,
      workspace: options.workspace,
      fixed: { normalizedShape: [...affineShape], axis: axis ?? -affineShape.length },
    })
  }
} as RMSNormConstructor

readOnly(RMSNorm.prototype, ['normalizedShape', 'axis'])
