import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check, type Tally } from '../fuzz/check.js'
import { scenarios } from '../fuzz/generate.js'
import type { Evenkeel, Libraries, Library } from '../fuzz/libraries.js'
import { scenarioSeed } from '../fuzz/seeds.js'
import * as evenkeel from '../src/index.js'

// Does the fuzzer see faults? Each row is a library with a fault of one kind; a few hundred scenarios must find it.

const SCENARIOS = 400
const noTally = (): Tally => ({ calls: 0, errors: 0, ops: new Map() })
const backend = evenkeel.backends()[0]
const right: Library = { evenkeel, backend }

type Forward = (x: evenkeel.Tensor, options: object) => evenkeel.Normalized

/** Every functional norm, with a fault. */
function broken(fault: (norm: Forward, x: evenkeel.Tensor, options: object) => evenkeel.Normalized): Library {
  const { batchNorm, layerNorm, groupNorm, instanceNorm, rmsNorm } = evenkeel
  const norms = Object.entries({ batchNorm, layerNorm, groupNorm, instanceNorm, rmsNorm }).map(
    ([name, norm]) => {
      return [name, (x: evenkeel.Tensor, options: object) => fault(norm as Forward, x, options)]
    },
  )
  return { evenkeel: { ...evenkeel, ...Object.fromEntries(norms) } as Evenkeel, backend }
}

/** Changes the last bit of an element. */
function disturb(array: evenkeel.FloatArray, i: number): void {
  if (array.length > 0) array[i] = array[i] === 0 ? 1 : array[i] * (1 + 2 ** -20)
}

const FAULTS: Readonly<Record<string, readonly [library: () => Library, message: RegExp]>> = {
  'a wrong bit': [
    () =>
      broken((norm, x, options) => {
        const result = norm(x, options)
        disturb(result.y.data, 0)
        return result
      }),
    /tested against portable: (a result|out|x)\[/,
  ],
  'a write to the input': [
    () =>
      broken((norm, x, options) => {
        const result = norm(x, options)
        if (result.context.x) disturb(result.context.x, 0)
        return result
      }),
    /it changed (x|dy|out|a result|a detached x) \(byte/,
  ],
  'a write after the end of the result': [
    () =>
      broken((norm, x, options) => {
        const result = norm(x, options)
        const { buffer, byteOffset, byteLength } = result.y.data
        const bytes = new Uint8Array(buffer)
        const after = byteOffset + byteLength
        if (after < bytes.length) bytes[after] ^= 1
        return result
      }),
    /it changed (x|dy|out) \(byte/,
  ],
  'another error': [
    () =>
      broken((norm, x, options) => {
        try {
          return norm(x, options)
        } catch (error) {
          throw Object.assign(new Error((error as Error).message), { code: 'EVENKEEL_OPTION' })
        }
      }),
    /EVENKEEL_OPTION: .*portable: EVENKEEL_(SHAPE|BUFFER|STATISTICS|DTYPE)/,
  ],
  'an error without a code': [
    () =>
      broken((norm, x, options) => {
        try {
          return norm(x, options)
        } catch {
          throw new TypeError('of the engine')
        }
      }),
    /it threw TypeError: of the engine/,
  ],
  'a bad argument that is taken': [
    () =>
      broken((norm, x, options) => {
        try {
          return norm(x, options)
        } catch {
          const { out } = options as { out?: evenkeel.Tensor }
          const other = evenkeel.layerNorm({ data: new Float32Array(2), shape: [2] }, { normalizedShape: 2 })
          return { ...other, y: out ?? other.y }
        }
      }),
    /did not refuse it|it passed; portable: EVENKEEL_/,
  ],
}

describe('the fuzzer', () => {
  it(`finds no difference of the library from itself in ${SCENARIOS} scenarios`, async () => {
    const tally = noTally()
    expect(await firstFailure({ tested: right, portable: right, set: () => {} }, tally)).toBe(null)
    expect(tally.calls).toBeGreaterThan(SCENARIOS)
    expect(tally.errors).toBeLessThan(tally.calls / 2)
    expect([...tally.ops.keys()].length).toBeGreaterThan(15)
  })

  it.each(Object.entries(FAULTS))('finds %s', async (_, [library, message]) => {
    const libraries: Libraries = { tested: library(), portable: right, set: () => {} }
    expect(await firstFailure(libraries, noTally())).toMatch(message)
  })

  it('makes the same scenario of the same seed', () => {
    const [first, second, other] = [3, 3, 4].map((number) =>
      JSON.stringify(fc.sample(scenarios, { seed: scenarioSeed(1, number), numRuns: 1 })),
    )
    expect(second).toBe(first)
    expect(other).not.toBe(first)
  })
})

async function firstFailure(libraries: Libraries, tally: Tally): Promise<string | null> {
  for (let number = 0; number < SCENARIOS; number++) {
    const [scenario] = fc.sample(scenarios, { seed: scenarioSeed(1, number), numRuns: 1 })
    try {
      await check(libraries, scenario, tally)
    } catch (error) {
      return (error as Error).message
    }
  }
  return null
}
