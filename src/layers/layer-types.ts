import type { Layout } from '../engine/plan.js'
import type { ArrayOf, FloatArray } from '../tensor.js'
import type { Layer } from './layer-interface.js'
import type { Parameter } from './parameter.js'

// The type of a layer, which the compiler derives from the options that the layer was constructed with.

/** The options of a layer that was constructed without any. */
export type NoOptions = Readonly<Record<never, never>>

/** Options whose names the compiler checks. An unknown name is an error, as for a plain object type. */
export type Known<Given, Options> = Given & { readonly [Name in Exclude<keyof Given, keyof Options>]: never }

type Option<Options, Name extends string> = Name extends keyof Options ? Options[Name] : undefined
type OrElse<Value, Default> = Value extends undefined ? Default : Value
type ParameterIf<Has, Data extends FloatArray> = Has extends true ? Parameter<Data> : null
type IsAffine<Options, Default> = OrElse<Option<Options, 'affine'>, Default>
type HasBias<Affine, Default> = Affine extends true ? Default : false

/** The arrays of a layer with these options. */
type DataOf<Options> = ArrayOf<OrElse<Option<Options, 'dtype'>, 'float32'>>
/** The weight of a layer with these options. Affine: whether the layer has a weight by default. */
type WeightOf<Options, Affine> = ParameterIf<
  OrElse<Option<Options, 'weight'>, IsAffine<Options, Affine>>,
  DataOf<Options>
>
/** The bias of a layer with these options. Bias: whether an affine layer has a bias by default. */
type BiasOf<Options, Affine, Bias> = ParameterIf<
  OrElse<Option<Options, 'bias'>, HasBias<IsAffine<Options, Affine>, Bias>>,
  DataOf<Options>
>

/** The further properties of a layer over channels. */
export interface ChannelProperties {
  readonly channels: number
  readonly layout: Layout
}

/** The further properties of a layer with a normalizedShape. */
export interface RowProperties {
  readonly normalizedShape: readonly number[]
  /** The first normalized dimension. A negative axis counts from the end. */
  readonly axis: number
}

/** A layer with these options and with its own further properties. */
export type LayerOf<Options, Own, Affine = true, Bias = true> = Layer<
  DataOf<Options>,
  WeightOf<Options, Affine>,
  BiasOf<Options, Affine, Bias>
> &
  Own
