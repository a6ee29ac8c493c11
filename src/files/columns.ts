import { type ElementType, STORAGES } from '../data/element-types.js'
import { fail } from '../errors.js'
import type { DType } from '../tensor.js'

/** A column of a table. */
export interface Column {
  readonly name: string
  /** The place in the table, from 0. */
  readonly index: number
  /** What the format calls its type, for messages. */
  readonly typeName: string
  /** The type of its numbers. Null if it has no numbers. */
  readonly type: ElementType | null
  /** For a list of numbers: how many each row has. Null: one number. */
  readonly length: number | null
}

/** A column that has numbers. */
export type NumberColumn = Column & { readonly type: ElementType }

/** What a message lists at most. */
const MOST_LISTED = 10

/**
 * The columns that are read: those of `wanted`, in its order, or all that have numbers.
 * @throws EvenkeelError (EVENKEEL_FILE) if a column is not there, or has no numbers; or if a list stands beside others,
 * because then there is no shape of a row.
 */
export function chooseColumns(
  path: string,
  columns: readonly Column[],
  wanted: readonly (string | number)[] | undefined,
): NumberColumn[] {
  const chosen = wanted?.map((key) => find(path, columns, key)) ?? columns.filter(hasNumbers)
  if (chosen.length === 0) {
    const remedy = columns.length > 0 ? 'convert them to numbers' : 'give a table with columns'
    fail('EVENKEEL_FILE', path, `it has no columns of numbers, it has ${listOf(columns)}`, remedy)
  }
  const list = chosen.find(({ length }) => length !== null)
  if (list !== undefined && chosen.length > 1)
    fail(
      'EVENKEEL_FILE',
      path,
      `column ${list.name} has lists (${list.typeName}), and is read alone; it was chosen with ${listOf(chosen.filter((each) => each !== list))}`,
      'name that column, or columns without lists, in the option columns',
    )
  return chosen
}

function hasNumbers(column: Column): column is NumberColumn {
  return column.type !== null
}

function find(path: string, columns: readonly Column[], key: string | number): NumberColumn {
  const column = typeof key === 'number' ? columns[key] : columns.find(({ name }) => name === key)
  if (column === undefined)
    return fail(
      'EVENKEEL_FILE',
      path,
      `there is no column ${key}; it has ${listOf(columns)}`,
      'name one of these',
    )
  if (hasNumbers(column)) return column
  return fail(
    'EVENKEEL_FILE',
    path,
    `column ${column.name} has no numbers, it has ${column.typeName}`,
    'convert it to numbers, or leave it out of the option columns',
  )
}

function listOf(columns: readonly Column[]): string {
  if (columns.length === 0) return 'none'
  const names = columns.slice(0, MOST_LISTED).map(({ name, typeName }) => `${name} (${typeName})`)
  const more = columns.length - names.length
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ')
}

/** The shape of a row of these columns. */
export function rowShapeOf(chosen: readonly NumberColumn[]): number[] {
  return [chosen[0].length ?? chosen.length]
}

/** The type that holds the numbers of all these columns. */
export function dtypeOfColumns(chosen: readonly NumberColumn[]): DType {
  return chosen.some(({ type }) => STORAGES[type].dtype === 'float64') ? 'float64' : 'float32'
}

/** What tells these columns from others, for Reader.header. */
export function headerOf(chosen: readonly NumberColumn[]): string {
  return JSON.stringify({ columns: chosen.map(({ name, typeName }) => [name, typeName]) })
}

/** The name of the column of a file whose rows have no names. */
export const UNNAMED = 'data'

/** The columns of a new table: one for each name, or one of lists. */
export interface NewColumns {
  readonly names: readonly string[]
  /** The length of the lists. Null: the columns have one number each. */
  readonly length: number | null
}

/** The columns for rows of a shape. Without names, and for rows of rank 2 or more, a row is a list in one column. */
export function newColumns(
  rowShape: readonly number[],
  rowSize: number,
  names: readonly string[] | null,
): NewColumns {
  if (rowShape.length === 0) return { names: names ?? [UNNAMED], length: null }
  if (names !== null && names.length === rowSize) return { names, length: null }
  return { names: [names?.[0] ?? UNNAMED], length: rowSize }
}
