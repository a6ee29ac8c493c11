import * as tf from '@tensorflow/tfjs'
import type { Statistics } from '../engine/buffers.js'
import { newStatistics } from '../engine/buffers.js'
import { type Context, contextOf, forwardCall, run as runCall } from '../engine/call.js'
import type { Plan } from '../engine/plan.js'
import { fail } from '../errors.js'
import { gradients } from '../functional.js'
import type { FloatArray } from '../tensor.js'

export interface Operands {
  readonly x: tf.Tensor
  readonly gamma: tf.Tensor | null
  readonly beta: tf.Tensor | null
}

/**
 * Runs a plan as a differentiable operation of tfjs, on any backend of tfjs. dataSync reads the values, and the result
 * is a new tensor. With tfjs's CPU backend neither makes a copy. `statistics` holds given statistics, or receives those
 * of the input.
 *
 * evenkeel also computes the gradients with respect to x, gamma and beta. There are no second derivatives: asking for
 * one throws. Without that, tfjs would treat the gradient as a constant.
 */
export function differentiable(
  plan: Plan,
  operands: Operands,
  statistics: Statistics = newStatistics(plan.slots),
): tf.Tensor {
  const { x, gamma, beta } = operands
  const inputs = [x, gamma, beta].filter((input) => input !== null)
  const run = tf.customGrad(() => {
    const [weight, bias] = [gamma, beta].map((parameter) => parameter && valuesOf(parameter))
    const call = forwardCall(plan, valuesOf(x), weight, bias, undefined, null, statistics)
    const context = contextOf(call, runCall(call))
    return {
      value: toTensor(call.result.data, x.shape),
      gradFunc: (dy: tf.Tensor) => backward(context, dy, inputs, operands),
    }
  })
  return run(...inputs)
}

/** The gradients in the order of `inputs`, as customGrad requires. */
function backward(context: Context, dy: tf.Tensor, inputs: tf.Tensor[], { x, gamma, beta }: Operands) {
  const { plan } = context
  const { dx, dweight, dbias } = gradients(context, { data: valuesOf(dy), shape: plan.shape })
  const pairs: [tf.Tensor | null, FloatArray | null][] = [
    [x, dx.data],
    [gamma, dweight],
    [beta, dbias],
  ]
  return pairs.flatMap(([input, gradient]) =>
    input && gradient ? [onceOnly(plan.layer, gradient, input.shape, [dy, ...inputs])] : [],
  )
}

/** A tensor that depends on `sources`. Differentiating it throws. */
function onceOnly(who: string, data: FloatArray, shape: number[], sources: tf.Tensor[]): tf.Tensor {
  const refuse = () =>
    fail(
      'EVENKEEL_OPTION',
      who,
      'has first derivatives only, but a second one was requested',
      'use first-order gradients, or in this model a norm written in tf operations',
    )
  return tf.customGrad(() => ({ value: toTensor(data, shape), gradFunc: refuse }))(...sources)
}

/**
 * The values of a float32 tensor. Do not write to them: if the backend stores a Float32Array, this is the same array.
 * After a cast from int32 or bool, tfjs's CPU backend calls the tensor float32 but still stores an Int32Array.
 */
export function valuesOf(x: tf.Tensor): Float32Array {
  const values: ArrayLike<number> = x.dataSync()
  return values instanceof Float32Array ? values : Float32Array.from(values)
}

function toTensor(data: FloatArray, shape: number[]): tf.Tensor {
  return tf.tensor(data as Float32Array, shape, 'float32')
}
