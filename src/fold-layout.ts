import { checkLayout, type Layout } from './engine/plan.js'
import { fail } from './errors.js'
import { checkBoolean, checkChoice, checkCount } from './options.js'
import { formatShape, sizeOf } from './tensor.js'

// Finds the output channels in the weight that a BatchNorm is folded into.

export const WHO = 'foldBatchNorm'

export interface FoldOptions {
  /** The layer of the weight: fully connected or convolutional. */
  readonly kind: 'linear' | 'conv'
  /** linear: the weight is [in, out], as in Keras and tfjs. conv: the convolution is transposed. Default false. */
  readonly transpose?: boolean | undefined
  /** The groups of a convolution. They matter only if it is transposed. Default 1. */
  readonly groups?: number | undefined
  /** conv: 'channels-first' for a kernel of PyTorch, the default; 'channels-last' for one of Keras or tfjs. */
  readonly layout?: Layout | undefined
}

export interface Runs {
  /** How many output channels the weight has. */
  readonly outputs: number
  /** The output channel that an element of the weight belongs to. */
  readonly outputOf: (index: number) => number
}

/** Throws if the options contradict the weight's shape or each other. */
export function runsOf(shape: readonly number[], options: FoldOptions): Runs {
  const { kind, transpose = false, groups = 1, layout = 'channels-first' } = options
  checkChoice(WHO, 'kind', kind, ['linear', 'conv'])
  checkBoolean(WHO, 'transpose', transpose)
  checkCount(WHO, 'groups', groups)
  checkLayout(WHO, layout)
  if (kind === 'linear') checkLinear(shape, options)
  else
    checkRank(shape, shape.length >= 3, 'conv', 'a kernel of rank 3 or more, as in [out, in, height, width]')
  const last = kind === 'conv' && layout === 'channels-last'
  if (last && transpose && groups !== 1) {
    fail(
      'EVENKEEL_OPTION',
      WHO,
      `groups must be 1 for a transposed channels-last kernel, got ${groups}`,
      'fold each group on its own',
    )
  }
  if (kind === 'conv' && transpose && !last) return groupedRuns(shape, groups)
  const axis = last ? shape.length - (transpose ? 2 : 1) : transpose ? 1 : 0
  const outputs = shape[axis]
  const stride = sizeOf(shape.slice(axis + 1))
  if (outputs % groups !== 0) indivisible('output', outputs, groups)
  return { outputs, outputOf: (index) => Math.floor(index / stride) % outputs }
}

/** For a weight of [in, out / groups, ...k]. The input channel determines the group. */
function groupedRuns(shape: readonly number[], groups: number): Runs {
  const [inputs, perGroup] = shape
  if (inputs % groups !== 0) indivisible('input', inputs, groups)
  const stride = sizeOf(shape.slice(2))
  const inputsPerGroup = inputs / groups
  const outputOf = (index: number) => {
    const row = Math.floor(index / stride)
    const group = Math.floor(row / perGroup / inputsPerGroup)
    return group * perGroup + (row % perGroup)
  }
  return { outputs: perGroup * groups, outputOf }
}

function indivisible(which: string, channels: number, groups: number): never {
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `${which} channels (${channels}) must be divisible by groups (${groups})`,
    "pass the convolution's own groups",
  )
}

function checkLinear(shape: readonly number[], { layout, groups }: FoldOptions): void {
  checkRank(
    shape,
    shape.length === 2,
    'linear',
    'a weight of rank 2, [out, in] or, with transpose: true, [in, out]',
  )
  const stray = layout !== undefined ? 'layout' : groups !== undefined ? 'groups' : null
  if (stray === null) return
  fail(
    'EVENKEEL_OPTION',
    WHO,
    `${stray} means nothing for kind 'linear'`,
    'leave it out; transpose: true is for a weight of [in, out]',
  )
}

function checkRank(shape: readonly number[], fits: boolean, kind: string, wanted: string): void {
  if (fits) return
  fail(
    'EVENKEEL_SHAPE',
    WHO,
    `kind '${kind}' needs ${wanted}, got ${formatShape(shape)}`,
    'reshape the weight, or change kind',
  )
}
