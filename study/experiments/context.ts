import type { Dataset } from '../data/dataset.js'

/** What a cell is run with. */
export interface CellContext {
  readonly seed: number
  readonly data: Dataset
  /** Told the share of the cell that is done, from 0 to 1. */
  progress(share: number): void
}

/** 4 significant digits: what is left of a measurement, and a results.json that one can read. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
