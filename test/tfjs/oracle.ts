import { FLOAT64 } from '../support/arithmetic.js'
import { forward, inputGradient, type Norm, parameterGradient } from '../support/textbook.js'

// The textbook on a layer of tfjs's kind, whose statistics and parameters are told by the index of an element.

export interface IndexedNorm {
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

/** Output and gradients of sum(dy * y). */
export function expected(norm: IndexedNorm, { x, gamma, beta }: Values, dy: readonly number[]) {
  const textbook = textbookNorm(norm)
  const terms = forward(FLOAT64, textbook, { x, weight: gamma, bias: beta })
  const zeros = new Float64Array(textbook.parameterCount)
  const gradient = (of: 'weight' | 'bias') => parameterGradient(FLOAT64, textbook, terms, dy, of, zeros).value
  return {
    y: terms.y.value,
    gradients: {
      x: inputGradient(FLOAT64, textbook, terms, dy).value,
      gamma: gamma && gradient('weight'),
      beta: beta && gradient('bias'),
    },
  }
}

function textbookNorm({ shape, epsilon, slot, parameter, centred, given }: IndexedNorm): Norm {
  const all = indices(shape)
  const keys = [...new Set(all.map(slot))]
  const parameters = all.map(parameter)
  const statistics = given && keys.map((key) => given.get(key)!)
  return {
    slots: all.map((index) => keys.indexOf(slot(index))),
    slotCount: keys.length,
    parameters,
    parameterCount: Math.max(...parameters) + 1,
    centred,
    eps: epsilon,
    given: statistics
      ? { mean: statistics.map(({ mean }) => mean), variance: statistics.map(({ variance }) => variance) }
      : null,
    meanIsRounded: false,
  }
}

function indices(shape: readonly number[]): number[][] {
  const start: number[][] = [[]]
  return shape.reduce(
    (partial, extent) => partial.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    start,
  )
}
