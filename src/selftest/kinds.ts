import { type Pattern, type Plan, planBatch, planGroup, planRows } from '../engine/plan.js'
import type { DType } from '../tensor.js'

/** [samples, channels, spatial, groups]; for rows [R, 1, L, 1]. */
export type Size = readonly [number, number, number, number]

/** A layer in a pattern. The cases of the self-test and of the test suite are made from kinds and sizes. */
export interface Kind {
  readonly name: string
  readonly pattern: Pattern
  /** The plan, or null if this kind cannot have that size (one value per statistic). */
  plan(size: Size, dtype: DType, eps: number): Plan | null
}

function rowsKind(name: string, options: { centred?: boolean; given?: boolean }): Kind {
  return {
    name,
    pattern: 'rows',
    plan: ([rows, , length], dtype, eps) =>
      planRows(name, [rows, length], dtype, { normalizedShape: [length], eps, ...options }),
  }
}

/** The same along the middle of [samples, length, channels], which is a plan with stages. */
function axisKind(name: string, options: { centred?: boolean; given?: boolean }): Kind {
  return {
    name: `${name} along an axis${options.given ? ', given' : ''}`,
    pattern: 'columns',
    plan: ([samples, channels, spatial], dtype, eps) => {
      if (spatial === 0) return null
      const spec = { normalizedShape: [spatial], axis: 1, eps, ...options }
      return planRows(name, [samples, spatial, channels], dtype, spec)
    },
  }
}

function channelsKind(
  norm: 'BatchNorm' | 'GroupNorm' | 'InstanceNorm',
  pattern: 'planes' | 'columns',
  options: { centred?: boolean; given?: boolean } = {},
): Kind {
  const words = [
    norm,
    pattern,
    ...(options.given ? ['given'] : []),
    ...(options.centred === false ? ['uncentred'] : []),
  ]
  const layout = pattern === 'columns' ? 'channels-last' : 'channels-first'
  return {
    name: words.join(' '),
    pattern,
    plan: ([samples, channels, spatial, groups], dtype, eps) => {
      const shape = pattern === 'columns' ? [samples, spatial, channels] : [samples, channels, spatial]
      const perStatistic =
        { BatchNorm: samples, GroupNorm: channels / groups, InstanceNorm: 1 }[norm] * spatial
      if (!options.given && (perStatistic === 1 || (norm === 'BatchNorm' && perStatistic === 0))) return null
      const spec = { channels, layout, eps, ...options } as const
      if (norm === 'BatchNorm') return planBatch(norm, shape, dtype, spec)
      return planGroup(norm, shape, dtype, { ...spec, groups: norm === 'GroupNorm' ? groups : 'channels' })
    },
  }
}

/** Every layer in each of its patterns. A new layer adds a row here. */
export const KINDS: readonly Kind[] = [
  rowsKind('LayerNorm', {}),
  rowsKind('RMSNorm', { centred: false }),
  rowsKind('LayerNorm given', { given: true }),
  axisKind('LayerNorm', {}),
  axisKind('RMSNorm', { centred: false }),
  axisKind('LayerNorm', { given: true }),
  ...(['planes', 'columns'] as const).flatMap((pattern) => [
    channelsKind('BatchNorm', pattern),
    channelsKind('BatchNorm', pattern, { given: true }),
    channelsKind('GroupNorm', pattern),
    channelsKind('InstanceNorm', pattern),
    channelsKind('InstanceNorm', pattern, { given: true }),
    channelsKind('BatchNorm', pattern, { centred: false }),
    channelsKind('GroupNorm', pattern, { centred: false }),
  ]),
]

/** The name of a case: its kind, its dtype, its extents, and in `more` what is special about it. */
export function titleOf(kind: Kind, dtype: DType, size: Size, more: string): string {
  const [samples, channels, spatial, groups] = size
  const extents = kind.pattern === 'rows' ? [samples, spatial] : [samples, channels, spatial]
  const split = kind.name.startsWith('GroupNorm') ? ` in ${groups} groups` : ''
  return `${kind.name} ${dtype} [${extents}]${split}, ${more}`
}
