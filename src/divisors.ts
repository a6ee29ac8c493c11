/** The search for a divisor ends at this distance. It takes a few milliseconds, and no farther divisor is of use. */
const REACH = 100_000

/**
 * The divisor of n that is nearest to `wanted` and at most `most`. Of two at the same distance, it is the larger.
 * Undefined if there is none within REACH. That needs a wanted number above REACH, because 1 divides every n.
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
