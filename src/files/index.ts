export type { ElementType, ResultType } from '../data/element-types.js'
export { type NewFile, type OpenOptions, openReader, openWriter } from './open.js'
export type { Format, Reader } from './reader.js'
export type { Writer } from './writer.js'
