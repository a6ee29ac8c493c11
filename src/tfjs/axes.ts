import type * as tf from '@tensorflow/tfjs'
import type { Layout } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { sizeOf } from '../tensor.js'

/** The axis, counted from 0. Axis 0 is refused, because it is the batch's and holds no features. */
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

/** The axes, counted from 0, in ascending order. The batch's axis is refused. */
export function resolveAxes(who: string, axis: number | readonly number[], rank: number): number[] {
  const given = typeof axis === 'number' ? [axis] : axis
  const axes = given.map((one) => resolveAxis(who, one, rank)).sort((a, b) => a - b)
  const twice = axes.find((one, i) => one === axes[i - 1])
  if (twice === undefined) return axes
  return fail(
    'EVENKEEL_OPTION',
    who,
    `axis must name each dimension once, got ${describe(axis)}, which names dimension ${twice} twice`,
    `use axis: [${[...new Set(axes)].join(', ')}]`,
  )
}

/** Throws unless `axis` is a whole number or an array of at least one. */
export function checkAxes(who: string, axis: unknown): asserts axis is number | readonly number[] {
  if (isWhole(axis) || (Array.isArray(axis) && axis.length > 0 && axis.every(isWhole))) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `axis must be a whole number or an array of them, got ${describe(axis)}`,
    'use axis: -1 for the last dimension, or name several, as in axis: [1, 2, 3]',
  )
}

/** The single axis of an option. Keras 2 writes it as an array of one number. */
export function singleAxis(who: string, axis: number | readonly number[]): number {
  checkAxes(who, axis)
  if (typeof axis === 'number') return axis
  if (axis.length === 1) return axis[0]
  return fail(
    'EVENKEEL_OPTION',
    who,
    `axis must name one dimension, that of the channels, got ${describe(axis)}`,
    'join the dimensions with tf.layers.reshape (after tf.layers.permute, if they are not adjacent), and undo that after this layer',
  )
}

function isWhole(axis: unknown): boolean {
  return Number.isSafeInteger(axis)
}

/**
 * Views the same elements in a channel layout, for statistics over all axes but one. It accepts any axis and any rank:
 * the dimensions before the axis are joined to one, and so are those after it.
 */
export function channelView(shape: readonly number[], axis: number): { shape: number[]; layout: Layout } {
  const last = axis === shape.length - 1
  const joined = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))]
  if (last || axis === 1) return { shape: [...shape], layout: last ? 'channels-last' : 'channels-first' }
  return { shape: joined, layout: 'channels-first' }
}

/** An order of the dimensions in which `axes` stand at position `at`, by default at the end. */
export function orderWith(axes: readonly number[], rank: number, at = rank - axes.length): number[] {
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i))
  return [...others.slice(0, at), ...axes, ...others.slice(at)]
}

/** The extent of a dimension that has weights. It must be known and not 0 when the layer is built. */
export function definedExtent(who: string, shape: tf.Shape, axis: number): number {
  const extent = shape[axis]
  if (typeof extent === 'number' && extent > 0) return extent
  return fail(
    'EVENKEEL_SHAPE',
    who,
    `dimension ${axis} of the input must be known when the layer is built, and not 0, got ${JSON.stringify(shape)}`,
    extent === 0 ? 'give the layer an input with features' : 'give its extent in inputShape',
  )
}
