import { copyStatistics, gradientArray, newStatistics, outData, type Statistics } from './engine/buffers.js'
import { backwardCall, type Context, contextOf, forwardCall, run, runGradient } from './engine/call.js'
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
/** PyTorch's eps for RMSNorm: the distance from 1 to the next number of the type. */
export const RMS_NORM_EPS: Readonly<Record<DType, number>> = { float32: 2 ** -23, float64: 2 ** -52 }

/** A normalized tensor, and what its gradient needs. */
export interface Normalized<T extends FloatArray = FloatArray> {
  readonly y: Tensor<T>
  readonly context: Context<T>
}

export interface FunctionalOptions {
  /**
   * Multiplies: an array of one per channel, or one per element of normalizedShape; of the input's type. A tensor, such
   * as a layer's weight, is taken by its data. Default: none.
   */
  readonly weight?: FloatArray | Tensor | null | undefined
  /** Is added, likewise. */
  readonly bias?: FloatArray | Tensor | null | undefined
  /** Added to the variance inside the root. Default 1e-5; rmsNorm: 2^-23, for float64 2^-52. */
  readonly eps?: number | undefined
  /** Where y is written: of the input's shape and type; the input itself gives up the gradient. Default: new. */
  readonly out?: Tensor | undefined
  /** Where y comes from if there is no `out`. */
  readonly workspace?: Workspace | undefined
}

export interface ChannelsFunctionalOptions extends FunctionalOptions {
  /** Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
}

export interface BatchNormFunctionalOptions extends ChannelsFunctionalOptions {
  /** Statistics to use instead of the batch's, [C] each (running averages; biased or not), arrays or tensors. Copied. */
  readonly statistics?:
    | { readonly mean: FloatArray | Tensor; readonly variance: FloatArray | Tensor }
    | undefined
}

export interface RowsFunctionalOptions extends FunctionalOptions {
  /** The extents of the dimensions to normalize over; a number stands for one of them. */
  readonly normalizedShape: number | readonly number[]
  /** The first of these dimensions, counted from the end where negative. Default: they are the last ones. */
  readonly axis?: number | undefined
}

export interface GroupNormFunctionalOptions extends ChannelsFunctionalOptions {
  /** How many groups the channels are split into, per sample. */
  readonly groups: number
}

/** The names of FunctionalOptions, for checkOptions. */
const OPTIONS = ['weight', 'bias', 'eps', 'out', 'workspace']

/**
 * Batch normalization: (x - mean) / sqrt(variance + eps) * weight + bias, with mean and biased variance per channel
 * over batch and space (Ioffe and Szegedy 2015, arXiv:1502.03167), or with the `statistics` given.
 *
 * @param x [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more.
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit, and on one value per channel.
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
 * Layer normalization: mean and biased variance over the dimensions normalizedShape, the last ones or those from `axis`
 * on (Ba, Kiros and Hinton 2016, arXiv:1607.06450).
 *
 * @param x [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
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
 * Group normalization: mean and biased variance per sample and group of channels (Wu and He 2018, arXiv:1803.08494).
 *
 * @param x [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more; C divisible by `groups`.
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit, and on one value per group.
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
 * Instance normalization: mean and biased variance per sample and channel over space (Ulyanov, Vedaldi and Lempitsky
 * 2016, arXiv:1607.08022).
 *
 * @param x [N, C, ...space] or [N, ...space, C], of rank 3 or more. One sample alone is [1, C, L]: without a layer's number
 * of channels, [C, L] would not be told from [N, C].
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit, and on one value of space.
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
 * Root mean square normalization: x / sqrt(mean of x^2 + eps) * weight + bias over the dimensions normalizedShape, the
 * last ones or those from `axis` on (Zhang and Sennrich 2019, arXiv:1910.07467). The context's variance is that mean
 * square, its mean is 0.
 *
 * @param x [..., ...normalizedShape], of any rank, or [..., ...normalizedShape, ...] with `axis`.
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
  /** Where dx is written: of dy's shape and type; dy itself or the input are allowed. Default: new. */
  readonly out?: Tensor | undefined
  /** Where dx comes from if there is no `out`. */
  readonly workspace?: Workspace | undefined
  /** Array, or tensor, to add the weight's gradient into, of the weight's length. Default: a new array, zeroed. */
  readonly dweight?: FloatArray | Tensor | undefined
  /** Likewise for the bias. */
  readonly dbias?: FloatArray | Tensor | undefined
}

export interface Gradients<T extends FloatArray = FloatArray> {
  readonly dx: Tensor<T>
  /** Null where forward had no weight. */
  readonly dweight: T | null
  /** Null where forward had no bias. */
  readonly dbias: T | null
}

/**
 * The gradient of any of the five forms, from the context of its forward pass. Given statistics are constants: no
 * gradient flows through them. Writing dx over the input spends the context.
 *
 * @throws EvenkeelError where dy or the arrays do not fit, or the forward pass or an earlier gradient overwrote the input.
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

/** The forward pass of a plan; by the statistics given, or else by x's own. */
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
  const context = contextOf(call, run(call))
  return { y: call.result, context } as Normalized<T>
}

/** The array itself, or a tensor's; what is neither goes on as it is, to where arrays are checked. */
function arrayOf<T>(given: T): Exclude<T, Tensor> {
  const data = (given as Partial<Tensor> | null | undefined)?.data
  return (isFloatArray(data) ? data : given) as Exclude<T, Tensor>
}

/** The input, each of its properties read once. */
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

/** A copy, a hole in it as undefined; a number stands for a shape of one dimension. plan.ts checks what it holds. */
export function asShape(shape: number | readonly number[]): readonly number[] {
  if (typeof shape === 'number') return [shape]
  return Array.isArray(shape) ? Array.from(shape) : shape
}
