import { fail } from '../errors.js'
import { checkBoolean } from '../options.js'
import {
  type DType,
  type FloatArray,
  isFloatArray,
  lengthOf,
  newArray,
  sizeOf,
  type Tensor,
} from '../tensor.js'

/** A trained array and its gradient. An optimizer reads `grad.data` and writes `data`. */
export interface Parameter<Data extends FloatArray = FloatArray> extends Tensor<Data> {
  readonly data: Data
  readonly shape: readonly number[]
  /** The gradient, of the same shape. backward() adds to it, and zeroGrad() sets it to 0. */
  readonly grad: Tensor<Data>
}

export function newParameter(dtype: DType, shape: readonly number[], initial: number): Parameter {
  const length = sizeOf(shape)
  return {
    data: newArray(dtype, length).fill(initial),
    shape: [...shape],
    grad: { data: newArray(dtype, length), shape: [...shape] },
  }
}

/**
 * The data of a parameter, or of its gradient. Null if there is no parameter. If the data are not an array, the
 * function returns them unchanged, and a later check refuses them.
 */
export function dataOf(parameter: Tensor | null | undefined): FloatArray | null {
  return parameter == null ? null : (parameter.data ?? (undefined as never))
}

/** Sets the gradients to 0. Throws if the buffer of one was transferred. Then no gradient has changed. */
export function clearGradients(who: string, parameters: readonly Parameter[]): void {
  const gradients = parameters.map(({ grad }) => grad.data)
  if (gradients.some((gradient) => !isFloatArray(gradient) || lengthOf(gradient) === 0)) {
    fail(
      'EVENKEEL_BUFFER',
      who,
      'the gradient of weight or bias is detached: its buffer was transferred',
      'copy arrays before a transfer: postMessage(array.slice(), ...)',
    )
  }
  for (const gradient of gradients) gradient.fill(0)
}

export interface AffineOptions {
  /** Whether the layer has a learnable scale. Its initial value is 1. */
  readonly weight?: boolean | undefined
  /** Whether the layer has a learnable shift. Its initial value is 0. */
  readonly bias?: boolean | undefined
  /** Sets `weight` and `bias` together. The options `weight` and `bias` override it. */
  readonly affine?: boolean | undefined
}

/**
 * Which parameters a layer has. `defaults` says what the layer has without options, and whether `affine` includes a
 * bias. The options `weight` and `bias` override `affine`.
 */
export function affineOf(
  who: string,
  options: AffineOptions,
  defaults: { affine: boolean; bias: boolean },
): { weight: boolean; bias: boolean } {
  for (const name of ['weight', 'bias', 'affine'] as const) {
    if (options[name] === undefined) continue
    const values = `write ${name}: true, and set values in the layer's ${name}.data`
    checkBoolean(who, name, options[name], name === 'affine' ? undefined : values)
  }
  const affine = options.affine ?? defaults.affine
  const weight = options.weight ?? affine
  const bias = options.bias ?? (affine && defaults.bias)
  if (options.affine === false && (weight || bias)) {
    fail(
      'EVENKEEL_OPTION',
      who,
      `affine: false contradicts ${weight ? 'weight' : 'bias'}: true`,
      `leave affine out, and switch ${weight ? 'bias' : 'weight'} off alone`,
    )
  }
  return { weight, bias }
}
