import type { Context } from '../engine/call.js'
import type { Plan } from '../engine/plan.js'
import type { DType, Tensor } from '../tensor.js'
import type { Workspace } from '../workspace.js'
import type { AffineOptions } from './parameter.js'
import type { RunningOptions } from './running-statistics.js'

/** Options that every layer has. */
export interface LayerOptions extends AffineOptions {
  /** Added to the variance inside the root. */
  readonly eps?: number | undefined
  /** The type of parameters and running averages; the input must have it too. Default 'float32'. */
  readonly dtype?: DType | undefined
  /** Where results come from that have no `out`. Default: each is a new array. */
  readonly workspace?: Workspace | undefined
}

/** The names of LayerOptions, for checkOptions. */
export const LAYER_OPTIONS = ['eps', 'weight', 'bias', 'affine', 'dtype', 'workspace'] as const

/** Options of the layers with a normalizedShape. */
export interface RowsOptions extends LayerOptions {
  /**
   * The first of the normalized dimensions, counted from the end where negative; the others follow it. Default: the last
   * dimensions are normalized. Not the last ones: they cost two to four passes over the data instead of one or two.
   */
  readonly axis?: number | undefined
}

/** The names of RowsOptions, for checkOptions. */
export const ROWS_OPTIONS = [...LAYER_OPTIONS, 'axis'] as const

/** Options of forward. */
export interface CallOptions {
  /** Where the result is written; without it, a new tensor, or one of the workspace. */
  readonly out?: Tensor | undefined
  /** Where the result comes from if there is no `out`. Default: the layer's workspace, if it has one. */
  readonly workspace?: Workspace | undefined
}

/** Options of backward. */
export interface BackwardOptions extends CallOptions {
  /** Of the forward whose gradient is meant, as layer.context told it; without it, the last one's. */
  readonly context?: Context | undefined
}

/** The plan for an input's shape; `given`: with the running averages instead of the input's own statistics. */
export type PlanFor = (shape: readonly number[], given: boolean) => Plan

/** What a layer makes of its options. */
export interface Settings {
  readonly plan: PlanFor
  readonly eps: number
  readonly dtype: DType
  readonly affine: { readonly weight: boolean; readonly bias: boolean }
  readonly affineShape: readonly number[]
  readonly workspace: Workspace | undefined
  /** Null or left out: no running averages. */
  readonly running?: RunningOptions | null
  /** Of the running averages; [] for one pair that all samples share. */
  readonly runningShape?: readonly number[]
  /** Further properties of the layer that cannot be set again. */
  readonly fixed?: Readonly<Record<string, unknown>>
}
