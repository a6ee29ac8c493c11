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
 * Runs a plan as a differentiable operation of tfjs, on whatever backend is set: the values come out with dataSync
 * and go in as a new tensor. On tfjs's CPU backend neither copies. `statistics` holds the given ones, or
 * takes the input's.
 *
 * The gradients with respect to x, gamma and beta are evenkeel's too. Second derivatives do not exist: asking for
 * one is an error, where tfjs by itself would take the gradient for a constant.
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

/** One gradient per input, in their order, as customGrad wants them. */
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

/** A tensor that depends on `sources`, and that refuses to be differentiated again. */
function onceOnly(who: string, data: FloatArray, shape: number[], sources: tf.Tensor[]): tf.Tensor {
  const refuse = () =>
    fail(
      'EVENKEEL_OPTION',
      who,
      'has first derivatives only, but a second one was asked for',
      'use first-order gradients, or in this model a norm written in tf operations',
    )
  return tf.customGrad(() => ({ value: toTensor(data, shape), gradFunc: refuse }))(...sources)
}

/**
 * A float32 tensor's values, without a copy where the backend keeps them as such; never to be written to. After a
 * cast from int32 or bool tfjs's CPU backend calls a tensor float32 and goes on holding its Int32Array.
 */
export function valuesOf(x: tf.Tensor): Float32Array {
  const values: ArrayLike<number> = x.dataSync()
  return values instanceof Float32Array ? values : Float32Array.from(values)
}

function toTensor(data: FloatArray, shape: number[]): tf.Tensor {
  return tf.tensor(data as Float32Array, shape, 'float32')
}
