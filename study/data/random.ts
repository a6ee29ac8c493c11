import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded stream of random numbers. */
export interface Random {
  /** From 0 up to, not including, 1; or from `low` to `high`. */
  uniform(low?: number, high?: number): number
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number
  /** Mean 0, variance 1. */
  normal(): number
  /** The whole numbers from 0 up to, not including, `count`, in random order. */
  permutation(count: number): Uint32Array
}

/**
 * The stream that belongs to a seed and a key ('glyphs', or a cell's id and what it is for). Streams with
 * different keys are independent, so that no cell's numbers depend on which cells ran before it.
 */
export function randomFor(seed: number, ...key: readonly (string | number)[]): Random {
  const generator = xoroshiro128plus(seedFor(seed, ...key))
  const uniform = (low = 0, high = 1) => low + (high - low) * uniformFloat64(generator)
  const below = (end: number) => uniformInt(generator, 0, end - 1)
  return {
    uniform,
    below,
    // Box-Muller; 1 - u, because the logarithm of 0 is not finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation(count) {
      const order = Uint32Array.from({ length: count }, (_, i) => i)
      for (let last = count - 1; last > 0; last--) {
        const other = below(last + 1)
        const kept = order[last]
        order[last] = order[other]
        order[other] = kept
      }
      return order
    },
  }
}

/** A whole number from 1 to 2^31 - 1 that follows from seed and key, for libraries that take a seed of their own. */
export function seedFor(seed: number, ...key: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update([seed, ...key].join('/'))
    .digest()
  return (digest.readUInt32LE(0) % 0x7fff_fffe) + 1
}
