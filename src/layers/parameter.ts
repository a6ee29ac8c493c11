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

/** A trained array and its gradient; an optimizer reads `grad.data` and writes `data`. */
export interface Parameter<Data extends FloatArray = FloatArray> extends Tensor<Data> {
  readonly data: Data
  readonly shape: readonly number[]
  /** Of the same shape; backward() adds into it, zeroGrad() clears it. */
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

/** A parameter's data, or its gradient's; null where there is none. A value that is no array goes on, to be refused. */
export function dataOf(parameter: Tensor | null | undefined): FloatArray | null {
  return parameter == null ? null : (parameter.data ?? (undefined as never))
}

/** Sets gradients to 0. Throws where one's buffer was transferred, before it changes any. */
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
  /** Whether there is a learnable scale, 1 at first. */
  readonly weight?: boolean | undefined
  /** Whether there is a learnable shift, 0 at first. */
  readonly bias?: boolean | undefined
  /** Both at once; `weight` and `bias` refine it. */
  readonly affine?: boolean | undefined
}

/** Which parameters a layer has: what `affine` means is the layer's, and the two switches refine it. */
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
