import { copyStatistics, gradientArray, newStatistics, outData, type Statistics } from './engine/buffers.js'
import { backwardCall, type Context, forwardCall, runForward, runGradient } from './engine/call.js'
import { checkLayout, type Layout, type Plan, planBatch, planGroup, planRows } from './engine/plan.js'
import { fail } from './errors.js'
import { checkOptions } from './options.js'
import {
  type DType,
  dtypeOf,
  type FloatArray,
  isFloatArray,
  readTensor,
  type Tensor,
  typedArrayKind,
} from './tensor.js'
import { arenaOf, type Workspace } from './workspace.js'

/** PyTorch's eps for all but RMSNorm. */
export const DEFAULT_EPS = 1e-5
/** PyTorch's eps for RMSNorm: the distance from 1 to the next larger number of the element type. */
export const RMS_NORM_EPS: Readonly<Record<DType, number>> = { float32: 2 ** -23, float64: 2 ** -52 }

/** A normalized tensor, and what its gradient needs. */
export interface Normalized<T extends FloatArray = FloatArray> {
  readonly y: Tensor<T>
  readonly context: Context<T>
}

export interface FunctionalOptions {
  /**
   * The factor of the normalized values: one value per channel, or one per element of normalizedShape, in the input's
   * type. It is an array or a tensor, such as a layer's weight. Of a tensor, the data are used. Default: none.
   */
  readonly weight?: FloatArray | Tensor | null | undefined
  /** The values that are added after that, in the same forms. Default: none. */
  readonly bias?: FloatArray | Tensor | null | undefined
  /**
   * The number that is added to the variance, under the square root. Default 1e-5. For rmsNorm: 2^-23, or 2^-52 for
   * float64.
   */
  readonly eps?: number | undefined
  /**
   * Where y is written: a tensor of the input's shape and type. If it is the input itself, no gradient is possible.
   * Default: a new tensor.
   */
  readonly out?: Tensor | undefined
  /** The workspace that y is drawn from if there is no `out`. Default: none. */
  readonly workspace?: Workspace | undefined
}

export interface ChannelsFunctionalOptions extends FunctionalOptions {
  /** Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
}

export interface BatchNormFunctionalOptions extends ChannelsFunctionalOptions {
  /**
   * Statistics to use instead of the batch's, such as running averages: arrays or tensors, [C] each. The variance can
   * be biased or unbiased. They are copied.
   */
  readonly statistics?:
    | { readonly mean: FloatArray | Tensor; readonly variance: FloatArray | Tensor }
    | undefined
}

export interface RowsFunctionalOptions extends FunctionalOptions {
  /** The extents of the dimensions to normalize over. A number is the extent of a single dimension. */
  readonly normalizedShape: number | readonly number[]
  /** The first of these dimensions. A negative axis counts from the end. Default: they are the last dimensions. */
  readonly axis?: number | undefined
}

export interface GroupNormFunctionalOptions extends ChannelsFunctionalOptions {
  /** The number of groups into which the channels of each sample are split. */
  readonly groups: number
}

/** The names of FunctionalOptions, for checkOptions. */
const OPTIONS = ['weight', 'bias', 'eps', 'out', 'workspace']

/**
 * Batch normalization (Ioffe and Szegedy 2015, arXiv:1502.03167): y = (x - mean) / sqrt(variance + eps) * weight +
 * bias. The mean and the biased variance are those of each channel over batch and space. If `statistics` are given,
 * they are used instead.
 *
 * @param x [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more.
 * @returns y, of x's shape and type, and the context for gradients().
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit, and if a channel has only one value.
 */
export function batchNorm<T extends FloatArray>(
  x: Tensor<T>,
  options: BatchNormFunctionalOptions = {},
): Normalized<T> {
  const who = 'batchNorm'
  const input = begin(who, x, options, ['layout', 'statistics', ...OPTIONS])
  const { statistics, eps = DEFAULT_EPS } = options
  const spec = { layout: layoutOf(who, options), eps, given: statistics !== undefined }
  const plan = planBatch(who, input.shape, dtypeOf(input.data), spec)
  const given =
    statistics === undefined
      ? undefined
      : copyStatistics(plan, { mean: arrayOf(statistics?.mean), variance: arrayOf(statistics?.variance) })
  return forwardBy(plan, input, options, given)
}

/**
 * Layer normalization (Ba, Kiros and Hinton 2016, arXiv:1607.06450): y = (x - mean) / sqrt(variance + eps) * weight +
 * bias. The mean and the biased variance are those over the dimensions normalizedShape. These are the last
 * dimensions, or the dimensions from `axis` on.
 *
 * @param x [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
 * @returns y, of x's shape and type, and the context for gradients().
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit.
 */
export function layerNorm<T extends FloatArray>(x: Tensor<T>, options: RowsFunctionalOptions): Normalized<T> {
  const who = 'layerNorm'
  const input = begin(who, x, options, ['normalizedShape', 'axis', ...OPTIONS])
  const { axis, eps = DEFAULT_EPS } = options
  const spec = { normalizedShape: asShape(options.normalizedShape), axis, eps }
  return forwardBy(planRows(who, input.shape, dtypeOf(input.data), spec), input, options)
}

/**
 * Group normalization (Wu and He 2018, arXiv:1803.08494): y = (x - mean) / sqrt(variance + eps) * weight + bias. The
 * mean and the biased variance are those of each sample and group of channels.
 *
 * @param x [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more. C must be divisible by `groups`.
 * @returns y, of x's shape and type, and the context for gradients().
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit, and if a group has only one value.
 */
export function groupNorm<T extends FloatArray>(
  x: Tensor<T>,
  options: GroupNormFunctionalOptions,
): Normalized<T> {
  const who = 'groupNorm'
  const input = begin(who, x, options, ['groups', 'layout', ...OPTIONS])
  const { groups, eps = DEFAULT_EPS } = options
  const spec = { groups, layout: layoutOf(who, options), eps }
  return forwardBy(planGroup(who, input.shape, dtypeOf(input.data), spec), input, options)
}

/**
 * Instance normalization (Ulyanov, Vedaldi and Lempitsky 2016, arXiv:1607.08022): y = (x - mean) / sqrt(variance +
 * eps) * weight + bias. The mean and the biased variance are those of each channel of each sample over space.
 *
 * @param x [N, C, ...space] or [N, ...space, C], of rank 3 or more. A single sample is [1, C, L]. [C, L] is not
 * accepted, because this function does not know the number of channels and cannot distinguish it from [N, C].
 * @returns y, of x's shape and type, and the context for gradients().
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit, and if there is only one value of space.
 */
export function instanceNorm<T extends FloatArray>(
  x: Tensor<T>,
  options: ChannelsFunctionalOptions = {},
): Normalized<T> {
  const who = 'instanceNorm'
  const input = begin(who, x, options, ['layout', ...OPTIONS])
  const { eps = DEFAULT_EPS } = options
  const spec = { groups: 'channels', layout: layoutOf(who, options), eps } as const
  return forwardBy(planGroup(who, input.shape, dtypeOf(input.data), spec), input, options)
}

/**
 * Root mean square normalization (Zhang and Sennrich 2019, arXiv:1910.07467): y = x / sqrt(mean of x^2 + eps) *
 * weight + bias. The mean is over the dimensions normalizedShape. These are the last dimensions, or the dimensions
 * from `axis` on. In the context, the variance is the mean of x^2, and the mean is 0.
 *
 * @param x [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
 * @returns y, of x's shape and type, and the context for gradients().
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit.
 */
export function rmsNorm<T extends FloatArray>(x: Tensor<T>, options: RowsFunctionalOptions): Normalized<T> {
  const who = 'rmsNorm'
  const input = begin(who, x, options, ['normalizedShape', 'axis', ...OPTIONS])
  const dtype = dtypeOf(input.data)
  const { axis, eps = RMS_NORM_EPS[dtype] } = options
  const spec = { normalizedShape: asShape(options.normalizedShape), axis, eps, centred: false }
  return forwardBy(planRows(who, input.shape, dtype, spec), input, options)
}

export interface GradientOptions {
  /** Where dx is written: a tensor of dy's shape and type. It can be dy or the input. Default: a new tensor. */
  readonly out?: Tensor | undefined
  /** The workspace that dx is drawn from if there is no `out`. Default: none. */
  readonly workspace?: Workspace | undefined
  /**
   * An array or tensor of the weight's length. The weight's gradient is added to it. Default: a new array of zeroes.
   */
  readonly dweight?: FloatArray | Tensor | undefined
  /** The same for the bias. */
  readonly dbias?: FloatArray | Tensor | undefined
}

export interface Gradients<T extends FloatArray = FloatArray> {
  readonly dx: Tensor<T>
  /** The gradient of the weight. Null if the forward pass had no weight. */
  readonly dweight: T | null
  /** The gradient of the bias. Null if the forward pass had no bias. */
  readonly dbias: T | null
}

/**
 * Computes the gradient of any of the five norms above, from the context of the forward pass. Given statistics are
 * constants: no gradient flows through them. If dx is written over the input, no further gradient of this context is
 * possible.
 *
 * @returns the gradients of the input, the weight and the bias.
 * @throws EvenkeelError if dy or an array does not fit, or if the forward pass or an earlier gradient overwrote the
 * input.
 */
export function gradients<T extends FloatArray>(
  context: Context<T>,
  dy: Tensor,
  options: GradientOptions = {},
): Gradients<T> {
  const plan = planOf(context)
  checkOptions(plan.layer, options, ['out', 'workspace', 'dweight', 'dbias'])
  const dweight = gradientArray(plan, 'weight', context.weight, arrayOf(options.dweight))
  const dbias = gradientArray(plan, 'bias', context.bias, arrayOf(options.dbias))
  const workspace = arenaOf(plan.layer, options.workspace)
  const call = backwardCall(context, dy, options.out, dweight, dbias, workspace)
  runGradient(context, call)
  return { dx: call.result, dweight, dbias } as Gradients<T>
}

function planOf(context: Partial<Context> | null | undefined): Plan {
  if (typedArrayKind(context?.plan?.descriptor) === 'Float64Array') return context?.plan as Plan
  return fail(
    'EVENKEEL_OPTION',
    'gradients',
    'the first argument must be the context of a forward pass',
    'pass context of const { y, context } = layerNorm(...)',
  )
}

/** Runs the forward pass of a plan, with the given statistics or else with those of x. */
export function forwardBy<T extends FloatArray>(
  plan: Plan,
  x: Tensor<T>,
  options: FunctionalOptions,
  given?: Statistics,
): Normalized<T> {
  const weight = arrayOf(options.weight) ?? null
  const bias = arrayOf(options.bias) ?? null
  const statistics = given ?? newStatistics(plan.slots)
  const { out } = options
  const workspace = arenaOf(plan.layer, options.workspace)
  const call = forwardCall(plan, x.data, weight, bias, out, outData(plan, out), statistics, workspace)
  const context = runForward(call)
  return { y: call.result, context } as Normalized<T>
}

/** The array itself, or the data of a tensor. Any other value is returned unchanged, and a later check refuses it. */
function arrayOf<T>(given: T): Exclude<T, Tensor> {
  const data = (given as Partial<Tensor> | null | undefined)?.data
  return (isFloatArray(data) ? data : given) as Exclude<T, Tensor>
}

/** Reads the input and the options. Each property of the input is read once. */
export function begin<T extends FloatArray>(
  who: string,
  x: Tensor<T>,
  options: unknown,
  known: readonly string[],
): Tensor<T> {
  checkOptions(who, options, known)
  return readTensor(who, x)
}

export function layoutOf(
  who: string,
  { layout = 'channels-first' }: Pick<ChannelsFunctionalOptions, 'layout'>,
): Layout {
  checkLayout(who, layout)
  return layout
}

/**
 * A copy of a shape. A number becomes a shape of one dimension. A hole of the array becomes undefined. plan.ts checks
 * the values.
 */
export function asShape(shape: number | readonly number[]): readonly number[] {
  if (typeof shape === 'number') return [shape]
  return Array.isArray(shape) ? Array.from(shape) : shape
}
