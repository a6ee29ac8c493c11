import type { Context } from '../engine.js'
import type { Plan } from '../plan.js'
import type { ArrayOf, DType, FloatArray, Tensor } from '../tensor.js'
import type { AffineOptions, Parameter } from './parameter.js'
import type { RunningOptions } from './running-statistics.js'

/** Options that every layer has. */
export interface LayerOptions extends AffineOptions {
  /** Added to the variance inside the root. */
  readonly eps?: number | undefined
  /** The type of parameters and running averages; the input must have it too. Default 'float32'. */
  readonly dtype?: DType | undefined
}

/** The names of LayerOptions, for checkOptions. */
export const LAYER_OPTIONS = ['eps', 'weight', 'bias', 'affine', 'dtype'] as const

/** Options of forward. */
export interface CallOptions {
  /** Where the result is written; without it, a new tensor. */
  readonly out?: Tensor | undefined
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
  /** Null or left out: no running averages. */
  readonly running?: RunningOptions | null
  /** Of the running averages; [] for one pair that all samples share. */
  readonly runningShape?: readonly number[]
  /** Further properties of the layer that cannot be set again. */
  readonly fixed?: Readonly<Record<string, unknown>>
}

/** The options of a layer that was constructed without any. */
export type NoOptions = Readonly<Record<never, never>>

/** Options of which the compiler knows each name: an unknown one is an error, as for a plain object type. */
export type Known<Given, Options> = Given & { readonly [Name in Exclude<keyof Given, keyof Options>]: never }

type Option<Options, Name extends string> = Name extends keyof Options ? Options[Name] : undefined
type OrElse<Value, Default> = Value extends undefined ? Default : Value
type ParameterIf<Has, Data extends FloatArray> = Has extends true ? Parameter<Data> : null
type IsAffine<Options, Default> = OrElse<Option<Options, 'affine'>, Default>
type HasBias<Affine, Default> = Affine extends true ? Default : false

/** The arrays of a layer with these options. */
export type DataOf<Options> = ArrayOf<OrElse<Option<Options, 'dtype'>, 'float32'>>
/** The weight of a layer with these options. Affine: whether it has one where the options say nothing. */
export type WeightOf<Options, Affine = true> = ParameterIf<
  OrElse<Option<Options, 'weight'>, IsAffine<Options, Affine>>,
  DataOf<Options>
>
/** Its bias. Bias: whether an affine layer has one where the options say nothing. */
export type BiasOf<Options, Affine = true, Bias = true> = ParameterIf<
  OrElse<Option<Options, 'bias'>, HasBias<IsAffine<Options, Affine>, Bias>>,
  DataOf<Options>
>
