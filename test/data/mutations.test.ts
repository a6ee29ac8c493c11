import { describe, expect, it } from 'vitest'
import { Standardizer } from '../../src/data/index.js'
import { encodeNpyHeader, NPY_PREFIX_BYTES, npyHeaderPlace, parseNpyHeader } from '../../src/data/npy.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/data/safetensors.js'
import { EvenkeelError } from '../../src/index.js'
import { Random } from '../../src/selftest/random.js'

// Headers with wrong bytes: each is read, or refused with an error of ours. None may crash, hang, or take memory that
// its numbers ask for. `EVENKEEL_MUTATIONS=100000 npx vitest run test/data/mutations.test.ts` makes more of them.

const COUNT = Number(process.env.EVENKEEL_MUTATIONS ?? 3000)

const scaler = new Standardizer().partialFit({ data: Float32Array.of(1, 2, 3, 5, 8, 13), shape: [3, 2] })

function readNpy(bytes: Uint8Array): void {
  const { begin, end } = npyHeaderPlace('x.npy', bytes.subarray(0, NPY_PREFIX_BYTES))
  parseNpyHeader('x.npy', bytes.subarray(begin, end), end, bytes.length)
}

function readJSON(bytes: Uint8Array): void {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new EvenkeelError('EVENKEEL_FILE', 'no JSON, which the caller of fromJSON() finds')
  }
  expect(Standardizer.fromJSON(json).statistics).toBeDefined()
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const kinds: readonly [string, Uint8Array, (bytes: Uint8Array) => void][] = [
  ['npy', Uint8Array.of(...encodeNpyHeader('float32', [2, 3]), ...new Uint8Array(24)), readNpy],
  [
    'safetensors',
    encodeSafetensors({
      a: { shape: [2, 2], data: new Float32Array(4) },
      b: { shape: [1], data: new Float64Array(1) },
    }),
    (bytes) => void decodeSafetensors('x.safetensors', bytes),
  ],
  ['bytes of a Standardizer', scaler.toBytes(), (bytes) => void Standardizer.fromBytes(bytes).statistics],
  ['JSON of a Standardizer', text(scaler), readJSON],
]

/** Characters that mean something in a header. */
const TELLING = Array.from('0123456789-{}[]()":,\'<>|.eE \n\0\x93', (each) => each.charCodeAt(0))
const MOST_CHANGES = 4

function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const pick = (limit: number) => Math.floor(random.uniform() * limit)
  let changed = bytes.slice()
  for (let i = pick(MOST_CHANGES); i >= 0; i--) {
    const at = pick(changed.length)
    const way = pick(5)
    if (way === 0) changed[at] = pick(256)
    else if (way === 1) changed[at] = TELLING[pick(TELLING.length)]
    else if (way === 2) changed = changed.slice(0, at)
    else if (way === 3) changed = Uint8Array.of(...changed.slice(0, at), ...changed.slice(at + 1 + pick(8)))
    else
      changed = Uint8Array.of(
        ...changed.slice(0, at),
        ...changed.slice(Math.max(0, at - pick(16)), at),
        ...changed.slice(at),
      )
    if (changed.length === 0) return changed
  }
  return changed
}

describe.each(kinds)('a mutated header of %s', (_, sound, read) => {
  it(`is read, or refused (${COUNT} of them)`, () => {
    expect(() => read(sound)).not.toThrow()
    const random = new Random(COUNT)
    let refused = 0
    for (let i = 0; i < COUNT; i++) {
      const bytes = mutate(random, sound)
      try {
        read(bytes)
      } catch (error) {
        refused++
        if (!(error instanceof EvenkeelError))
          throw new Error(`mutation ${i}: ${JSON.stringify(Array.from(bytes))}`, { cause: error })
      }
    }
    expect(refused).toBeGreaterThan(COUNT / 4)
  })
})

describe('numbers that ask for memory', () => {
  const place = (bytes: Uint8Array) => npyHeaderPlace('x.npy', bytes.subarray(0, NPY_PREFIX_BYTES))
  it.each<[string, () => unknown, RegExp]>([
    ['a shape of npy', () => readNpy(encodeNpyHeader('float64', [2 ** 40, 8])), /it is cut off: it needs/],
    [
      'a shape beyond whole numbers',
      () => readNpy(encodeNpyHeader('float64', [2 ** 50, 2 ** 50])),
      /its shape is/,
    ],
    [
      'a header of npy',
      () => place(Uint8Array.of(0x93, ...text('NUMPY').slice(1, 6), 2, 0, 255, 255, 255, 127)),
      /its header has/,
    ],
    [
      'a header of safetensors',
      () => decodeSafetensors('x', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 0, 0)),
      /does not fit into a file of 10/,
    ],
    [
      'features',
      () => Standardizer.fromJSON({ ...JSON.parse(JSON.stringify(scaler)), features: 2 ** 40 }),
      /must have 1099511627776 numbers, got 2/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
