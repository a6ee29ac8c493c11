/** The errors of one kind of cell over its replicates; shares from 0 to 1. */
export interface Errors {
  /** Diverged networks count as guessing. */
  readonly mean: number
  /** Standard deviation over the replicates; 0 where there is one. */
  readonly deviation: number
  /** How many replicates there are. */
  readonly count: number
  /** How many of them diverged: their loss was no longer finite. */
  readonly diverged: number
  /** How many of them failed: they diverged, or ended no better than guessing. */
  readonly failed: number
}

/** The error of guessing; a network that does better than half of it has learnt something. */
export const chanceError = (classes: number) => 1 - 1 / classes
export const trains = ({ mean }: Errors, classes: number) => mean < chanceError(classes) / 2

/**
 * Beyond this share of guessing's error a network is no better than guessing: always answering with the class that the
 * test images hold most of errs less than 1 - 1 / classes.
 */
const NO_BETTER_SHARE = 0.95
export const noBetterThan = (chance: number) => NO_BETTER_SHARE * chance

/** A row of errors for each set of items that agree in what `keyOf` takes from them; a null error has diverged. */
export function rowsOf<T, Key extends object>(
  items: readonly T[],
  classes: number,
  keyOf: (item: T) => Key,
  errorOf: (item: T) => number | null,
): (Key & Errors)[] {
  return grouped(items, (item) => JSON.stringify(keyOf(item))).map((group) => ({
    ...keyOf(group[0]),
    ...errorsOf(group.map(errorOf), chanceError(classes)),
  }))
}

function errorsOf(errors: readonly (number | null)[], chance: number): Errors {
  const values = errors.map((error) => error ?? chance)
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return {
    mean,
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    count: values.length,
    diverged: errors.filter((error) => error === null).length,
    failed: values.filter((value) => value >= noBetterThan(chance)).length,
  }
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Items with the same key together, in the order of their first. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
}

/** The distinct values of a column, in order of appearance. */
export const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** The item with the least error. */
export const best = <T extends Errors>(rows: readonly T[]): T =>
  rows.reduce((a, b) => (b.mean < a.mean ? b : a))
