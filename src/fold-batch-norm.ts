import { describe, fail } from './errors.js'
import { type FoldOptions, runsOf, WHO } from './fold-layout.js'
import type { BatchNorm } from './layers/batch-norm.js'
import { checkOptions } from './options.js'
import {
  checkTensor,
  dtypeOf,
  type FloatArray,
  formatShape,
  isFloatArray,
  lengthOf,
  newArray,
  type Tensor,
} from './tensor.js'

/**
 * The properties of a BatchNorm that are read. It is recognized by its name. Its class exists twice if a program uses
 * the ESM and the CommonJS build (docs/decisions/0005).
 */
export type FoldableNorm = Pick<
  BatchNorm,
  | 'name'
  | 'channels'
  | 'eps'
  | 'weight'
  | 'bias'
  | 'runningMean'
  | 'runningVariance'
  | 'hasStatistics'
  | 'training'
>

export interface FoldedLayer {
  /** A new array with the shape and type of the old weight. */
  readonly weight: Tensor
  /** A new array of shape [out]. */
  readonly bias: Tensor
  /**
   * The largest change of an output by the rounding of weight and bias to their type, compared with a fold in float64,
   * for inputs in [-1, 1]. It is the maximum over output channels of sum |rounded - exact weight| + |rounded - exact
   * bias|. Some input of +1 and -1 reaches it. For inputs in [-m, m] with m >= 1, the change is at most m times as
   * large. 0 for float64.
   */
  readonly maxAbsError: number
}

/**
 * Folds a BatchNorm in eval mode into the layer before it. The norm then costs nothing in inference:
 *
 *     scale = norm.weight / sqrt(runningVariance + eps)
 *     weight' = weight * scale      bias' = (bias - runningMean) * scale + norm.bias
 *
 * | kind, transpose | weight, layout 'channels-first'  | 'channels-last'                    |
 * | linear          | [out, in]                        |                                    |
 * | linear, true    | [in, out]                        |                                    |
 * | conv            | [out, in / groups, ...k]         | [...k, in / groups, out]           |
 * | conv, true      | [in, out / groups, ...k]         | [...k, out, in], groups: 1         |
 *
 * A depthwise kernel of tfjs, [...k, in, multiplier], is a 'channels-last' kernel of shape [...k, 1, in * multiplier].
 *
 * @param bias the layer's bias, [out], as a tensor or as its array. Null or undefined if the layer has none, as is usual
 * before a norm.
 * @throws EvenkeelError if shapes or options do not fit; EVENKEEL_STATE if the norm is in training mode, keeps no running
 * averages, or has seen no data; EVENKEEL_BUFFER if an array of the norm was transferred; EVENKEEL_STATISTICS if the
 * result is not finite.
 */
export function foldBatchNorm(
  weight: Tensor,
  bias: Tensor | FloatArray | null | undefined,
  norm: FoldableNorm,
  options: FoldOptions,
): FoldedLayer {
  checkNorm(norm)
  checkOptions(WHO, options, ['kind', 'transpose', 'groups', 'layout'])
  checkTensor(WHO, weight, 'weight')
  const runs = runsOf(weight.shape, options)
  checkOutputs(norm.channels, runs.outputs, weight)
  const biasData = biasOf(bias, runs.outputs, weight.data)
  const { scale, shift } = frozen(norm)
  const exactBias = shift.map((s, o) => (biasData === null ? 0 : biasData[o]) * scale[o] + s)

  const dtype = dtypeOf(weight.data)
  const folded = newArray(dtype, weight.data.length)
  const foldedBias = newArray(dtype, runs.outputs)
  foldedBias.set(exactBias)
  const errors = exactBias.map((exact, o) => Math.abs(foldedBias[o] - exact))
  for (let i = 0; i < folded.length; i++) {
    const output = runs.outputOf(i)
    const exact = weight.data[i] * scale[output]
    folded[i] = exact
    errors[output] += Math.abs(folded[i] - exact)
  }
  checkFinite(errors)
  return {
    weight: { data: folded, shape: [...weight.shape] },
    bias: { data: foldedBias, shape: [runs.outputs] },
    maxAbsError: errors.reduce((most, error) => Math.max(most, error), 0),
  }
}

/** In eval mode the norm computes y = x * scale + shift. */
function frozen({ eps, channels, weight, bias, runningMean, runningVariance }: FoldableNorm) {
  const mean = runningMean!.data
  const variance = runningVariance!.data
  const scale = new Float64Array(channels)
  const shift = new Float64Array(channels)
  for (let c = 0; c < channels; c++) {
    scale[c] = (weight === null ? 1 : weight.data[c]) / Math.sqrt(variance[c] + eps)
    shift[c] = (bias === null ? 0 : bias.data[c]) - mean[c] * scale[c]
  }
  return { scale, shift }
}

function checkNorm(norm: FoldableNorm): void {
  if (typeof norm !== 'object' || norm?.name !== 'BatchNorm') {
    fail(
      'EVENKEEL_OPTION',
      WHO,
      `only a BatchNorm is constant in inference and can be folded, got ${describe(norm)}`,
      'keep the other norms as they are',
    )
  }
  if (norm.runningMean === null || !norm.hasStatistics) {
    const kept = norm.runningMean !== null
    fail(
      'EVENKEEL_STATE',
      WHO,
      kept ? 'the norm has tracked no batches yet' : 'the norm keeps no running averages',
      kept ? 'train it first, or loadStateDict()' : 'construct it with runningAverage, and train it',
    )
  }
  if (norm.training) {
    fail(
      'EVENKEEL_STATE',
      WHO,
      "the norm is in training mode, where it uses each batch's statistics",
      'call norm.eval()',
    )
  }
  checkAttached(norm)
}

/** Refuses an array that was transferred. Its elements read as undefined, which must not be taken for 1 or 0. */
function checkAttached({ channels, weight, bias, runningMean, runningVariance }: FoldableNorm): void {
  for (const [name, tensor] of Object.entries({ weight, bias, runningMean, runningVariance })) {
    const length = tensor === null ? channels : lengthOf(tensor.data)
    if (length === channels) continue
    fail(
      'EVENKEEL_BUFFER',
      WHO,
      `the norm's ${name} needs ${channels} elements, got ${length}: its buffer was transferred`,
      'fold the norm before that transfer, or load its state into a new BatchNorm',
    )
  }
}

function checkOutputs(channels: number, outputs: number, weight: Tensor): void {
  if (outputs === channels) return
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `the weight ${formatShape(weight.shape)} has ${outputs} output channels, but the norm has ${channels} channels`,
    'set transpose, groups and layout to match the order of the weight',
  )
}

/** The layer's own bias, or null. */
function biasOf(given: unknown, outputs: number, weight: FloatArray): FloatArray | null {
  if (given === null || given === undefined) return null
  const bias = isFloatArray(given) ? { data: given, shape: [given.length] } : given
  checkTensor(WHO, bias, 'bias')
  if (dtypeOf(bias.data) !== dtypeOf(weight)) {
    fail(
      'EVENKEEL_DTYPE',
      WHO,
      `bias must be ${dtypeOf(weight)}, like the weight, got ${dtypeOf(bias.data)}`,
      'convert one of them, as in Float32Array.from(...)',
    )
  }
  if (bias.shape.length === 1 && bias.shape[0] === outputs) return bias.data
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `bias must be [${outputs}], got ${formatShape(bias.shape)}`,
    'pass null if the layer has no bias',
  )
}

function checkFinite(errors: Float64Array): void {
  const channel = errors.findIndex((error) => !Number.isFinite(error))
  if (channel < 0) return
  fail(
    'EVENKEEL_STATISTICS',
    WHO,
    `the folded weight or bias of output channel ${channel} is not finite`,
    'look for NaN, Infinity or a vanishing variance in the layer and the norm',
  )
}
