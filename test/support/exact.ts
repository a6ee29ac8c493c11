import type { Arithmetic } from './arithmetic.js'

/** Bits that a quotient and a root keep: their errors vanish beside those of any float. */
const KEPT = 320n

/** A number m * 2^e of any size. Sums and products are exact; quotients and roots keep some 300 bits. */
export class Exact {
  static readonly ZERO = new Exact(0n, 0)
  static readonly ONE = new Exact(1n, 0)

  private constructor(
    private readonly m: bigint,
    private readonly e: number,
  ) {}

  /** A finite float as it is. */
  static of(value: number): Exact {
    if (!Number.isFinite(value)) throw new Error(`${value} is no number`)
    if (value === 0) return Exact.ZERO
    const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]
    const field = Number((bits >> 52n) & 0x7ffn)
    const fraction = bits & 0xfffffffffffffn
    const magnitude = field === 0 ? fraction : fraction | 0x10000000000000n
    return new Exact(value < 0 ? -magnitude : magnitude, Math.max(field, 1) - 1075)
  }

  plus(other: Exact): Exact {
    if (this.m === 0n) return other
    if (other.m === 0n) return this
    const e = Math.min(this.e, other.e)
    return new Exact((this.m << BigInt(this.e - e)) + (other.m << BigInt(other.e - e)), e)
  }

  minus(other: Exact): Exact {
    return this.plus(new Exact(-other.m, other.e))
  }

  times(other: Exact): Exact {
    return new Exact(this.m * other.m, this.e + other.e).trimmed()
  }

  over(other: Exact): Exact {
    const shift = KEPT + BigInt(bitsOf(other.m))
    return new Exact((this.m << shift) / other.m, this.e - other.e - Number(shift)).trimmed()
  }

  root(): Exact {
    if (this.m === 0n) return Exact.ZERO
    const shift = 2n * KEPT + BigInt(Math.abs(this.e % 2))
    const e = this.e - Number(shift)
    return new Exact(rootOf(this.m << shift), e / 2).trimmed()
  }

  abs(): Exact {
    return this.m < 0n ? new Exact(-this.m, this.e) : this
  }

  isZero(): boolean {
    return this.m === 0n
  }

  isAbove(other: Exact): boolean {
    return this.minus(other).m > 0n
  }

  /** Rounded to float64, within a bit: Infinity where it is larger than that. */
  toNumber(): number {
    const extra = Math.max(bitsOf(this.m) - 64, 0)
    const e = this.e + extra
    const half = Math.trunc(e / 2)
    return Number(this.m >> BigInt(extra)) * 2 ** half * 2 ** (e - half)
  }

  /** Products of long numbers grow; far below what is kept of a quotient, digits go. Sums before it are exact. */
  private trimmed(): Exact {
    const extra = bitsOf(this.m) - Number(2n * KEPT)
    return extra > 0 ? new Exact(this.m >> BigInt(extra), this.e + extra) : this
  }
}

export const EXACT: Arithmetic<Exact> = {
  of: Exact.of,
  plus: (a, b) => a.plus(b),
  minus: (a, b) => a.minus(b),
  times: (a, b) => a.times(b),
  over: (a, b) => a.over(b),
  root: (a) => a.root(),
  abs: (a) => a.abs(),
  sum: (members, term, first = Exact.ZERO) => members.reduce((sum, i) => sum.plus(term(i)), first),
}

function bitsOf(value: bigint): number {
  return (value < 0n ? -value : value).toString(16).length * 4
}

/** Newton's iteration, from above. */
function rootOf(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(bitsOf(value) / 2) + 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
