import type { FloatArray } from '../tensor.js'
import type { BackwardBuffers, ForwardBuffers } from './backend.js'

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

/** The same by their names, as a backend takes them. By index: taking a list apart runs its iterator. */
export function forwardBuffers(list: Operands): ForwardBuffers {
  const buffers = { x: list[0], y: list[1], weight: list[2], bias: list[3], mean: list[4], variance: list[5] }
  return buffers as ForwardBuffers
}

export function backwardBuffers(list: Operands): BackwardBuffers {
  const buffers = { dy: list[0], x: list[1], dx: list[2], weight: list[3], mean: list[4], variance: list[5] }
  return { ...buffers, dweight: list[6], dbias: list[7] } as BackwardBuffers
}
