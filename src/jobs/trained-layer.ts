import { geometryOf } from '../data/geometry.js'
import type { Layout } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { BatchNorm } from '../layers/batch-norm.js'
import { GroupNorm } from '../layers/group-norm.js'
import type { Layer } from '../layers/layer-interface.js'
import { LayerNorm } from '../layers/layer-norm.js'
import { RMSNorm } from '../layers/rms-norm.js'
import type { LoadableDict } from '../layers/state-dict.js'
import { entriesOf } from '../layers/state-names.js'
import { type DType, sizeOf } from '../tensor.js'
import { type Operation, type RowsToRows, widening } from './operation.js'
import { digestOf, inFile } from './saved.js'
import { readStateDict, STATE_NAMES } from './state-file.js'

export type TrainedNorm = 'batch' | 'layer' | 'rms' | 'group' | 'instance'
export const TRAINED_NORMS: readonly TrainedNorm[] = ['batch', 'layer', 'rms', 'group', 'instance']

export interface TrainedLayer {
  /** safetensors, or JSON: the state dict of the layer, or of a whole model. */
  readonly file: string
  /** What stands before the layer's names in the dict of a model: 'layer1.0.bn1.'. */
  readonly prefix?: string | undefined
  /** Default: batch if it has running statistics, group if there are groups, and layer otherwise. */
  readonly norm?: TrainedNorm | undefined
  readonly groups?: number | undefined
  /** Default: that of the norm in PyTorch. */
  readonly eps?: number | undefined
  /** The dimension of the channels or features. Default -1. */
  readonly axis?: number | undefined
}

/** The kind of a layer, and what it is made from. */
interface Kind {
  readonly norm: TrainedNorm
  /** Of its weight, or of its running mean. */
  readonly shape: readonly number[]
  readonly affine: { readonly weight: boolean; readonly bias: boolean }
}

/** Applies a trained layer in inference: by its running statistics, or those of each row. */
export async function applyLayer(trained: TrainedLayer): Promise<Operation> {
  const { file, prefix, axis = -1, groups = null } = trained
  const dict = await readStateDict(file, prefix)
  const layerFor = (dtype: DType, layout: Layout) => {
    const layer = newLayer(trained, kindOf(trained, dict), dtype, layout)
    return layer.loadStateDict(dict, prefix === undefined ? {} : { prefix }).eval()
  }
  const { norm } = await inFile(file, () => kindOf(trained, dict))
  const exact = await inFile(file, () => layerFor('float64', 'channels-first'))
  return {
    identity: { norm, axis, groups, eps: exact.eps, layer: digestOf(exact.stateDict()) },
    for({ path, rowShape, dtype: read }, dtype) {
      const last = axis === -1 || axis === rowShape.length
      if (SAMPLEWISE.includes(norm) && !last && axis !== 1 && axis !== -rowShape.length)
        fail(
          'EVENKEEL_OPTION',
          path,
          `axis ${axis} is neither the first nor the last dimension of its rows`,
          'give axis 1 or -1',
        )
      const wide = read === 'float64' || dtype === 'float64'
      const layer = layerFor(wide ? 'float64' : 'float32', last ? 'channels-last' : 'channels-first')
      const forward: RowsToRows = (x, out) => void layer.forward(x, { out })
      return widening(dtype, norm === 'batch' ? perChannel(path, axis, forward) : forward)
    },
  }
}

/** Norms whose statistics are those of the channels of one row. */
const SAMPLEWISE: readonly TrainedNorm[] = ['group', 'instance']

function kindOf({ file, prefix, norm, groups }: TrainedLayer, dict: LoadableDict): Kind {
  // Only which names there are. The layer checks the values.
  const wanted = { names: [], optional: STATE_NAMES, fits: () => true }
  const found = entriesOf(file, dict, wanted, prefix)
  const [first] = ['running_mean', 'weight', 'bias'].flatMap((name) => found.get(name) ?? [])
  if (first === undefined)
    fail(
      'EVENKEEL_STATE',
      file,
      `there is no layer with the prefix ${describe(prefix)}`,
      'give the beginning of the names of its weight and bias',
    )
  const usual = found.has('running_mean') ? 'batch' : groups === undefined ? 'layer' : 'group'
  const affine = { weight: found.has('weight'), bias: found.has('bias') }
  return { norm: norm ?? usual, shape: shapeOf(first.value), affine }
}

function newLayer(
  { file, groups, eps, axis = -1 }: TrainedLayer,
  { norm, shape, affine }: Kind,
  dtype: DType,
  layout: Layout,
): Layer {
  const options = { ...affine, eps, dtype }
  // Without axis, a weight of several dimensions is of the last ones.
  const rows = axis === -1 ? options : { ...options, axis }
  if (norm === 'layer') return new LayerNorm(shape, rows)
  if (norm === 'rms') return new RMSNorm(shape, rows)
  const channels = sizeOf(shape)
  if (norm === 'batch') return new BatchNorm(channels, options)
  if (norm === 'instance') return new GroupNorm(channels, channels, { ...options, layout })
  if (groups !== undefined) return new GroupNorm(groups, channels, { ...options, layout })
  return fail('EVENKEEL_OPTION', file, 'a group norm needs the number of its groups', 'give groups')
}

/** The running statistics of a channel are the same for all samples, wherever the channels lie. */
function perChannel(path: string, axis: number, forward: RowsToRows): RowsToRows {
  return ({ data, shape }, out) => {
    const { samples, features, space } = geometryOf(path, shape, axis)
    const form = space === 1 ? [samples, features] : [samples, features, space]
    forward({ data, shape: form }, { data: out.data, shape: form })
  }
}

/** The shape of a value of a state dict: { data, shape }, or a list that may be nested. */
function shapeOf(value: unknown): readonly number[] {
  const { shape, data = value } = (value ?? {}) as { shape?: unknown; data?: unknown }
  if (Array.isArray(shape)) return shape
  const extents: number[] = []
  let level: unknown = data
  for (; typeof level === 'object' && level !== null; level = (level as ArrayLike<unknown>)[0])
    extents.push((level as ArrayLike<unknown>).length ?? Object.keys(level).length)
  return extents
}
