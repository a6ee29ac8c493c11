import { asShape, RMS_NORM_EPS } from '../functional.js'
import { checkOptions } from '../options.js'
import { checkExtents, planRows } from '../plan.js'
import type { FloatArray } from '../tensor.js'
import { Layer } from './layer.js'
import {
  type BiasOf,
  type DataOf,
  type Known,
  LAYER_OPTIONS,
  type LayerOptions,
  type NoOptions,
  type PlanFor,
  type WeightOf,
} from './layer-options.js'
import { affineOf, type Parameter } from './parameter.js'
import { readOnly } from './read-only.js'

export interface RMSNormOptions extends LayerOptions {
  /** Default: 2^-23 for float32, 2^-52 for float64, as PyTorch has it. Many published models were trained with 1e-6 or 1e-5. */
  readonly eps?: number | undefined
  /** RMSNorm has none by default, not by `affine: true` either. */
  readonly bias?: boolean | undefined
}

/** Data: the arrays of the layer's dtype. Weight, Bias: null where the options leave them out. */
export interface RMSNorm<
  Data extends FloatArray = FloatArray,
  Weight extends Parameter<Data> | null = Parameter<Data> | null,
  Bias extends Parameter<Data> | null = Parameter<Data> | null,
> extends Layer<Data, Weight, Bias> {
  readonly normalizedShape: readonly number[]
}

export interface RMSNormConstructor {
  readonly prototype: RMSNorm
  new <const Options extends RMSNormOptions = NoOptions>(
    normalizedShape: number | readonly number[],
    options?: Known<Options, RMSNormOptions>,
  ): RMSNorm<DataOf<Options>, WeightOf<Options>, BiasOf<Options, true, false>>
}

/**
 * Root mean square normalization (Zhang and Sennrich 2019, arXiv:1910.07467): y = x / sqrt(mean of x^2 + eps) * weight
 * over the trailing dimensions, `normalizedShape`; LayerNorm without the mean. The same in training and in eval mode.
 *
 * forward: [..., ...normalizedShape], of any rank.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
 */
export const RMSNorm = class RMSNorm extends Layer {
  declare readonly normalizedShape: readonly number[]

  constructor(normalizedShape: number | readonly number[], options: RMSNormOptions = {}) {
    const who = 'RMSNorm'
    checkOptions(who, options, LAYER_OPTIONS)
    const { dtype = 'float32' } = options
    const { eps = RMS_NORM_EPS[dtype] ?? RMS_NORM_EPS.float32 } = options
    const affineShape = asShape(normalizedShape)
    checkExtents(who, 'normalizedShape', affineShape)
    const affine = affineOf(who, options, { affine: true, bias: false })
    const plan: PlanFor = (shape, given) =>
      planRows('RMSNorm', shape, dtype, { normalizedShape: affineShape, eps, given, centred: false })
    super(who, {
      plan,
      eps,
      dtype,
      affine,
      affineShape,
      fixed: { normalizedShape: [...affineShape] },
    })
  }
} as RMSNormConstructor

readOnly(RMSNorm.prototype, ['normalizedShape'])
