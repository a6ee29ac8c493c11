import type { Context } from '../engine/call.js'
import type { Plan } from '../engine/plan.js'
import type { DType, Tensor } from '../tensor.js'
import type { Workspace } from '../workspace.js'
import type { AffineOptions } from './parameter.js'
import type { RunningOptions } from './running-statistics.js'

/** Options that every layer has. */
export interface LayerOptions extends AffineOptions {
  /** The number that is added to the variance, under the square root. */
  readonly eps?: number | undefined
  /** The type of the parameters and running averages. The input must have the same type. Default 'float32'. */
  readonly dtype?: DType | undefined
  /** Where results come from if a call has no `out`. Default: each result is a new array. */
  readonly workspace?: Workspace | undefined
}

/** The names of LayerOptions, for checkOptions. */
export const LAYER_OPTIONS = ['eps', 'weight', 'bias', 'affine', 'dtype', 'workspace'] as const

/** Options of the layers with a normalizedShape. */
export interface RowsOptions extends LayerOptions {
  /**
   * The first of the normalized dimensions. The others follow it. A negative axis counts from the end. Default: the
   * last dimensions are normalized. Other dimensions cost two to four passes over the data instead of one or two.
   */
  readonly axis?: number | undefined
}

/** The names of RowsOptions, for checkOptions. */
export const ROWS_OPTIONS = [...LAYER_OPTIONS, 'axis'] as const

/** Options of forward. */
export interface CallOptions {
  /** Where the result is written. Default: a new tensor, or a tensor from the workspace. */
  readonly out?: Tensor | undefined
  /** Where the result comes from if there is no `out`. Default: the layer's workspace, if it has one. */
  readonly workspace?: Workspace | undefined
}

/** Options of backward. */
export interface BackwardOptions extends CallOptions {
  /**
   * The context of the forward whose gradient is meant, as read from layer.context. Default: that of the last forward.
   */
  readonly context?: Context | undefined
}

/** Makes the plan for an input's shape. `given`: use the running averages instead of the input's own statistics. */
export type PlanFor = (shape: readonly number[], given: boolean) => Plan

/** What a layer passes to NormLayer, after it has checked its options. */
export interface Settings {
  readonly plan: PlanFor
  readonly eps: number
  readonly dtype: DType
  readonly affine: { readonly weight: boolean; readonly bias: boolean }
  readonly affineShape: readonly number[]
  readonly workspace: Workspace | undefined
  /** If null or left out, the layer has no running averages. */
  readonly running?: RunningOptions | null
  /** The shape of the running averages. [] if all samples share one mean and one variance. */
  readonly runningShape?: readonly number[]
  /** Further properties of the layer that cannot be changed. */
  readonly fixed?: Readonly<Record<string, unknown>>
}
