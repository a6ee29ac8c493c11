import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { load } from '#addon'
import { planRows } from '../../src/engine/plan.js'

// What the addon refuses by itself. Through the public API no such call reaches it.

// biome-ignore lint/suspicious/noExplicitAny: calls that its type does not allow
const addon: any = load().addon

const WRONG_COUNT = 'wrong number of arguments'
const NO_NUMBER = 'an argument is no whole number below its limit'
const NO_ARRAY = "an argument is no typed array of the plan's element type"
const WRONG_LENGTH = "a typed array's length is not the plan's (too short, too long, or detached)"

const { descriptor } = planRows('test', [4, 8], 'float32', { normalizedShape: [8], eps: 1e-5 })
const SENTINEL = 7
const f32 = (length: number) => new Float32Array(length).fill(SENTINEL)
const f64 = (length: number) => new Float64Array(length).fill(SENTINEL)
/** Of forward: the instruction set, the plan, x, y, weight, bias, mean and variance. */
const right = () => [0, descriptor, f32(32), f32(32), f32(8), f32(8), f64(4), f64(4)]
const detached = () => {
  const array = f32(32)
  structuredClone(array, { transfer: [array.buffer] })
  return array
}

const refusal = (message: string) =>
  expect.objectContaining({ name: 'TypeError', code: 'EVENKEEL_BUFFER', message })

const REFUSED: readonly (readonly [what: string, place: number, value: () => unknown, message: string])[] = [
  ['a name as the instruction set', 0, () => 'avx2', NO_NUMBER],
  ['an instruction set that is not there', 0, () => 99, NO_NUMBER],
  ['a negative instruction set', 0, () => -1, NO_NUMBER],
  ['a plan in float32', 1, () => f32(10), NO_ARRAY],
  ['a plan that is too short', 1, () => f64(9), WRONG_LENGTH],
  ['numbers that are no plan', 1, () => f64(10), 'the descriptor is no plan'],
  ['x as an array of numbers', 2, () => new Array(32).fill(0), NO_ARRAY],
  ['no x', 2, () => null, NO_ARRAY],
  ['x in float64', 2, () => f64(32), NO_ARRAY],
  ['y that is too short', 3, () => f32(31), WRONG_LENGTH],
  ['y that is detached', 3, detached, WRONG_LENGTH],
  ['a number as the weight', 4, () => 1, NO_ARRAY],
  ['a bias that is too long', 5, () => f32(9), WRONG_LENGTH],
  ['a mean in float32', 6, () => f32(4), NO_ARRAY],
  ['no variance', 7, () => undefined, NO_ARRAY],
]

/** The functions that run the pass forward, and what they take besides its arguments. */
const FUNCTIONS: readonly (readonly [name: string, more: () => unknown[]])[] = [
  ['forward', () => []],
  ['forwardAsync', () => []],
  ['forwardKept', () => [addon.newFrame()]],
]

describe.skipIf(addon === null).each(FUNCTIONS)('%s refuses, and writes nothing:', (name, more) => {
  const there = it.skipIf(addon?.[name] === undefined)

  there.each(REFUSED)('%s', (_, place, value, message) => {
    const given = right()
    given[place] = value() as never
    expect(() => addon[name](...given, ...more())).toThrow(refusal(message))
    const arrays = given.slice(2).filter((each) => ArrayBuffer.isView(each) && each.byteLength > 0)
    const numbers = arrays.flatMap((each) => [...(each as Float32Array)])
    expect(new Set(numbers)).toEqual(new Set([SENTINEL]))
  })

  there('an argument too few, and one too many', () => {
    expect(() => addon[name](...right().slice(1), ...more())).toThrow(refusal(WRONG_COUNT))
    expect(() => addon[name](...right(), ...more(), 0)).toThrow(refusal(WRONG_COUNT))
  })
})

it.skipIf(addon === null).each<[name: string, args: unknown[], message: string]>([
  ['setThreads', [], WRONG_COUNT],
  ['setThreads', [1, 2], WRONG_COUNT],
  ['setThreads', ['2'], NO_NUMBER],
  ['setThreads', [1025], NO_NUMBER],
  ['setThreads', [-1], NO_NUMBER],
  ['setBytesPerThread', [2 ** 32 - 1], NO_NUMBER],
  ['setCacheBytes', [null], NO_NUMBER],
  ['adviseHugePages', [], WRONG_COUNT],
  ['adviseHugePages', [[1, 2]], 'an argument is no float array'],
  ['adviseHugePages', [new Uint8Array(8)], 'an argument is no float array'],
  ['renew', [1], WRONG_COUNT],
])('%s(%j) throws, and changes nothing', (name, args, message) => {
  const threads = addon.threads()
  expect(() => addon[name](...args)).toThrow(refusal(message))
  expect(addon.threads()).toBe(threads)
})

// An environment that ends accepts no exception. Whoever insists on throwing one ends the process.
it.skipIf(addon === null)('a worker may be terminated while the addon throws', async () => {
  const script = `
    const { Worker } = require('node:worker_threads')
    const throwing = \`
      const { addon } = require('./native/load.cjs').load()
      const calls = [() => addon.setThreads('x'), () => addon.forward(1), () => addon.renew(1), () => addon.forwardAsync?.(1)]
      require('node:worker_threads').parentPort.postMessage('runs')
      for (let i = 0; ; i++) try { calls[i % calls.length]() } catch {}\`
    const run = async () => {
      for (let i = 0; i < 10; i++) {
        const worker = new Worker(throwing, { eval: true })
        await new Promise((resolve) => worker.once('message', resolve))
        await worker.terminate()
      }
      console.log('well')
    }
    run()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script])
  expect(stdout).toBe('well\n')
})
