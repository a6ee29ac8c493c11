import {
  BatchNorm,
  batchNorm,
  type Context,
  foldBatchNorm,
  GroupNorm,
  gradients,
  groupNorm,
  InstanceNorm,
  instanceNorm,
  LayerNorm,
  layerNorm,
  Moments,
  mergeMoments,
  moments,
  normalize,
  RMSNorm,
  recommend,
  rmsNorm,
  type Tensor,
  type Workspace,
  workspace,
} from '../../src/index.js'

// Every option may be undefined where a program's own options are. Compiled, not run, by ../types.test.ts.

interface Mine {
  eps: number | undefined
  weight: boolean | undefined
  bias: boolean | undefined
  affine: boolean | undefined
  dtype: 'float32' | undefined
  workspace: Workspace | undefined
}

export function layers(mine: Mine, layout: 'channels-last' | undefined, average: 'cumulative' | undefined) {
  const running = { runningAverage: average, runningVariance: undefined }
  return [
    new BatchNorm(8, { ...mine, ...running, layout, convention: undefined }),
    new LayerNorm(8, { ...mine, axis: undefined, runningAverage: average }),
    new GroupNorm(2, 8, { ...mine, layout }),
    new InstanceNorm(8, { ...mine, ...running, layout }),
    new RMSNorm(8, mine),
  ]
}

export function statistics(x: Tensor, layout: 'channels-last' | undefined, eps: number | undefined) {
  const all = moments(x, { layout, eps, groups: undefined, normalizedShape: undefined, about: undefined })
  const read: Moments = Moments.fromJSON(all.toJSON())
  const merged = mergeMoments(all, read, { shape: all.shape, count: [1], mean: [0], m2: [0] })
  return normalize(x, merged, { layout, eps, weight: undefined, bias: null, out: undefined }).y
}

export function calls(norm: BatchNorm, x: Tensor, out: Tensor | undefined, context: Context | undefined) {
  const workspace: Workspace | undefined = undefined
  norm.loadStateDict(norm.stateDict(), { prefix: undefined })
  return [norm.forward(x, { out, workspace }), norm.backward(x, { out, workspace, context })]
}

export function forms(
  x: Tensor,
  weight: Float32Array | undefined,
  out: Tensor | undefined,
  eps: number | undefined,
) {
  const workspace: Workspace | undefined = undefined
  const common = { weight, bias: weight, eps, out, workspace }
  const layout: 'channels-last' | undefined = undefined
  const forward = [
    batchNorm(x, { ...common, layout, statistics: undefined }),
    layerNorm(x, { ...common, normalizedShape: 8 }),
    groupNorm(x, { ...common, groups: 2, layout }),
    instanceNorm(x, { ...common, layout }),
    rmsNorm(x, { ...common, normalizedShape: 8 }),
  ]
  return forward.map(({ context }) =>
    gradients(context, x, { out, workspace, dweight: weight, dbias: weight }),
  )
}

export function others(norm: BatchNorm, x: Tensor) {
  const folded = { kind: 'conv', transpose: undefined, groups: undefined, layout: undefined } as const
  const asked = { kind: 'conv', batchSize: 2, channels: 8, spatial: undefined, layout: undefined } as const
  return [
    foldBatchNorm(x, undefined, norm, folded),
    recommend({ ...asked, task: undefined, prefer: undefined }).create(),
    workspace({ check: undefined }),
  ]
}
