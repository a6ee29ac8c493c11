import { describe, fail } from '../errors.js'
import { sizeOf } from '../tensor.js'
import { ELEMENT_TYPES, type ElementType, STORAGES } from './element-types.js'
import { isShape } from './is-shape.js'

// NumPy's files (numpy.lib.format):
//   6 bytes       '\x93NUMPY'
//   2 bytes       the version: 1, 2 or 3, and 0
//   uint16        the length of the header, little-endian; uint32 from version 2 on
//   header        a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//   data

export interface NpyHeader {
  readonly type: ElementType
  readonly bigEndian: boolean
  readonly shape: readonly number[]
  /** The first byte of the data. */
  readonly begin: number
}

const MAGIC = [0x93, ...'NUMPY'].map((each) => (typeof each === 'string' ? each.charCodeAt(0) : each))
/** The bytes before the header, with a length of 4 bytes. */
export const NPY_PREFIX_BYTES = 12
/** The header of an array of numbers is never longer. NumPy refuses longer ones, too. */
const MOST_HEADER_BYTES = 10_000
/** Data begin at a multiple of this. */
const ALIGNMENT = 64

function refuse(who: string, problem: string, remedy = 'write the file again with numpy.save()'): never {
  fail('EVENKEEL_BUFFER', who, `this is no npy file that can be read: ${problem}`, remedy)
}

function isNpy(first: Uint8Array): boolean {
  return MAGIC.every((byte, i) => first[i] === byte)
}

/** The place of the header, from the first NPY_PREFIX_BYTES bytes. */
export function npyHeaderPlace(who: string, first: Uint8Array): { begin: number; end: number } {
  if (!isNpy(first) || first.length < NPY_PREFIX_BYTES) refuse(who, 'it does not begin as one')
  const [major, minor] = first.subarray(MAGIC.length)
  if (major < 1 || major > 3 || minor !== 0) refuse(who, `version ${major}.${minor} is not known`)
  const at = MAGIC.length + 2
  const view = new DataView(first.buffer, first.byteOffset)
  const [begin, length] =
    major === 1 ? [at + 2, view.getUint16(at, true)] : [at + 4, view.getUint32(at, true)]
  if (length > MOST_HEADER_BYTES) refuse(who, `its header has ${length} bytes`)
  return { begin, end: begin + length }
}

const DICT = /^\{(.*)\}\s*$/s
const ENTRY = /^\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([\d\s,L]*)\)|([^,]*))\s*(?:,|$)/s

/** Reads a header, and checks it against the size of the file. Null: the size is not known. */
export function parseNpyHeader(
  who: string,
  header: Uint8Array,
  begin: number,
  fileBytes: number | null,
): NpyHeader {
  const fields = dictOf(who, new TextDecoder('latin1').decode(header))
  const { descr, fortran_order: fortran, shape: extents } = fields
  const shape = Array.isArray(extents) ? extents : refuse(who, `its shape is ${describe(extents)}`)
  if (!isShape(shape)) refuse(who, `its shape is ${describe(shape)}`)
  if (typeof fortran !== 'boolean') refuse(who, `fortran_order is ${describe(fortran)}`)
  if (fortran && shape.length > 1)
    refuse(who, 'its elements are in Fortran order', 'save numpy.ascontiguousarray(x)')
  const order = typeof descr === 'string' ? descr[0] : undefined
  const type = ELEMENT_TYPES.find(
    (each) => STORAGES[each].npy !== null && STORAGES[each].npy === String(descr).slice(1),
  )
  if (type === undefined || order === undefined || !'<>|='.includes(order))
    refuse(who, `its type is ${describe(descr)}`, "save numbers, as in x.astype('float32')")
  const dataBytes = sizeOf(shape) * STORAGES[type].bytes
  if (fileBytes !== null && fileBytes < begin + dataBytes)
    refuse(who, `it is cut off: it needs ${begin + dataBytes} bytes and has ${fileBytes}`)
  return { type, bigEndian: order === '>', shape, begin }
}

/** The entries of a Python dict of texts, booleans and tuples of numbers. */
function dictOf(who: string, text: string): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null)
  let rest = DICT.exec(text)?.[1] ?? refuse(who, 'its header is no dict')
  while (rest.trim() !== '') {
    const entry = ENTRY.exec(rest)
    if (entry === null) refuse(who, `its header has ${describe(rest.trim())}`)
    const [all, , name, , string, boolean, tuple, other] = entry
    if (name in fields) refuse(who, `its header has ${name} twice`)
    fields[name] =
      string ?? (boolean === undefined ? (tuple === undefined ? other : tupleOf(tuple)) : boolean === 'True')
    rest = rest.slice(all.length)
  }
  return fields
}

function tupleOf(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim().replace(/L$/, ''))
  if (parts.at(-1) === '') parts.pop()
  return parts.map((part) => (part === '' ? Number.NaN : Number(part)))
}

/** Room for a header with any number of rows, so that it can be written before the rows are counted. */
const LEAST_BYTES = 128

/** The beginning of a file with an array of this type and shape, up to the data. */
export function encodeNpyHeader(type: ElementType, shape: readonly number[]): Uint8Array {
  const order = STORAGES[type].bytes === 1 ? '|' : '<'
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dict = `{'descr': '${order}${STORAGES[type].npy}', 'fortran_order': False, 'shape': ${tuple}, }`
  const prefix = MAGIC.length + 4
  const needed = Math.max(LEAST_BYTES, prefix + dict.length + 1)
  const length = Math.ceil(needed / ALIGNMENT) * ALIGNMENT - prefix
  const bytes = new Uint8Array(prefix + length).fill(' '.charCodeAt(0))
  bytes.set(MAGIC)
  bytes.set([1, 0], MAGIC.length)
  new DataView(bytes.buffer).setUint16(MAGIC.length + 2, length, true)
  bytes.set(new TextEncoder().encode(dict), prefix)
  bytes[bytes.length - 1] = '\n'.charCodeAt(0)
  return bytes
}
