/**
 * Pseudo-random numbers that are the same on every machine, because they use integers and exact scaling but no libm.
 */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** Uniform over [0, 2^32): mulberry32. */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** Uniform over [0, 1). */
  uniform(): number {
    return this.bits() * 2 ** -32
  }

  /** Nearly normal, with mean 0 and variance 1, within 3.47: the sum of four uniform numbers (Irwin-Hall). */
  normal(): number {
    const sum = this.uniform() + this.uniform() + this.uniform() + this.uniform()
    return (sum - 2) * SQRT3
  }

  /** A whole number in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1))
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]
  }
}

/** The sum of four uniform numbers has variance 4/12. This factor, 1 / sqrt(4/12), gives it variance 1. */
const SQRT3 = 1.7320508075688772

/** A seed from a text (FNV-1a). Each case has its own numbers, which do not change when other cases are added. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
