/** Numbers in which the textbook (textbook.ts) is evaluated: float64, or exact ones (exact.ts). */
export interface Arithmetic<N> {
  of(value: number): N
  plus(a: N, b: N): N
  minus(a: N, b: N): N
  times(a: N, b: N): N
  over(a: N, b: N): N
  root(a: N): N
  abs(a: N): N
  /** `first`, and a term for each of `members`. */
  sum(members: readonly number[], term: (i: number) => N, first?: N): N
}

export const FLOAT64: Arithmetic<number> = {
  of: (value) => value,
  plus: (a, b) => a + b,
  minus: (a, b) => a - b,
  times: (a, b) => a * b,
  over: (a, b) => a / b,
  root: Math.sqrt,
  abs: Math.abs,
  /** Keeps what each addition rounds off (Neumaier), so that the sum is exact to the last bit or two. */
  sum(members, term, first = 0) {
    let high = first
    let low = 0
    for (const i of members) {
      const value = term(i)
      const sum = high + value
      const rest = Math.abs(high) >= Math.abs(value) ? high - sum + value : value - sum + high
      // Infinities and NaN have no rest, they are the sum.
      if (Number.isFinite(rest)) low += rest
      high = sum
    }
    return high + low
  },
}
