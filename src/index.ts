/**
 * The norms, as layers and as functions, and statistics as a value.
 *
 * @module evenkeel
 */
export type { Backend } from './backend/backend.js'
export { backends, type Info, info, type Threading } from './backend/select.js'
export type { Statistics } from './engine/buffers.js'
export type { Context } from './engine/call.js'
export type { Layout, Plan } from './engine/plan.js'
export { type ErrorCode, EvenkeelError } from './errors.js'
export { type FoldableNorm, type FoldedLayer, foldBatchNorm } from './fold-batch-norm.js'
export type { FoldOptions } from './fold-layout.js'
export {
  type BatchNormFunctionalOptions,
  batchNorm,
  type ChannelsFunctionalOptions,
  type FunctionalOptions,
  type GradientOptions,
  type Gradients,
  type GroupNormFunctionalOptions,
  gradients,
  groupNorm,
  instanceNorm,
  layerNorm,
  type Normalized,
  type RowsFunctionalOptions,
  rmsNorm,
} from './functional.js'
export { BatchNorm, type BatchNormOptions } from './layers/batch-norm.js'
export { GroupNorm, type GroupNormOptions } from './layers/group-norm.js'
export { InstanceNorm, type InstanceNormOptions } from './layers/instance-norm.js'
export type { Layer } from './layers/layer-interface.js'
export { LayerNorm, type LayerNormOptions } from './layers/layer-norm.js'
export type { CallOptions, LayerOptions } from './layers/layer-options.js'
export type { Parameter } from './layers/parameter.js'
export { RMSNorm, type RMSNormOptions } from './layers/rms-norm.js'
export type { RunningAverage, RunningVariance } from './layers/running-statistics.js'
export type { LoadableDict, LoadOptions, StateDict, StateTensor } from './layers/state-dict.js'
export {
  type About,
  Moments,
  type MomentsInit,
  type MomentsJSON,
  type MomentsOptions,
  type MomentsShape,
  mergeMoments,
  moments,
  type NormalizeOptions,
  normalize,
} from './moments.js'
export { type Recommendation, type RecommendOptions, recommend } from './recommend.js'
export { type DType, type FloatArray, type Tensor, tensor } from './tensor.js'
export { setThreads, type ThreadsOptions } from './threads.js'
export { type Workspace, type WorkspaceOptions, workspace } from './workspace.js'
