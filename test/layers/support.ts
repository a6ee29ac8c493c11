import { expect } from 'vitest'
import type { Parameter, StateDict } from '../../src/index.js'
import { EvenkeelError } from '../../src/index.js'
import { type DType, type FloatArray, newArray, sizeOf, type Tensor } from '../../src/tensor.js'
import { Random, seedOf } from '../support/random.js'
import { UNIT_ROUNDOFF } from '../support/tolerance.js'

/** Numbers of mean 0.5 and deviation 1.5, the same for the same shape and seed. */
export function randomTensor(shape: readonly number[], dtype: DType = 'float64', seed = 'x'): Tensor {
  const random = new Random(seedOf(`${seed} ${shape.join(' ')}`))
  const data = newArray(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = 0.5 + 1.5 * random.normal()
  return { data, shape: [...shape] }
}

export function randomArray(length: number, dtype: DType = 'float64', seed = 'a'): FloatArray {
  return randomTensor([length], dtype, seed).data
}

/** Room for the roundings of a few hundred operations on numbers near 1; a wrong formula is off by far more. */
const ROUNDINGS = 256

/** Throws unless every element is the expected one up to rounding, relative to the larger of 1 and itself. */
export function expectClose(actual: FloatArray, expected: ArrayLike<number>, dtype: DType = 'float64'): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < actual.length; i++) {
    const room = ROUNDINGS * UNIT_ROUNDOFF[dtype] * Math.max(1, Math.abs(expected[i]))
    const near = Math.abs(actual[i] - expected[i]) <= room
    if (!near) expect.fail(`[${i}] is ${actual[i]}, expected ${expected[i]} within ${room}`)
  }
}

/** Central differences of a scalar function; their error for these smooth functions is near STEP^2. */
const STEP = 1e-5
const DIFFERENCE_ROOM = 2e-8

/** Throws unless `gradient` is the derivative of `loss` with respect to each element of `array`. */
export function expectGradient(loss: () => number, array: FloatArray, gradient: FloatArray): void {
  expect(gradient.length).toBe(array.length)
  for (let i = 0; i < array.length; i++) {
    const value = array[i]
    array[i] = value + STEP
    const above = loss()
    array[i] = value - STEP
    const below = loss()
    array[i] = value
    const difference = (above - below) / (2 * STEP)
    expect(Math.abs(gradient[i] - difference)).toBeLessThanOrEqual(
      DIFFERENCE_ROOM * Math.max(1, Math.abs(difference)),
    )
  }
}

export function dot(a: FloatArray, b: FloatArray): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Mean and biased variance, as the definition has them. */
export function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, variance }
}

/** The values of channel c of [N, C, ...space]. */
export function channelOf({ data, shape }: Tensor, c: number): number[] {
  const spatial = sizeOf(shape.slice(2))
  return [...data].filter((_, i) => Math.floor(i / spatial) % shape[1] === c)
}

/** [N, C, ...space] to [N, ...space, C]. */
export function toChannelsLast({ data, shape }: Tensor): Tensor {
  const [samples, channels, ...space] = shape
  const spatial = sizeOf(space)
  const moved = data.slice()
  for (let i = 0; i < data.length; i++) {
    const n = Math.floor(i / (channels * spatial))
    const c = Math.floor(i / spatial) % channels
    const s = i % spatial
    moved[(n * spatial + s) * channels + c] = data[i]
  }
  return { data: moved, shape: [samples, ...space, channels] }
}

/** Throws unless the call throws an EvenkeelError of that code, with that message. */
export function expectError(call: () => unknown, code: string, message: string | RegExp): void {
  let error: unknown
  try {
    call()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(EvenkeelError)
  const came = error as EvenkeelError
  if (typeof message === 'string') expect(came.message).toBe(message)
  else expect(came.message).toMatch(message)
  expect(came.code).toBe(code)
}

interface Stateful {
  readonly training: boolean
  parameters(): Parameter[]
  stateDict(): StateDict
}

/** All that a failed call must leave alone. */
export function snapshot(layer: Stateful) {
  return {
    training: layer.training,
    state: layer.stateDict(),
    gradients: layer.parameters().map(({ grad }) => grad.data.slice()),
  }
}

/** A call that must be refused, and how. */
export interface BadCall {
  readonly title: string
  readonly call: () => unknown
  readonly code: string
  readonly message: string
}

/** What no type checker lets through, but plain JavaScript does. */
export const wrong = <T>(value: unknown): T => value as T
export const f32 = (...shape: number[]) => randomTensor(shape, 'float32')
export const f64 = (...shape: number[]) => randomTensor(shape, 'float64')

/** Takes an array's memory away, as sending it to a worker does. */
export function detach<T extends FloatArray>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] })
  return array
}
