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
  /** Not a part of standard LayerNorm; see the class. Default false. */
  readonly runningAverage?: RunningAverage | false | undefined
}

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
 * bias, with mean and biased variance of each row over the dimensions `normalizedShape`; the same in training and in eval
 * mode. They are the input's last dimensions, or those from `axis` on: `new LayerNorm(96, { axis: 1 })` normalizes each
 * position of [N, 96, H, W] over its channels, as ConvNeXt does. weight and bias have the shape normalizedShape. eps is 1e-5 by default.
 *
 * Over convolutional input, `new LayerNorm([C, H, W])` normalizes each sample as a whole; for statistics per channel
 * of a sample take InstanceNorm.
 *
 * `runningAverage` is an extension that standard LayerNorm does not have: the rows' means and variances, averaged over
 * a batch, feed one scalar running mean and variance (population), and eval mode normalizes every row with that pair.
 * It helps where a single row's statistics are mostly noise and all rows come from one steady source, such as short
 * records of one fixed sensor: the level and scale of a row then stay visible, and a lone outlier does not rescale its
 * row. It hurts everywhere else: a row's output is no longer independent of that row's own offset and scale, training
 * and eval compute different functions, and a source that drifts leaves the averages behind. Transformers never want it.
 *
 * forward: [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
 *
 * @throws EvenkeelError (EVENKEEL_OPTION) on options that are unknown, out of range or contradict each other.
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
