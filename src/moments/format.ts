import { describe, fail } from '../errors.js'
import { numbersOf, textsOf } from '../json-numbers.js'
import { checkChoice } from '../options.js'
import { typedArrayKind } from '../tensor.js'
import { ABOUTS, type About, type MomentsFields, type MomentsShape, SCOPES } from './shape.js'

// The two formats of Moments: bytes and JSON. Both keep each number exactly.

// The bytes are little-endian on all machines:
//   4 bytes   'EKMO'
//   uint32    version
//   uint32    scope, an index into SCOPES
//   uint32    about, an index into ABOUTS
//   uint32    the number of extents
//   uint32    the number of slots
//   float64   the extents: [channels], [channels, groups] or the normalized shape
//   float64   count, mean, m2: [slots] each
const MAGIC = 'EKMO'
const VERSION = 1
const HEADER_BYTES = 24
const NUMBER_BYTES = 8
const WHO = 'fromBytes'

export function encodeBytes({ shape, about, count, mean, m2 }: MomentsFields): Uint8Array {
  const extents = extentsOf(shape)
  const numbers = [extents, count, mean, m2]
  const length = numbers.reduce((sum, list) => sum + list.length, 0)
  const bytes = new Uint8Array(HEADER_BYTES + length * NUMBER_BYTES)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i)
  const header = [VERSION, SCOPES.indexOf(shape.scope), ABOUTS.indexOf(about), extents.length, count.length]
  for (const [i, value] of header.entries()) view.setUint32(MAGIC.length + 4 * i, value, true)
  let at = HEADER_BYTES
  for (const list of numbers) {
    for (const value of list) {
      view.setFloat64(at, value, true)
      at += NUMBER_BYTES
    }
  }
  return bytes
}

/** Reads the bytes of Moments. Throws if they are not that. The constructor of Moments checks the numbers. */
export function decodeBytes(bytes: unknown): MomentsFields {
  if (typedArrayKind(bytes) !== 'Uint8Array')
    refuseBytes(`needs a Uint8Array, got ${describe(bytes)}`, 'pass what toBytes() returned')
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array
  const view = new DataView(buffer, byteOffset, byteLength)
  const magic = String.fromCharCode(...(bytes as Uint8Array).subarray(0, MAGIC.length))
  if (magic !== MAGIC || byteLength < HEADER_BYTES)
    refuseBytes(`these ${byteLength} bytes are no Moments`, 'pass what toBytes() returned, whole')
  const [version, scope, about, rank, slots] = [0, 1, 2, 3, 4].map((i) => view.getUint32(4 + 4 * i, true))
  if (version !== VERSION)
    refuseBytes(
      `these bytes are of version ${version}, this is ${VERSION}`,
      'read them with the evenkeel that wrote them, or a newer one',
    )
  const ranks = { channel: rank === 1, group: rank === 2, row: rank >= 1 }
  if (!ranks[SCOPES[scope]] || ABOUTS[about] === undefined)
    refuseBytes('the header of these bytes is of no Moments', 'pass what toBytes() returned, as it came')
  const expected = HEADER_BYTES + (rank + 3 * slots) * NUMBER_BYTES
  if (byteLength !== expected)
    refuseBytes(
      `Moments of ${slots} slots have ${expected} bytes, got ${byteLength}`,
      'pass what toBytes() returned, whole',
    )
  let at = HEADER_BYTES
  const take = (length: number) => {
    const list = new Float64Array(length)
    for (let i = 0; i < length; i++, at += NUMBER_BYTES) list[i] = view.getFloat64(at, true)
    return list
  }
  const shape = shapeOf(SCOPES[scope], Array.from(take(rank)))
  return { shape, about: ABOUTS[about], count: take(slots), mean: take(slots), m2: take(slots) }
}

function refuseBytes(problem: string, remedy: string): never {
  fail('EVENKEEL_BUFFER', WHO, problem, remedy)
}

/** Moments as JSON. NaN, Infinity and -0 are strings, because JSON does not have these numbers. */
export interface MomentsJSON {
  readonly format: 'evenkeel.Moments'
  readonly version: 1
  readonly shape: MomentsShape
  readonly about: About
  readonly count: readonly (number | string)[]
  readonly mean: readonly (number | string)[]
  readonly m2: readonly (number | string)[]
}

const FORMAT = 'evenkeel.Moments'

export function encodeJSON({ shape, about, count, mean, m2 }: MomentsFields): MomentsJSON {
  return {
    format: FORMAT,
    version: VERSION,
    shape,
    about,
    count: textsOf(count),
    mean: textsOf(mean),
    m2: textsOf(m2),
  }
}

/** Reads the JSON of Moments. Throws if the value is not that. */
export function decodeJSON(json: unknown): MomentsFields {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Partial<MomentsJSON>
  if (fields.format !== FORMAT) {
    fail(
      'EVENKEEL_OPTION',
      'fromJSON',
      `needs what toJSON() returns, got ${describe(json)}`,
      typeof json === 'string' ? 'pass JSON.parse(text)' : 'pass the value, read back by JSON.parse()',
    )
  }
  if (fields.version !== VERSION) {
    fail(
      'EVENKEEL_OPTION',
      'fromJSON',
      `this is of version ${describe(fields.version)}, known is ${VERSION}`,
      'read it with the evenkeel that wrote it, or a newer one',
    )
  }
  const { shape, about } = fields as MomentsJSON
  checkChoice('fromJSON', 'about', about, ABOUTS)
  return {
    shape,
    about,
    count: numbersOf('fromJSON', 'count', fields.count),
    mean: numbersOf('fromJSON', 'mean', fields.mean),
    m2: numbersOf('fromJSON', 'm2', fields.m2),
  }
}

function extentsOf(shape: MomentsShape): readonly number[] {
  if (shape.scope === 'row') return shape.normalizedShape
  return shape.scope === 'group' ? [shape.channels, shape.groups] : [shape.channels]
}

function shapeOf(scope: MomentsShape['scope'], extents: readonly number[]): MomentsShape {
  if (scope === 'row') return { scope, normalizedShape: extents }
  const [channels, groups] = extents
  return scope === 'group' ? { scope, channels, groups } : { scope, channels }
}
