/** How far from the wanted number a divisor is looked for: a few milliseconds, and farther away none is of use. */
const REACH = 100_000

/**
 * The divisor of n nearest to `wanted`, at most `most`; the larger of two as near. Undefined where none lies within
 * REACH, which needs a wanted number above REACH, since 1 divides every n.
 */
export function nearestDivisor(n: number, wanted: number, most = n): number | undefined {
  const start = Math.max(1, Math.min(wanted, most))
  for (let distance = 0; distance <= REACH; distance++) {
    for (const candidate of [start + distance, start - distance]) {
      if (candidate >= 1 && candidate <= most && n % candidate === 0) return candidate
    }
  }
  return undefined
}
