/**
 * Readers and writers for files of any size, in chunks of rows.
 *
 * @module evenkeel/files
 */
export type { ElementType, ResultType } from '../data/element-types.js'
export { type OpenOptions, openReader, openWriter } from './open.js'
export type { Format, Reader } from './reader.js'
export type { NewFile, Writer } from './writer.js'
