import type { BackwardBuffers, ForwardBuffers } from './backend/backend.js'
import type { FloatArray } from './tensor.js'

/** One array of a pass. */
export interface Operand {
  /** As in messages. */
  readonly name: string
  /** data: as long as the input; affine: as weight and bias; statistics: one float64 per slot. */
  readonly kind: 'data' | 'affine' | 'statistics'
  readonly written: boolean
  /** The operands that it may replace, element for element. */
  readonly replaces: readonly string[]
}

/** The operands of a pass, in the order in which the addon takes them; the data come first. */
export type OperandTable = readonly Operand[]
/** The arrays of one call, in the order of their table; null where the call has none. */
export type Operands = readonly (FloatArray | null)[]

function read(name: string, kind: Operand['kind']): Operand {
  return { name, kind, written: false, replaces: [] }
}

function written(name: string, kind: Operand['kind'], replaces: readonly string[] = []): Operand {
  return { name, kind, written: true, replaces }
}

export const FORWARD: OperandTable = [
  read('input', 'data'),
  written('out', 'data', ['input']),
  read('weight', 'affine'),
  read('bias', 'affine'),
  written('mean', 'statistics'),
  written('variance', 'statistics'),
]

export const BACKWARD: OperandTable = [
  read('dy', 'data'),
  read('input', 'data'),
  written('out', 'data', ['dy', 'input']),
  read('weight', 'affine'),
  read('mean', 'statistics'),
  read('variance', 'statistics'),
  written('dweight', 'affine'),
  written('dbias', 'affine'),
]

/** The same by their names, as a backend takes them. */
export function forwardBuffers([x, y, weight, bias, mean, variance]: Operands): ForwardBuffers {
  return { x, y, weight, bias, mean, variance } as ForwardBuffers
}

export function backwardBuffers([
  dy,
  x,
  dx,
  weight,
  mean,
  variance,
  dweight,
  dbias,
]: Operands): BackwardBuffers {
  return { dy, x, dx, weight, mean, variance, dweight, dbias } as BackwardBuffers
}
