import { describe, fail } from '../errors.js'
import { dtypeOf, type FloatArray, newArray, sizeOf } from '../tensor.js'
import { bytesOf, ELEMENT_TYPES, type ElementType, STORAGES } from './element-types.js'
import { isShape } from './is-shape.js'

// Safetensors files (https://github.com/huggingface/safetensors):
//   uint64    the length of the header, little-endian
//   header    JSON: { name: { dtype, shape, data_offsets: [begin, end] }, __metadata__: { name: text } }
//   data      the tensors, side by side. Offsets count from here.

/** One tensor of a file. */
export interface SafetensorsEntry {
  readonly type: ElementType
  readonly shape: readonly number[]
  /** The bytes of the tensor, from the beginning of the file on. */
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>
  readonly metadata: Readonly<Record<string, string>>
}

/** The bytes before the header. */
export const SAFETENSORS_LENGTH_BYTES = 8
/** A longer header is refused, as by the library of the format. */
const MOST_HEADER_BYTES = 100_000_000
/** Data begin at a multiple of this, so that they can be viewed as float64. */
const ALIGNMENT = 8
const METADATA = '__metadata__'

function refuse(who: string, problem: string): never {
  fail('EVENKEEL_BUFFER', who, `this is no sound safetensors file: ${problem}`, 'write the file again')
}

/** The length of the header, from the first bytes of a file. Throws if the file cannot have such a header. */
export function safetensorsHeaderBytes(who: string, first: Uint8Array, fileBytes: number): number {
  if (first.length < SAFETENSORS_LENGTH_BYTES) refuse(who, `it has ${fileBytes} bytes`)
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true)
  const most = Math.min(MOST_HEADER_BYTES, fileBytes - SAFETENSORS_LENGTH_BYTES)
  if (length > BigInt(most))
    refuse(who, `a header of ${length} bytes does not fit into a file of ${fileBytes}`)
  return Number(length)
}

/** Reads a header. Throws unless the tensors lie side by side and fill the file. */
export function parseSafetensorsHeader(
  who: string,
  header: Uint8Array,
  fileBytes: number,
): SafetensorsHeader {
  const json = parse(who, header)
  const dataBegin = SAFETENSORS_LENGTH_BYTES + header.length
  const entries = new Map<string, SafetensorsEntry>()
  for (const [name, value] of Object.entries(json)) {
    if (name !== METADATA) entries.set(name, entryOf(who, name, value, dataBegin))
  }
  let at = dataBegin
  for (const { begin, end } of [...entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) refuse(who, `its tensors do not lie side by side at byte ${at}`)
    at = end
  }
  if (at !== fileBytes) refuse(who, `its tensors end at byte ${at}, and the file at ${fileBytes}`)
  return { entries, metadata: metadataOf(who, json[METADATA]) }
}

function parse(who: string, header: Uint8Array): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header))
  } catch {
    refuse(who, 'its header is no JSON')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse(who, 'its header is no object')
  return json as Record<string, unknown>
}

function entryOf(who: string, name: string, value: unknown, dataBegin: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>
  const type = ELEMENT_TYPES.find((each) => STORAGES[each].safetensors === dtype)
  if (type === undefined) refuse(who, `the type of ${describe(name)}, ${describe(dtype)}, is not known`)
  if (!isShape(shape)) refuse(who, `the shape of ${describe(name)} is ${describe(shape)}`)
  const [begin, end] = isShape(offsets) && offsets.length === 2 ? offsets : [-1, -1]
  if (begin < 0 || end - begin !== sizeOf(shape) * STORAGES[type].bytes)
    refuse(who, `the offsets of ${describe(name)} are ${describe(offsets)}`)
  return { type, shape, begin: dataBegin + begin, end: dataBegin + end }
}

function metadataOf(who: string, value: unknown): Record<string, string> {
  const entries = Object.entries(value ?? {})
  if (entries.some(([, text]) => typeof text !== 'string')) refuse(who, 'its metadata are no texts')
  return Object.fromEntries(entries)
}

/** The beginning of a file with these tensors, up to the data. */
export function encodeSafetensorsHeader(
  tensors: readonly { name: string; type: ElementType; shape: readonly number[] }[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = Object.create(null)
  if (metadata !== undefined) header[METADATA] = metadata
  let begin = 0
  for (const { name, type, shape } of tensors) {
    const end = begin + sizeOf(shape) * STORAGES[type].bytes
    header[name] = { dtype: STORAGES[type].safetensors, shape, data_offsets: [begin, end] }
    begin = end
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT
  const bytes = new Uint8Array(SAFETENSORS_LENGTH_BYTES + length).fill(' '.charCodeAt(0))
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(text, SAFETENSORS_LENGTH_BYTES)
  return bytes
}

/** A tensor in memory. */
export interface SafetensorsTensor {
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly data: FloatArray
}

/** A whole file. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: FloatArray }>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const list = Object.entries(tensors).map(([name, { shape, data }]) => ({
    name,
    type: dtypeOf(data),
    shape,
    data,
  }))
  const header = encodeSafetensorsHeader(list, metadata)
  const size = list.reduce((sum, { data }) => sum + data.byteLength, header.length)
  const bytes = new Uint8Array(size)
  bytes.set(header)
  let at = header.length
  for (const { data, type } of list) {
    bytes.set(bytesOf(data, type), at)
    at += data.byteLength
  }
  return bytes
}

/** Reads a whole file from memory. The numbers are copied. */
export function decodeSafetensors(
  who: string,
  bytes: Uint8Array,
): { tensors: ReadonlyMap<string, SafetensorsTensor>; metadata: Readonly<Record<string, string>> } {
  const length = safetensorsHeaderBytes(who, bytes, bytes.length)
  const header = bytes.subarray(SAFETENSORS_LENGTH_BYTES, SAFETENSORS_LENGTH_BYTES + length)
  const { entries, metadata } = parseSafetensorsHeader(who, header, bytes.length)
  const tensors = new Map<string, SafetensorsTensor>()
  for (const [name, { type, shape, begin, end }] of entries) {
    const data = newArray(STORAGES[type].dtype, sizeOf(shape))
    // A copy, because the bytes may begin at any place of their buffer. slice() of a Node Buffer makes none.
    STORAGES[type].read(new Uint8Array(bytes.subarray(begin, end)).buffer, 0, data)
    tensors.set(name, { type, shape, data })
  }
  return { tensors, metadata }
}
