import type { Settings } from '../settings.js'
import { type BatchSizeCell, type BatchSizeResult, batchSizeCells, runBatchSize } from './batch-size.js'
import type { CellContext } from './context.js'
import { type DepthCell, type DepthResult, depthCells, runDepth } from './depth.js'
import { type InferenceCell, type InferenceResult, inferenceCells, runInference } from './inference.js'

/** One network to train and judge: plain data that says all about it but the seed and the images. */
export type Cell = DepthCell | BatchSizeCell | InferenceCell
export type CellResult = DepthResult | BatchSizeResult | InferenceResult

/** A cell and what came of it; the kinds match. */
export type Finished =
  | { readonly cell: DepthCell; readonly result: DepthResult }
  | { readonly cell: BatchSizeCell; readonly result: BatchSizeResult }
  | { readonly cell: InferenceCell; readonly result: InferenceResult }

/**
 * All cells of a study, in the order in which they are run and reported. The batch sizes come last, the long,
 * small ones first: the short ones then fill up both cores to the end.
 */
export function allCells(settings: Settings, trainCount: number): Cell[] {
  return [
    ...depthCells(settings.depth),
    ...inferenceCells(settings.inference, trainCount),
    ...batchSizeCells(settings.batchSize, trainCount),
  ]
}

export function runCell(cell: Cell, context: CellContext): Promise<CellResult> {
  switch (cell.experiment) {
    case 'depth':
      return runDepth(cell, context)
    case 'batch-size':
      return runBatchSize(cell, context)
    case 'inference':
      return runInference(cell, context)
  }
}
