import { checkChannels, checkGroups, checkLayout, type Layout, planGroup } from '../engine/plan.js'
import { DEFAULT_EPS } from '../functional.js'
import { checkOptions } from '../options.js'
import { NormLayer } from './layer.js'
import type { Layer } from './layer-interface.js'
import { LAYER_OPTIONS, type LayerOptions, type PlanFor } from './layer-options.js'
import type { ChannelProperties, Known, LayerOf, NoOptions } from './layer-types.js'
import { affineOf } from './parameter.js'
import { readOnly } from './read-only.js'

export interface GroupNormOptions extends LayerOptions {
  /** Default 'channels-first': [N, C, ...space]. */
  readonly layout?: Layout | undefined
}

interface GroupNormProperties extends ChannelProperties {
  readonly groups: number
}

/** @hidden */
export type GroupNorm = Layer & GroupNormProperties

export interface GroupNormConstructor {
  readonly prototype: GroupNorm
  new <const Options extends GroupNormOptions = NoOptions>(
    groups: number,
    channels: number,
    options?: Known<Options, GroupNormOptions>,
  ): LayerOf<Options, GroupNormProperties>
}

/**
 * Group normalization (Wu and He 2018, arXiv:1803.08494): y = (x - mean) / sqrt(variance + eps) * weight + bias. The
 * mean and the biased variance are those of each sample over a group of adjacent channels and space. weight and bias
 * are per channel. The result for a sample does not depend on other samples. So it is the same for each batch size,
 * and in training and eval mode. With one group, it is LayerNorm over [C, ...space] with weights per channel. With as
 * many groups as channels, it is InstanceNorm. eps is 1e-5 by default.
 *
 * forward: [N, C], [N, C, ...space] or [N, ...space, C], of rank 2 or more.
 *
 * @throws EvenkeelError on options that are unknown or out of range, and if the groups do not divide the channels.
 *
 * @class
 */
export const GroupNorm = class GroupNorm extends NormLayer {
  declare readonly groups: number
  declare readonly channels: number
  declare readonly layout: Layout

  constructor(groups: number, channels: number, options: GroupNormOptions = {}) {
    const who = 'GroupNorm'
    checkOptions(who, options, [...LAYER_OPTIONS, 'layout'])
    const { eps = DEFAULT_EPS, dtype = 'float32', layout = 'channels-first' } = options
    checkChannels(who, channels)
    checkGroups(who, channels, groups, true)
    checkLayout(who, layout)
    const affine = affineOf(who, options, { affine: true, bias: true })
    const plan: PlanFor = (shape, given) =>
      planGroup('GroupNorm', shape, dtype, { groups, channels, layout, eps, given })
    super(who, {
      plan,
      eps,
      dtype,
      affine,
      affineShape: [channels],
      workspace: options.workspace,
      fixed: { groups, channels, layout },
    })
  }
} as GroupNormConstructor

readOnly(GroupNorm.prototype, ['groups', 'channels', 'layout'])
