import { checkBatchCount, refuseGroupCount, splitChannels, splitUnbatched } from '../channel-shapes.js'
import { nearestDivisor } from '../divisors.js'
import { describe, fail } from '../errors.js'
import { type DType, formatShape, sizeOf } from '../tensor.js'

/** Where the elements lie: rows [R, L], planes [N, C, S], columns [N, S, C]. */
export type Pattern = 'rows' | 'planes' | 'columns'
/** Which elements share statistics: each row; a channel over the whole batch; a group of channels per sample. */
export type Scope = 'row' | 'batch' | 'group'
export type Layout = 'channels-first' | 'channels-last'

/**
 * What a backend must know about a call: one shape and one norm. A plan has nothing that is special to a layer.
 *
 * | pattern | samples | channels | spatial | weight, bias | statistics (slots)              |
 * | rows    | R       | 1        | L       | [L]          | row: [R]                        |
 * | planes  | N       | C        | S       | [C]          | batch: [C], group: [N, groups]  |
 * | columns | N       | C        | S       | [C]          | batch (N = 1): [C], group: [N, groups] |
 *
 * If the weight and the bias of columns lie along the normalized elements, [S], the plan has `stages`.
 */
export interface Plan {
  /** The layer's name, for error messages. */
  readonly layer: string
  /** The input's shape, as the caller sees it. */
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly pattern: Pattern
  readonly scope: Scope
  readonly samples: number
  readonly channels: number
  readonly spatial: number
  /** Groups of channels per sample; channels are divisible by it. 1 for rows. */
  readonly groups: number
  /** If false, the mean is taken as 0 (RMSNorm). */
  readonly centred: boolean
  /** If true, mean and variance are given (running averages). Then no gradient flows through them. */
  readonly given: boolean
  /** The number that is added to the variance, under the square root. */
  readonly eps: number
  /** How many elements x has. */
  readonly size: number
  /** How many (mean, variance) pairs there are. */
  readonly slots: number
  /** How many elements share one pair. */
  readonly count: number
  /** The length of weight and bias. */
  readonly affineLength: number
  /**
   * The plans that this plan is composed of (backend/stages.ts). Null for a plan that a backend runs directly.
   */
  readonly stages: Stages | null
  /** The same plan as numbers, in the order that native/core/plan.h reads. */
  readonly descriptor: Float64Array
}

/** Two plans: a norm without weight and bias, and the scale and shift of its result by weight and bias. */
export interface Stages {
  readonly normalize: Plan
  readonly scale: Plan
}

export interface RowsSpec {
  readonly normalizedShape: readonly number[]
  /**
   * The first of the normalized dimensions. A negative axis counts from the end. Default: the last dimensions are
   * normalized.
   */
  readonly axis?: number | undefined
  readonly eps: number
  readonly centred?: boolean
  readonly given?: boolean
}

/** Statistics over some adjacent dimensions, by default the last ones: LayerNorm, RMSNorm. */
export function planRows(layer: string, shape: readonly number[], dtype: DType, spec: RowsSpec): Plan {
  const { normalizedShape, axis, eps, centred = true, given = false } = spec
  checkExtents(layer, 'normalizedShape', normalizedShape)
  const first = axis === undefined ? shape.length - normalizedShape.length : firstAxis(layer, shape, axis)
  const fits = first >= 0 && normalizedShape.every((extent, i) => extent === shape[first + i])
  if (!fits) refuseRows(layer, shape, spec)
  const length = sizeOf(normalizedShape)
  const outer = sizeOf(shape.slice(0, first))
  const inner = sizeOf(shape.slice(first + normalizedShape.length))
  const common = { layer, shape, dtype, centred, given, eps, count: length, affineLength: length }
  // Without elements there is nothing to lay out as columns.
  if (inner === 1 || outer === 0 || inner === 0) {
    const rows = {
      pattern: 'rows',
      scope: 'row',
      samples: outer,
      channels: 1,
      spatial: length,
      groups: 1,
    } as const
    return complete({ ...common, ...rows, slots: outer, stages: null })
  }
  const columns = {
    pattern: 'columns',
    scope: 'group',
    samples: outer,
    channels: inner,
    spatial: length,
  } as const
  const sizes = { ...common, ...columns, groups: inner, slots: outer * inner, stages: null }
  return { ...complete(sizes), affineLength: length, stages: stagesOf(sizes) }
}

/**
 * The stages for x [outer, length, inner] that is normalized over `length`. The first stage normalizes columns, with
 * one group for each column. The second stage applies weight and bias, which have `length` elements each. It works on
 * planes whose given mean and variance are 0, with an eps of 1, so that it only scales and shifts.
 */
function stagesOf(sizes: Sizes): Stages {
  const { spatial: length, channels: inner } = sizes
  const swapped = { channels: length, spatial: inner, groups: 1, slots: length, count: sizes.samples * inner }
  return {
    normalize: complete({ ...sizes, affineLength: inner }),
    scale: complete({ ...sizes, ...swapped, pattern: 'planes', scope: 'batch', given: true, eps: 1 }),
  }
}

/** The index of an axis. A negative axis counts from the end. */
function firstAxis(layer: string, shape: readonly number[], axis: number): number {
  checkAxis(layer, axis)
  return axis < 0 ? shape.length + axis : axis
}

function refuseRows(layer: string, shape: readonly number[], { normalizedShape, axis }: RowsSpec): never {
  const extents = formatShape(normalizedShape)
  if (axis === undefined) {
    fail(
      'EVENKEEL_SHAPE',
      layer,
      `input must end in normalizedShape ${extents}, got ${formatShape(shape)}`,
      `give an input that ends in ${extents}, or the last dimensions of yours as normalizedShape; for dimensions further in front pass axis`,
    )
  }
  fail(
    'EVENKEEL_SHAPE',
    layer,
    `input must have normalizedShape ${extents} from axis ${axis} on, got ${formatShape(shape)}`,
    'give axis as the index of the first normalized dimension, from 0, or from -1 for the last',
  )
}

export interface ChannelsSpec {
  /** How many channels the layer has. If undefined, the number of the input's channels is used. */
  readonly channels?: number
  readonly layout?: Layout
  readonly eps: number
  readonly centred?: boolean
  readonly given?: boolean
}

/** Statistics per channel over batch and space: BatchNorm on [N, C], [N, C, ...space] or [N, ...space, C]. */
export function planBatch(layer: string, shape: readonly number[], dtype: DType, spec: ChannelsSpec): Plan {
  const { samples, channels, spatial } = splitChannels(layer, shape, spec, 2)
  const count = samples * spatial
  const asColumns = spec.layout === 'channels-last' || shape.length === 2
  if (!spec.given) checkBatchCount(layer, shape, count)
  return complete({
    layer,
    shape,
    dtype,
    pattern: asColumns ? 'columns' : 'planes',
    scope: 'batch',
    samples: asColumns ? 1 : samples,
    channels,
    spatial: asColumns ? count : spatial,
    groups: 1,
    centred: spec.centred ?? true,
    given: spec.given ?? false,
    eps: spec.eps,
    slots: channels,
    count,
    affineLength: channels,
    stages: null,
  })
}

export interface GroupSpec extends ChannelsSpec {
  /** How many groups of channels there are. 'channels' makes each channel a group (InstanceNorm). */
  readonly groups: number | 'channels'
  /** Whether the shape is that of one sample, without the dimension of the batch: [C, L]. */
  readonly unbatched?: boolean
}

/** Statistics per sample and group of channels: GroupNorm; InstanceNorm with a group per channel. */
export function planGroup(layer: string, shape: readonly number[], dtype: DType, spec: GroupSpec): Plan {
  const { samples, channels, spatial } = spec.unbatched
    ? splitUnbatched(layer, shape, spec)
    : splitChannels(layer, shape, spec, spec.groups === 'channels' ? 3 : 2)
  const groups = spec.groups === 'channels' ? channels : spec.groups
  checkGroups(layer, channels, groups)
  const count = (channels / groups) * spatial
  if (count === 1 && !spec.given) refuseGroupCount(layer, shape, spec, groups)
  return complete({
    layer,
    shape,
    dtype,
    pattern: spec.layout === 'channels-last' ? 'columns' : 'planes',
    scope: 'group',
    samples,
    channels,
    spatial,
    groups,
    centred: spec.centred ?? true,
    given: spec.given ?? false,
    eps: spec.eps,
    slots: samples * groups,
    count,
    affineLength: channels,
    stages: null,
  })
}

/** Throws if the shape of `out` or dy is not the shape of x. */
export function checkSameShape(plan: Plan, name: string, shape: readonly number[]): void {
  const fits = shape.length === plan.shape.length && shape.every((extent, i) => extent === plan.shape[i])
  if (fits) return
  fail(
    'EVENKEEL_SHAPE',
    plan.layer,
    `${name} must have the input's shape ${formatShape(plan.shape)}, got ${formatShape(shape)}`,
    `give a tensor of shape ${formatShape(plan.shape)}`,
  )
}

/**
 * Throws if `groups` does not divide `channels`. The remedy names the nearest number of groups that does. If the caller
 * passed the two as `positional` arguments, the remedy can also name the other order.
 */
export function checkGroups(layer: string, channels: number, groups: number, positional = false): void {
  if (!Number.isSafeInteger(groups) || groups < 1) {
    fail(
      'EVENKEEL_OPTION',
      layer,
      `groups must be a whole number from 1 up, got ${describe(groups)}`,
      `give a divisor of the channels (${channels})`,
    )
  }
  if (channels % groups === 0) return
  if (positional && groups % channels === 0) {
    fail(
      'EVENKEEL_SHAPE',
      layer,
      `channels (${channels}) must be divisible by groups (${groups}), which come first`,
      `for ${groups} channels in ${channels} groups write new ${layer}(${channels}, ${groups})`,
    )
  }
  const nearest = nearestDivisor(channels, groups)
  fail(
    'EVENKEEL_SHAPE',
    layer,
    `channels (${channels}) must be divisible by groups (${groups})`,
    nearest === undefined ? `give groups that divide ${channels}` : `try groups: ${nearest}`,
  )
}

/** Throws if eps is not a positive finite number. With an eps of 0, a constant channel would be divided by 0. */
export function checkEps(layer: string, eps: unknown): asserts eps is number {
  if (typeof eps === 'number' && eps > 0 && Number.isFinite(eps)) return
  fail(
    'EVENKEEL_OPTION',
    layer,
    `eps must be a positive finite number, got ${describe(eps)}`,
    'try eps: 1e-5',
  )
}

/** Throws if an extent is not a whole number of 1 or more. */
export function checkExtents(
  layer: string,
  name: string,
  extents: unknown,
): asserts extents is readonly number[] {
  const valid =
    Array.isArray(extents) && extents.length > 0 && extents.every((n) => Number.isSafeInteger(n) && n > 0)
  if (valid) return
  fail(
    'EVENKEEL_OPTION',
    layer,
    `${name} must be an array of whole numbers from 1 up, got ${describe(extents)}`,
    'give the extents to normalize over, as in [768]',
  )
}

/** Throws if axis is not a whole number. */
export function checkAxis(layer: string, axis: unknown): asserts axis is number {
  if (Number.isSafeInteger(axis)) return
  fail(
    'EVENKEEL_OPTION',
    layer,
    `axis must be a whole number, got ${describe(axis)}`,
    'give the index of the first normalized dimension, as in axis: 1 for the channels of [N, C, H, W]',
  )
}

/** Throws if the number of channels is not a whole number of 1 or more. */
export function checkChannels(layer: string, channels: unknown): asserts channels is number {
  if (Number.isSafeInteger(channels) && (channels as number) > 0) return
  fail(
    'EVENKEEL_OPTION',
    layer,
    `the number of channels must be a whole number from 1 up, got ${describe(channels)}`,
    'give the extent of the channel dimension, as in 64',
  )
}

export function checkLayout(layer: string, layout: unknown): asserts layout is Layout {
  if (layout === 'channels-first' || layout === 'channels-last') return
  fail(
    'EVENKEEL_OPTION',
    layer,
    `layout must be 'channels-first' or 'channels-last', got ${describe(layout)}`,
    "use 'channels-first' for [N, C, ...space], 'channels-last' for [N, ...space, C]",
  )
}

type Sizes = Omit<Plan, 'size' | 'descriptor'>

/** These lists have the order of the enums in native/core/plan.h. */
const PATTERNS: readonly Pattern[] = ['rows', 'planes', 'columns']
const SCOPES: readonly Scope[] = ['row', 'batch', 'group']

function complete(given: Sizes): Plan {
  checkEps(given.layer, given.eps)
  const size = sizeOf(given.shape)
  const sizes = size > 0 ? given : emptied(given)
  const descriptor = Float64Array.of(
    PATTERNS.indexOf(sizes.pattern),
    SCOPES.indexOf(sizes.scope),
    sizes.dtype === 'float64' ? 1 : 0,
    sizes.samples,
    sizes.channels,
    sizes.spatial,
    sizes.groups,
    sizes.centred ? 1 : 0,
    sizes.given ? 1 : 0,
    sizes.eps,
  )
  return { ...sizes, shape: [...sizes.shape], size, descriptor }
}

/**
 * If there are no elements, the plan has 0 samples and 0 space, whatever the other extents are. Then no table and no
 * loop depends on those extents.
 */
function emptied(sizes: Sizes): Sizes {
  if (sizes.pattern === 'rows') return { ...sizes, samples: 0, slots: 0 }
  if (sizes.scope === 'group') return { ...sizes, samples: 0, spatial: 0, slots: 0 }
  return { ...sizes, samples: sizes.pattern === 'columns' ? 1 : 0, spatial: 0 }
}
