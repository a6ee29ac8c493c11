import { expect } from 'vitest'
import type { Parameter, StateDict } from '../../src/index.js'
import { EvenkeelError } from '../../src/index.js'
import { Random, seedOf } from '../../src/selftest/random.js'
import { type DType, type FloatArray, newArray, sizeOf, type Tensor } from '../../src/tensor.js'
import { FORMULA_ROUNDINGS, UNIT_ROUNDOFF } from '../support/tolerance.js'

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

/** Throws unless every element is the expected one up to rounding, relative to the larger of 1 and itself. */
export function expectClose(actual: FloatArray, expected: ArrayLike<number>, dtype: DType = 'float64'): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < actual.length; i++) {
    const room = FORMULA_ROUNDINGS * UNIT_ROUNDOFF[dtype] * Math.max(1, Math.abs(expected[i]))
    const near = Math.abs(actual[i] - expected[i]) <= room
    if (!near) expect.fail(`[${i}] is ${actual[i]}, expected ${expected[i]} within ${room}`)
  }
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
