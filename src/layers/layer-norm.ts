import { checkAxis, checkExtents, planRows } from '../engine/plan.js'
import { asShape, DEFAULT_EPS } from '../functional.js'
import { checkOptions } from '../options.js'
import { NormLayer } from './layer.js'
import type { Layer } from './layer-interface.js'
import { type PlanFor, ROWS_OPTIONS, type RowsOptions } from './layer-options.js'
import type { Known, LayerOf, NoOptions, RowProperties } from './layer-types.js'
import { affineOf } from './parameter.js'
import { readOnly } from './read-only.js'
import { checkRunning, type RunningAverage } from './running-statistics.js'

export interface LayerNormOptions extends RowsOptions {
  /** Not part of standard LayerNorm. See the documentation of the class. Default false. */
  readonly runningAverage?: RunningAverage | false | undefined
}

/** @hidden */
export type LayerNorm = Layer & RowProperties

export interface LayerNormConstructor {
  readonly prototype: LayerNorm
  new <const Options extends LayerNormOptions = NoOptions>(
    normalizedShape: number | readonly number[],
    options?: Known<Options, LayerNormOptions>,
  ): LayerOf<Options, RowProperties>
}

/**
 * Layer normalization (Ba, Kiros and Hinton 2016, arXiv:1607.06450): y = (x - mean) / sqrt(variance + eps) * weight +
 * bias. The mean and the biased variance are those of each row over the dimensions `normalizedShape`. Training and
 * eval mode are the same. The normalized dimensions are the input's last dimensions, or the dimensions from `axis`
 * on. For example, `new LayerNorm(96, { axis: 1 })` normalizes each position of [N, 96, H, W] over its channels, as
 * in ConvNeXt. weight and bias have the shape normalizedShape. eps is 1e-5 by default.
 *
 * On convolutional input, `new LayerNorm([C, H, W])` normalizes each sample as a whole. For statistics per channel of
 * each sample, use InstanceNorm.
 *
 * `runningAverage` is an extension that standard LayerNorm does not have. The layer then has one scalar running mean
 * and one scalar running variance (population). In training mode, they are updated with the means and variances of
 * the rows, averaged over the batch. In eval mode, every row is normalized with this pair. This helps if the
 * statistics of a single row are mostly noise and all rows come from one steady source, such as short records of one
 * fixed sensor. Then the level and the scale of a row stay visible, and a single outlier does not rescale its row. In
 * all other cases it does harm: the output of a row depends on the offset and scale of that row, training and eval
 * mode compute different functions, and the averages become wrong if the source drifts. Do not use it in
 * transformers.
 *
 * forward: [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
 *
 * @class
 */
export const LayerNorm = class LayerNorm extends NormLayer {
  declare readonly normalizedShape: readonly number[]
  declare readonly axis: number

  constructor(normalizedShape: number | readonly number[], options: LayerNormOptions = {}) {
    const who = 'LayerNorm'
    checkOptions(who, options, [...ROWS_OPTIONS, 'runningAverage'])
    const { eps = DEFAULT_EPS, dtype = 'float32', axis, runningAverage = false } = options
    const affineShape = asShape(normalizedShape)
    checkExtents(who, 'normalizedShape', affineShape)
    if (axis !== undefined) checkAxis(who, axis)
    const plan: PlanFor = (shape, given) =>
      planRows('LayerNorm', shape, dtype, { normalizedShape: affineShape, axis, eps, given })
    super(who, {
      plan,
      eps,
      dtype,
      affine: affineOf(who, options, { affine: true, bias: true }),
      affineShape,
      workspace: options.workspace,
      running: checkRunning(who, runningAverage, 'population'),
      runningShape: [],
      fixed: { normalizedShape: [...affineShape], axis: axis ?? -affineShape.length },
    })
  }
} as LayerNormConstructor

readOnly(LayerNorm.prototype, ['normalizedShape', 'axis'])
