import type { Layout } from '../engine/plan.js'
import type { ArrayOf, FloatArray } from '../tensor.js'
import type { Layer } from './layer-interface.js'
import type { Parameter } from './parameter.js'

// What the compiler knows of a layer, from the options that it was constructed with.

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
type DataOf<Options> = ArrayOf<OrElse<Option<Options, 'dtype'>, 'float32'>>
/** The weight of a layer with these options. Affine: whether it has one where the options say nothing. */
type WeightOf<Options, Affine> = ParameterIf<
  OrElse<Option<Options, 'weight'>, IsAffine<Options, Affine>>,
  DataOf<Options>
>
/** Its bias. Bias: whether an affine layer has one where the options say nothing. */
type BiasOf<Options, Affine, Bias> = ParameterIf<
  OrElse<Option<Options, 'bias'>, HasBias<IsAffine<Options, Affine>, Bias>>,
  DataOf<Options>
>

/** What a layer over channels has besides. */
export interface ChannelProperties {
  readonly channels: number
  readonly layout: Layout
}

/** What a layer with a normalizedShape has besides. */
export interface RowProperties {
  readonly normalizedShape: readonly number[]
  /** The first normalized dimension, counted from the end where negative. */
  readonly axis: number
}

/** A layer with these options, and these properties of its own. */
export type LayerOf<Options, Own, Affine = true, Bias = true> = Layer<
  DataOf<Options>,
  WeightOf<Options, Affine>,
  BiasOf<Options, Affine, Bias>
> &
  Own
