export type { ElementType, ResultType } from '../data/element-types.js'
export { type OpenOptions, openReader } from './open.js'
export type { Format, Reader } from './reader.js'
export type { Writer } from './writer.js'
