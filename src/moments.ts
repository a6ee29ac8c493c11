import { newStatistics, type Statistics } from './engine/buffers.js'
import { runReduction } from './engine/call.js'
import { type Layout, type Plan, planBatch, planGroup, planRows } from './engine/plan.js'
import { fail } from './errors.js'
import {
  asShape,
  begin,
  type ChannelsFunctionalOptions,
  DEFAULT_EPS,
  forwardBy,
  layoutOf,
  type Normalized,
  RMS_NORM_EPS,
} from './functional.js'
import { ABOUTS, type About, formatMomentsShape, type MomentsShape } from './moments/shape.js'
import { asMoments, Moments, type MomentsInit } from './moments/value.js'
import { checkChoice } from './options.js'
import { type DType, dtypeOf, type FloatArray, formatShape, newArray, type Tensor } from './tensor.js'

/** Which moments to compute. Without groups and normalizedShape, they are per channel, as in BatchNorm. */
export interface MomentsOptions {
  /** Where the channels lie. Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
  /**
   * If set, the moments are per sample and group of channels, as in GroupNorm. 'channels' makes each channel a group,
   * as in InstanceNorm.
   */
  readonly groups?: number | 'channels' | undefined
  /**
   * If set, the moments are per row, over these last dimensions, as in LayerNorm. A number is the extent of the last
   * dimension alone.
   */
  readonly normalizedShape?: number | readonly number[] | undefined
  /** Default 'mean'. With 'zero', the mean is taken as 0 and m2 is the sum of squares, as in RMSNorm. */
  readonly about?: About | undefined
  /**
   * The eps that a norm will add to the variance. moments() uses it to decide whether very small differences matter.
   * If their squares underflow the element type, it computes them again in float64, unless eps is so large that they
   * have no effect. Default: 1e-5, as in the norms. About zero: 2^-23, or 2^-52 for float64.
   */
  readonly eps?: number | undefined
}

/**
 * Computes the moments of x. For each slot, they are the number of elements, their mean, and the sum of squared
 * differences from the mean. They are the moments that the norms compute: normalize() with these moments gives the
 * same bits as the norm.
 *
 * @param x for moments per channel or per group: [N, C, ...space] or [N, ...space, C], of rank 2 or more. For moments
 * per row: [..., ...normalizedShape]. If x is empty, the slots have count 0. A slot with one element has m2 0.
 * @returns Moments with the slots [C], [N, groups], or one slot for each row.
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit.
 */
export function moments(x: Tensor, options: MomentsOptions = {}): Moments {
  const who = 'moments'
  const input = begin(who, x, options, ['layout', 'groups', 'normalizedShape', 'about', 'eps'])
  const { about = 'mean' } = options
  checkChoice(who, 'about', about, ABOUTS)
  const { plan, shape } = planOf(who, input, options, about)
  const slots = slotsOf(plan, shape, input.shape)
  const count = numbers(slots).fill(plan.size === 0 ? 0 : plan.count)
  const mean = numbers(slots)
  const m2 = numbers(slots)
  if (plan.size > 0) runReduction('moments', plan, input.data, mean, m2)
  return new Moments({ shape, about, count, mean, m2 })
}

/** The options of normalize(). They are the same as for the functional forms. */
export interface NormalizeOptions extends ChannelsFunctionalOptions {}

/**
 * Normalizes x with given moments: y = (x - mean) / sqrt(variance + eps) * weight + bias, with variance = m2 / count.
 * The moments are constants: no gradient flows through them. With the moments of x itself, y has the same bits as in
 * the forward pass of the norm. The exception is slots at the ends of the range (docs/numerics.md), because the norm
 * reads x again for them.
 *
 * @param x as for moments(). With moments per group or per row, x must have as many slots as the moments.
 * @param by from moments() or mergeMoments(). An object with the same fields, as a worker receives it, is accepted too.
 * @param options weight and bias: one value per channel, or per element of the normalized shape. eps: default 1e-5.
 * About zero: 2^-23, or 2^-52 for float64. layout: where the channels lie, default 'channels-first'. out: where y is
 * written.
 * @returns y, of x's shape and type, and the context for gradients().
 * @throws EvenkeelError on shapes, types, lengths or options that do not fit.
 */
export function normalize<T extends FloatArray>(
  x: Tensor<T>,
  by: MomentsInit,
  options: NormalizeOptions = {},
): Normalized<T> {
  const who = 'normalize'
  const input = begin(who, x, options, ['weight', 'bias', 'eps', 'layout', 'out', 'workspace'])
  const given = asMoments(who, by, 'the second argument')
  const { shape, about } = given
  const { layout, eps } = options
  const form =
    shape.scope === 'row'
      ? { normalizedShape: shape.normalizedShape }
      : { groups: shape.scope === 'group' ? shape.groups : undefined }
  const { plan } = planOf(who, input, { layout, eps, ...form }, about, shape)
  const slots = slotsOf(plan, shape, input.shape)
  if (slots !== given.slots) {
    fail(
      'EVENKEEL_SHAPE',
      who,
      `an input of ${formatShape(input.shape)} has ${slots} slots (${formatMomentsShape(shape)}), but the moments have ${given.slots}`,
      'pass moments of an input with as many samples',
    )
  }
  checkFinite(who, given)
  return forwardBy(plan, input, options, statisticsOf(plan, given))
}

/** Throws where m2 has left float64: normalized by it, every element would be 0. */
function checkFinite(who: string, { m2 }: Moments): void {
  const slot = m2.indexOf(Number.POSITIVE_INFINITY)
  if (slot < 0) return
  fail(
    'EVENKEEL_STATISTICS',
    who,
    `m2 is Infinity in slot ${slot}: the squared differences from the mean have left float64`,
    'scale the input down before its moments are taken',
  )
}

/**
 * The plan for given statistics, and the shape of its slots. With given statistics, a slot may have only one element.
 */
function planOf(
  who: string,
  { data, shape }: Tensor,
  options: MomentsOptions,
  about: About,
  known?: MomentsShape,
): { plan: Plan; shape: MomentsShape } {
  const { groups, normalizedShape } = options
  const dtype = dtypeOf(data)
  const { eps = defaultEps(about, dtype) } = options
  const spec = { eps, centred: about === 'mean', given: true }
  if (normalizedShape !== undefined) {
    refuseBeside(who, options)
    const extents = asShape(normalizedShape)
    const plan = planRows(who, shape, dtype, { ...spec, normalizedShape: extents })
    return { plan, shape: { scope: 'row', normalizedShape: extents } }
  }
  const channelsSpec = { ...spec, layout: layoutOf(who, options) }
  if (known !== undefined) checkChannelsOf(who, shape, channelsSpec.layout, known)
  if (groups === undefined) {
    const plan = planBatch(who, shape, dtype, channelsSpec)
    return { plan, shape: { scope: 'channel', channels: plan.channels } }
  }
  const plan = planGroup(who, shape, dtype, { ...channelsSpec, groups })
  return { plan, shape: { scope: 'group', channels: plan.channels, groups: plan.groups } }
}

function defaultEps(about: About, dtype: DType): number {
  return about === 'zero' ? RMS_NORM_EPS[dtype] : DEFAULT_EPS
}

/** Throws if the input does not have as many channels as the moments. The plan checks the rank of the input. */
function checkChannelsOf(who: string, shape: readonly number[], layout: Layout, known: MomentsShape): void {
  const channels = layout === 'channels-last' ? shape.at(-1) : shape[1]
  if (known.scope === 'row' || shape.length < 2 || channels === known.channels) return
  fail(
    'EVENKEEL_SHAPE',
    who,
    `the moments are of ${known.channels} channels, but an input of ${formatShape(shape)}, ${layout}, has ${channels}`,
    `give an input with ${known.channels}, or set layout to where they are`,
  )
}

/** Throws if layout or groups is set for moments per row, because rows have no channels. */
function refuseBeside(who: string, { layout, groups }: MomentsOptions): void {
  if (layout === undefined && groups === undefined) return
  const name = groups === undefined ? 'layout' : 'groups'
  fail(
    'EVENKEEL_OPTION',
    who,
    `${name} is of channels, and the moments are per row`,
    who === 'moments' ? `leave out ${name}, or normalizedShape` : `leave out ${name}`,
  )
}

/** The number of slots, also for an empty input. The plan of an empty input has no samples. */
function slotsOf(plan: Plan, shape: MomentsShape, inputShape: readonly number[]): number {
  return shape.scope === 'group' ? inputShape[0] * shape.groups : plan.slots
}

/** Copies of the statistics, for the plan. They are copies because the context keeps references to them. */
function statisticsOf(plan: Plan, by: Moments): Statistics {
  return plan.size === 0 ? newStatistics(plan.slots) : { mean: by.mean.slice(), variance: by.variance() }
}

function numbers(length: number): Float64Array {
  return newArray('float64', length) as Float64Array
}

export type { MomentsJSON } from './moments/format.js'
export type { About, MomentsShape } from './moments/shape.js'
export { Moments, type MomentsInit, mergeMoments } from './moments/value.js'
