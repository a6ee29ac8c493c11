/**
 * Standardization of data: statistics of features, computed in parts and merged.
 *
 * @module evenkeel/data
 */
export type { NonFinite } from './chunk-statistics.js'
export type { FeatureStatistics } from './feature-statistics.js'
export { l2Normalize } from './l2-normalize.js'
export type { Preset } from './presets.js'
export { type PartialFitOptions, Standardizer, type TransformOptions } from './standardizer.js'
export type { StandardizerJSON } from './standardizer-format.js'
export type { StandardizerOptions } from './standardizer-options.js'
