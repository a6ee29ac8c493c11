import { differences } from '../support/differences.js'

/** A norm of tfjs's kind in naive float64, which shares no code with the layers: only formulas. */
export interface Norm {
  readonly shape: readonly number[]
  readonly epsilon: number
  /** Which statistic an element belongs to, from its index: a text that equals within a group. */
  slot(index: readonly number[]): string
  /** Which gamma and beta it takes, from its index. */
  parameter(index: readonly number[]): number
  /** False: the mean square takes the variance's place. */
  readonly centred: boolean
  /** Statistics by slot, where they are given. */
  readonly given?: ReadonlyMap<string, { mean: number; variance: number }>
}

export interface Values {
  readonly x: number[]
  readonly gamma: number[] | null
  readonly beta: number[] | null
}

export function indices(shape: readonly number[]): number[][] {
  const result: number[][] = [[]]
  return shape.reduce(
    (partial, extent) => partial.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    result,
  )
}

export function statisticsOf(norm: Norm, x: readonly number[]) {
  const members = new Map<string, number[]>()
  for (const [i, index] of indices(norm.shape).entries()) {
    const slot = norm.slot(index)
    members.set(slot, [...(members.get(slot) ?? []), x[i]])
  }
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return new Map(
    [...members].map(([slot, values]) => {
      const mean = norm.centred ? average(values) : 0
      return [slot, { mean, variance: average(values.map((value) => (value - mean) ** 2)) }]
    }),
  )
}

export function forward(norm: Norm, { x, gamma, beta }: Values): number[] {
  const statistics = norm.given ?? statisticsOf(norm, x)
  return indices(norm.shape).map((index, i) => {
    const { mean, variance } = statistics.get(norm.slot(index))!
    const parameter = norm.parameter(index)
    return (
      ((x[i] - mean) / Math.sqrt(variance + norm.epsilon)) * (gamma?.[parameter] ?? 1) +
      (beta?.[parameter] ?? 0)
    )
  })
}

/** The gradients of sum(dy * y) with respect to x, gamma and beta. */
export function gradients(norm: Norm, values: Values, dy: readonly number[]) {
  const loss = () => forward(norm, values).reduce((sum, y, i) => sum + y * dy[i], 0)
  const along = (array: number[] | null) => array && differences(array, loss)
  return { x: differences(values.x, loss), gamma: along(values.gamma), beta: along(values.beta) }
}
