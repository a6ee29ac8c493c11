import type { Plan } from '../engine/plan.js'
import type { DType, FloatArray } from '../tensor.js'

/**
 * data: as many elements as the input. affine: as many elements as weight and bias, or null. statistics: one float64
 * per slot.
 */
type Kind = 'data' | 'affine' | 'statistics'

/** How many elements an operand of a kind has. */
export function lengthOfKind(plan: Plan, kind: Kind): number {
  if (kind === 'data') return plan.size
  return kind === 'affine' ? plan.affineLength : plan.slots
}

/** The element type of an operand of a kind. */
export function dtypeOfKind(plan: Plan, kind: Kind): DType {
  return kind === 'statistics' ? 'float64' : plan.dtype
}

/** One array of a pass. */
export interface Operand<Field extends string = string, K extends Kind = Kind> {
  /** The name of its property in the buffers that a backend takes. */
  readonly field: Field
  /** Its name in error messages. */
  readonly name: string
  readonly kind: K
  readonly written: boolean
  /** The operands that it may replace: it may be the same array as one of them. */
  readonly replaces: readonly string[]
}

/** The operands of a pass, in the order in which the addon takes them. Operands of kind data come first. */
export type OperandTable = readonly Operand[]
/** The arrays of one call, in the order of their table. Null for an operand that the call does not have. */
export type Operands = readonly (FloatArray | null)[]

function read<F extends string, K extends Kind>(field: F, kind: K, name: string = field): Operand<F, K> {
  return { field, name, kind, written: false, replaces: [] }
}

function written<F extends string, K extends Kind>(
  field: F,
  kind: K,
  name: string = field,
  replaces: readonly string[] = [],
): Operand<F, K> {
  return { field, name, kind, written: true, replaces }
}

/**
 * The operands of each pass. The types, the checks, the rules for overlap and the order of arguments follow from this
 * table. Each pass also has a row in native/binding/passes.cc and in the buffers of native/core/plan.h.
 */
export const PASSES = {
  moments: [read('x', 'data', 'input'), written('mean', 'statistics'), written('m2', 'statistics')],
  extrema: [read('x', 'data', 'input'), written('min', 'statistics'), written('max', 'statistics')],
  apply: [
    read('x', 'data', 'input'),
    written('y', 'data', 'out', ['input']),
    read('weight', 'affine'),
    read('bias', 'affine'),
    read('mean', 'statistics'),
    read('variance', 'statistics'),
  ],
  forward: [
    read('x', 'data', 'input'),
    written('y', 'data', 'out', ['input']),
    read('weight', 'affine'),
    read('bias', 'affine'),
    written('mean', 'statistics'),
    written('variance', 'statistics'),
  ],
  gradientSums: [
    read('dy', 'data'),
    read('x', 'data', 'input'),
    read('weight', 'affine'),
    read('mean', 'statistics'),
    read('variance', 'statistics'),
    written('sum1', 'statistics'),
    written('sum2', 'statistics'),
    written('dweight', 'affine'),
    written('dbias', 'affine'),
  ],
  applyGradient: [
    read('dy', 'data'),
    read('x', 'data', 'input'),
    written('dx', 'data', 'out', ['dy', 'input']),
    read('weight', 'affine'),
    read('mean', 'statistics'),
    read('variance', 'statistics'),
    read('sum1', 'statistics'),
    read('sum2', 'statistics'),
  ],
  backward: [
    read('dy', 'data'),
    read('x', 'data', 'input'),
    written('dx', 'data', 'out', ['dy', 'input']),
    read('weight', 'affine'),
    read('mean', 'statistics'),
    read('variance', 'statistics'),
    written('dweight', 'affine'),
    written('dbias', 'affine'),
  ],
} as const satisfies Readonly<Record<string, OperandTable>>

export type PassName = keyof typeof PASSES
export const PASS_NAMES = Object.keys(PASSES) as PassName[]

/** The index of an operand in the table of its pass, by its field. */
export function placeOf<P extends PassName>(pass: P, field: (typeof PASSES)[P][number]['field']): number {
  return PASSES[pass].findIndex((operand) => operand.field === field)
}

interface ArrayOfKind {
  readonly data: FloatArray
  readonly affine: FloatArray | null
  readonly statistics: Float64Array
}

/** The arrays of a pass as an object, by the fields of its operands. */
export type Buffers<P extends PassName> = {
  readonly [O in (typeof PASSES)[P][number] as O['field']]: ArrayOfKind[O['kind']]
}

/** Converts a list of operands to the object that a backend takes. */
export function buffersOf<P extends PassName>(pass: P, operands: Operands): Buffers<P> {
  const buffers: Record<string, FloatArray | null> = {}
  const table: OperandTable = PASSES[pass]
  for (let i = 0; i < table.length; i++) buffers[table[i].field] = operands[i]
  return buffers as unknown as Buffers<P>
}

/** Converts the object that a backend takes to the list that the engine and the addon take. */
export function operandsOf<P extends PassName>(pass: P, buffers: Buffers<P>): Operands {
  const table: OperandTable = PASSES[pass]
  const fields = buffers as unknown as Readonly<Record<string, FloatArray | null>>
  const operands: (FloatArray | null)[] = []
  for (let i = 0; i < table.length; i++) operands.push(fields[table[i].field] ?? null)
  return operands
}
