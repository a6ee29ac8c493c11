import { describe, fail } from './errors.js'
import type { BatchNorm } from './layers/batch-norm.js'
import { checkBoolean, checkChoice, checkCount, checkOptions } from './options.js'
import { checkLayout, type Layout } from './plan.js'
import {
  checkTensor,
  dtypeOf,
  type FloatArray,
  formatShape,
  isFloatArray,
  lengthOf,
  newArray,
  sizeOf,
  type Tensor,
} from './tensor.js'

const WHO = 'foldBatchNorm'

/**
 * What is read of a BatchNorm. It is known by its name, not by its class, which exists twice where a program uses the
 * ESM and the CommonJS build (docs/decisions/0005).
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

export interface FoldOptions {
  /** What the weight belongs to: a fully connected or a convolutional layer. */
  readonly kind: 'linear' | 'conv'
  /** linear: the weight is [in, out], as in Keras and tfjs. conv: it is of a transposed convolution. Default false. */
  readonly transpose?: boolean | undefined
  /** The groups of a convolution; they matter where it is transposed. Default 1. */
  readonly groups?: number | undefined
  /** conv: how the kernel lies. 'channels-first' is PyTorch's, 'channels-last' Keras's and tfjs's. Default the former. */
  readonly layout?: Layout | undefined
}

export interface FoldedLayer {
  /** Of the old weight's shape and type; a new array. */
  readonly weight: Tensor
  /** [out], a new array. */
  readonly bias: Tensor
  /**
   * The most that rounding weight and bias to their type can change an output whose inputs lie in [-1, 1], against the
   * same fold kept in float64: the largest over output channels of sum |rounded - exact weight| + |rounded - exact bias|.
   * Inputs within [-m, m], m >= 1, are off by at most m times that. An input of +-1 attains it. 0 for float64.
   */
  readonly maxAbsError: number
}

/**
 * Folds a BatchNorm in eval mode into the layer before it, so that the norm costs nothing in inference:
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
 * A depthwise kernel of tfjs, [...k, in, multiplier], is a 'channels-last' one under the shape [...k, 1, in * multiplier].
 *
 * @param bias [out], or its array alone; null (or undefined) where the layer has none, as it should before a norm.
 * @throws EvenkeelError where shapes or options do not fit; EVENKEEL_STATE where the norm trains, keeps no running
 * averages, or never saw data; EVENKEEL_BUFFER where an array of the norm was transferred; EVENKEEL_STATISTICS where the
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

/** y = x * scale + shift is what the norm computes in eval mode. */
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

interface Runs {
  /** How many output channels the weight has. */
  readonly outputs: number
  /** The output channel that an element of the weight belongs to. */
  readonly outputOf: (index: number) => number
}

function runsOf(shape: readonly number[], options: FoldOptions): Runs {
  const { kind, transpose = false, groups = 1, layout = 'channels-first' } = options
  checkChoice(WHO, 'kind', kind, ['linear', 'conv'])
  checkBoolean(WHO, 'transpose', transpose)
  checkCount(WHO, 'groups', groups)
  checkLayout(WHO, layout)
  if (kind === 'linear') checkLinear(shape, options)
  else
    checkRank(shape, shape.length >= 3, 'conv', 'a kernel of rank 3 or more, as in [out, in, height, width]')
  const last = kind === 'conv' && layout === 'channels-last'
  if (last && transpose && groups !== 1) {
    fail(
      'EVENKEEL_OPTION',
      WHO,
      `groups (${groups}) are not known of a transposed, channels-last kernel`,
      'fold each group on its own',
    )
  }
  if (kind === 'conv' && transpose && !last) return groupedRuns(shape, groups)
  const axis = last ? shape.length - (transpose ? 2 : 1) : transpose ? 1 : 0
  const outputs = shape[axis]
  const stride = sizeOf(shape.slice(axis + 1))
  if (outputs % groups !== 0) indivisible('output', outputs, groups)
  return { outputs, outputOf: (index) => Math.floor(index / stride) % outputs }
}

/** [in, out / groups, ...k]: the group follows from the input channel. */
function groupedRuns(shape: readonly number[], groups: number): Runs {
  const [inputs, perGroup] = shape
  if (inputs % groups !== 0) indivisible('input', inputs, groups)
  const stride = sizeOf(shape.slice(2))
  const inputsPerGroup = inputs / groups
  const outputOf = (index: number) => {
    const row = Math.floor(index / stride)
    const group = Math.floor(row / perGroup / inputsPerGroup)
    return group * perGroup + (row % perGroup)
  }
  return { outputs: perGroup * groups, outputOf }
}

function indivisible(which: string, channels: number, groups: number): never {
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `${which} channels (${channels}) must be divisible by groups (${groups})`,
    "pass the convolution's own groups",
  )
}

function checkLinear(shape: readonly number[], { layout, groups }: FoldOptions): void {
  checkRank(
    shape,
    shape.length === 2,
    'linear',
    'a weight of rank 2, [out, in] or, with transpose: true, [in, out]',
  )
  const stray = layout !== undefined ? 'layout' : groups !== undefined ? 'groups' : null
  if (stray === null) return
  fail(
    'EVENKEEL_OPTION',
    WHO,
    `${stray} means nothing for kind 'linear'`,
    'leave it out; transpose: true is for a weight of [in, out]',
  )
}

function checkRank(shape: readonly number[], fits: boolean, kind: string, wanted: string): void {
  if (fits) return
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `kind '${kind}' needs ${wanted}, got ${formatShape(shape)}`,
    'reshape the weight, or change kind',
  )
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

/** An array that was transferred reads as undefined, which must not pass for 1 or 0. */
function checkAttached({ channels, weight, bias, runningMean, runningVariance }: FoldableNorm): void {
  for (const [name, tensor] of Object.entries({ weight, bias, runningMean, runningVariance })) {
    const length = tensor === null ? channels : lengthOf(tensor.data)
    if (length === channels) continue
    fail(
      'EVENKEEL_BUFFER',
      WHO,
      `the norm's ${name} needs ${channels} elements, got ${length}: its buffer was transferred`,
      'fold before it is, or load the state into a new BatchNorm',
    )
  }
}

function checkOutputs(channels: number, outputs: number, weight: Tensor): void {
  if (outputs === channels) return
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `the weight ${formatShape(weight.shape)} has ${outputs} output channels, the norm ${channels}`,
    'set transpose, groups and layout to how the weight lies',
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
      `bias must be ${dtypeOf(weight)} as the weight is, got ${dtypeOf(bias.data)}`,
      'convert one of them, as in Float32Array.from(...)',
    )
  }
  if (bias.shape.length === 1 && bias.shape[0] === outputs) return bias.data
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `bias must be [${outputs}], got ${formatShape(bias.shape)}`,
    'pass null where there is none',
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
