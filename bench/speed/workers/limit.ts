import { createRequire } from 'node:module'
import type { Tensor } from '../../../src/index.js'
import { formatThreads } from '../results.js'
import type { Prepared } from './serve.js'

// "The limit": copies of what the operation must move, by every kind of copy that this machine has, with one thread up
// to as many as the contenders get. The parent takes the fastest.

interface CopyAddon {
  kinds(a: Float32Array, b: Float32Array | null, to: Float32Array): string[]
  /** Nanoseconds of one pass. */
  time(
    kind: string,
    a: Float32Array,
    b: Float32Array | null,
    to: Float32Array,
    threads: number,
    passes: number,
  ): number
}

/** to = a for forward; to = a + b for backward, which reads two arrays. */
export interface Traffic {
  readonly a: Tensor
  readonly b: Tensor | null
  readonly to: Tensor
}

/** Throws where a copy leaves anything but what it should: a limit that skips bytes would be none. */
export function limit({ a, b, to }: Traffic, threads: number): Prepared {
  const addon = createRequire(import.meta.url)('../native/build/Release/copy.node') as CopyAddon
  const arrays = [a.data, b === null ? null : b.data, to.data] as [
    Float32Array,
    Float32Array | null,
    Float32Array,
  ]
  const variants = addon
    .kinds(...arrays)
    .flatMap((kind) => Array.from({ length: threads }, (_, i) => ({ kind, team: i + 1 })))
  for (const { kind, team } of variants) {
    arrays[2].fill(Number.NaN)
    addon.time(kind, ...arrays, team, 1)
    checkCopied(kind, arrays)
  }
  return {
    variants: variants.map(({ kind, team }) => `${kind}, ${formatThreads(team)}`),
    time: (passes) => variants.map(({ kind, team }) => addon.time(kind, ...arrays, team, passes)),
  }
}

function checkCopied(kind: string, [a, b, to]: readonly [Float32Array, Float32Array | null, Float32Array]) {
  for (let i = 0; i < to.length; i++) {
    const expected = b === null ? a[i] : Math.fround(a[i] + b[i])
    if (to[i] !== expected) throw new Error(`the ${kind} copy left ${to[i]} instead of ${expected} at ${i}`)
  }
}
