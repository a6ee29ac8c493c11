import type * as tf from '@tensorflow/tfjs'
import { fail } from '../errors.js'
import type { Layout } from '../plan.js'
import { sizeOf } from '../tensor.js'

/** The axis counted from 0; the batch's axis, 0, holds no features and is refused. */
export function resolveAxis(who: string, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis
  if (resolved > 0 && resolved < rank) return resolved
  const range = rank > 2 ? `from 1 to ${rank - 1}, or from ${1 - rank} to -1` : '1 or -1'
  return fail(
    'EVENKEEL_OPTION',
    who,
    resolved === 0
      ? `axis must name a dimension of features, got ${axis}, which is the batch's`
      : `axis must be ${range} for an input of rank ${rank}, got ${axis}`,
    rank < 2
      ? 'give the input a batch dimension and one of features'
      : 'use axis: -1 for channels last, axis: 1 for channels first',
  )
}

/** Throws unless `axis` is a whole number, or an array of them where `many` says so. */
export function checkAxis(who: string, axis: unknown, many: boolean): void {
  const axes: readonly unknown[] = many && Array.isArray(axis) ? axis : [axis]
  if (axes.length > 0 && axes.every((one) => Number.isSafeInteger(one))) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `axis must be a whole number${many ? ' or an array of them' : ''}, got ${JSON.stringify(axis)}`,
    many ? 'use axis: -1, or the trailing axes, as in [1, 2, 3]' : 'use axis: -1 or axis: 1',
  )
}

/** Where the channels of a grouped norm are: in dimension 1 or in the last one; others are refused. */
export function channelLayout(who: string, axis: number, rank: number): Layout {
  const resolved = resolveAxis(who, axis, rank)
  if (resolved === rank - 1) return 'channels-last'
  if (resolved === 1) return 'channels-first'
  return fail(
    'EVENKEEL_OPTION',
    who,
    `axis must be 1 or -1 for an input of rank ${rank}, got ${axis}`,
    'move the channels to the end with tf.layers.permute, and use axis: -1',
  )
}

/**
 * The same elements as a channel layout, for statistics over all but one axis. Any axis and any rank fits:
 * what lies before it and what lies behind it are one dimension each.
 */
export function channelView(shape: readonly number[], axis: number): { shape: number[]; layout: Layout } {
  const last = axis === shape.length - 1
  const joined = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))]
  if (last || axis === 1) return { shape: [...shape], layout: last ? 'channels-last' : 'channels-first' }
  return { shape: joined, layout: 'channels-first' }
}

/** The axes in rising order, which must be the last ones of the input; the batch's is never among them. */
export function trailingAxes(who: string, axis: number | readonly number[], rank: number): number[] {
  const given = typeof axis === 'number' ? [axis] : axis
  const axes = given.map((one) => resolveAxis(who, one, rank)).sort((a, b) => a - b)
  if (axes.every((one, i) => one === rank - axes.length + i)) return axes
  return fail(
    'EVENKEEL_OPTION',
    who,
    `axis must name the last dimensions of the input of rank ${rank}, each once, got ${JSON.stringify(axis)}`,
    rank > 2 && axes[0] === 1
      ? 'for channels first use groupNormalization({ groups: 1, axis: 1 }), or all axes from 1 on'
      : 'use axis: -1, or move the features to the end with tf.layers.permute',
  )
}

/** The extent of a dimension that holds weights, and so must be known when the layer is built. */
export function definedExtent(who: string, shape: tf.Shape, axis: number): number {
  const extent = shape[axis]
  if (extent !== null && extent !== undefined) return extent
  return fail(
    'EVENKEEL_SHAPE',
    who,
    `dimension ${axis} of the input must be known when the layer is built, got ${JSON.stringify(shape)}`,
    'give its extent in inputShape',
  )
}
