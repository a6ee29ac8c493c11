import { checkChannels, checkExtents, checkGroups } from '../engine/plan.js'
import { fail } from '../errors.js'
import { checkChoice } from '../options.js'
import { formatShape } from '../tensor.js'

/**
 * What the slots of Moments are. Scope channel: the channels, [channels] (BatchNorm). Scope group: the groups of
 * channels of each sample, [samples, groups] (GroupNorm; InstanceNorm has one group for each channel). Scope row: the
 * rows, [rows] (LayerNorm, RMSNorm).
 */
export type MomentsShape =
  | { readonly scope: 'channel'; readonly channels: number }
  | { readonly scope: 'group'; readonly channels: number; readonly groups: number }
  | { readonly scope: 'row'; readonly normalizedShape: readonly number[] }

/**
 * 'mean': m2 is the sum of squared differences from the mean. 'zero': the mean is taken as 0, and m2 is the sum of
 * squares (RMSNorm).
 */
export type About = 'mean' | 'zero'

export interface MomentsFields {
  readonly shape: MomentsShape
  readonly about: About
  readonly count: Float64Array
  readonly mean: Float64Array
  readonly m2: Float64Array
}

/** The order of these lists is part of the format of the bytes. Do not change it. */
export const SCOPES: readonly MomentsShape['scope'][] = ['channel', 'group', 'row']
export const ABOUTS: readonly About[] = ['mean', 'zero']

/** A frozen copy of the shape. Throws if the shape does not fit the number of slots. */
export function checkedShape(who: string, shape: MomentsShape, slots: number): MomentsShape {
  const { scope } = shape ?? {}
  checkChoice(who, 'shape.scope', scope, SCOPES)
  if (shape.scope === 'row') {
    checkExtents(who, 'shape.normalizedShape', shape.normalizedShape)
    return Object.freeze({ scope: 'row', normalizedShape: Object.freeze([...shape.normalizedShape]) })
  }
  const { channels } = shape
  checkChannels(who, channels)
  if (shape.scope === 'channel') {
    if (slots !== channels) refuseSlots(who, `${channels} channels have ${channels} slots, got ${slots}`)
    return Object.freeze({ scope: 'channel', channels })
  }
  const { groups } = shape
  checkGroups(who, channels, groups)
  if (slots % groups !== 0)
    refuseSlots(who, `${groups} groups of each sample have a multiple of ${groups} slots, got ${slots}`)
  return Object.freeze({ scope: 'group', channels, groups })
}

function refuseSlots(who: string, problem: string): never {
  fail('EVENKEEL_SHAPE', who, problem, 'give count, mean and m2 one value per slot')
}

export function isSameShape(a: MomentsShape, b: MomentsShape): boolean {
  return formatMomentsShape(a) === formatMomentsShape(b)
}

/** The shape as text, for error messages. */
export function formatMomentsShape(shape: MomentsShape): string {
  if (shape.scope === 'row') return `rows of ${formatShape(shape.normalizedShape)}`
  if (shape.scope === 'channel') return `${shape.channels} channels`
  return `${shape.groups} groups of ${shape.channels} channels`
}
