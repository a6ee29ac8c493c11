import { newStatistics, type Statistics } from './engine/buffers.js'
import { runMoments } from './engine/call.js'
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

/** Without groups and normalizedShape: per channel, as BatchNorm takes them. */
export interface MomentsOptions {
  /** Of channels. Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
  /** Per sample and group of channels, as GroupNorm; 'channels' makes each channel a group, as InstanceNorm. */
  readonly groups?: number | 'channels' | undefined
  /** Per row, over these trailing dimensions, as LayerNorm; a number stands for the last one. */
  readonly normalizedShape?: number | readonly number[] | undefined
  /** 'zero': the mean is taken as 0, and m2 is the sum of squares, as in RMSNorm. Default 'mean'. */
  readonly about?: About | undefined
  /**
   * What will be added to the variance: differences whose squares leave the element type are looked for unless eps hides
   * them. Default: the norm's, 1e-5; about zero 2^-23, for float64 2^-52.
   */
  readonly eps?: number | undefined
}

/**
 * The moments of x: of each slot the number of its elements, their mean, and the sum of squared differences from it.
 * They are those that the norms compute: normalize() by them gives the norm's bits.
 *
 * @param x per channel and per group [N, C, ...space] or [N, ...space, C] of rank 2 or more, per row
 * [..., ...normalizedShape]. Empty inputs have slots of count 0, and a slot of one element has m2 0.
 * @returns slots [C], [N, groups], or one per row.
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
  if (plan.size > 0) runMoments(plan, input.data, mean, m2)
  return new Moments({ shape, about, count, mean, m2 })
}

/** Of normalize(): as for the functional forms. */
export interface NormalizeOptions extends ChannelsFunctionalOptions {}

/**
 * Normalizes x by given moments: (x - mean) / sqrt(variance + eps) * weight + bias, with variance = m2 / count. They are
 * constants: no gradient flows through them. Of x's own moments it gives the bits of the norm's forward pass, but for
 * slots at the ends of the range (docs/numerics.md), where that looks at x again.
 *
 * @param x as for moments(); per group and per row of as many slots as the moments have.
 * @param by from moments() or mergeMoments(); their fields, as a worker receives them, will do.
 * @param options weight and bias, one per channel or per element of the normalized shape; eps, default 1e-5, about zero
 * 2^-23, for float64 2^-52; layout, of channels, default 'channels-first'; out, where y is written.
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

/** The plan of given statistics, with which one value per slot is enough, and what its slots are. */
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

/** Throws unless the input has the channels that the moments have. Its rank is checked by its plan. */
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

/** Rows have no channels. */
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

/** How many slots there are: of an empty input, too, whose plan has none of samples or rows. */
function slotsOf(plan: Plan, shape: MomentsShape, inputShape: readonly number[]): number {
  return shape.scope === 'group' ? inputShape[0] * shape.groups : plan.slots
}

/** Copies, as the plan has them: a gradient holds them by reference. */
function statisticsOf(plan: Plan, by: Moments): Statistics {
  return plan.size === 0 ? newStatistics(plan.slots) : { mean: by.mean.slice(), variance: by.variance() }
}

function numbers(length: number): Float64Array {
  return newArray('float64', length) as Float64Array
}

export type { MomentsJSON } from './moments/format.js'
export type { About, MomentsShape } from './moments/shape.js'
export { Moments, type MomentsInit, mergeMoments } from './moments/value.js'
