import { bytesOf } from '../data.js'

// A model of one node, as ONNX files hold it: protobuf, written by hand, since five messages need no library. Field
// numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

/** One operator with inputs x and initializers, and one output y of x's shape. */
export interface OnnxNode {
  readonly opType: string
  /** Of the default domain. */
  readonly opset: number
  readonly shape: readonly number[]
  /** Whole numbers become INT attributes where `integer` lists them, FLOAT otherwise. */
  readonly attributes: Readonly<Record<string, number>>
  readonly integers: readonly string[]
  /** Inputs after x, in order. */
  readonly initializers: readonly { readonly name: string; readonly values: Float32Array }[]
  /** Outputs that the operator must have after y; nothing reads them. */
  readonly moreOutputs?: readonly string[]
}

/** The version of the format that opset 23 came with; older operators are the same under it. */
const IR_VERSION = 11
const FLOAT = 1
const ATTRIBUTE_FLOAT = 1
const ATTRIBUTE_INT = 2

const VARINT = 0
const BYTES = 2
const FIXED32 = 5

type Bytes = readonly number[] | Uint8Array

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest]
}

const tag = (field: number, wire: number) => varint(field * 8 + wire)
const integer = (field: number, value: number): Bytes => [...tag(field, VARINT), ...varint(value)]
const text = (field: number, value: string): Bytes => message(field, new TextEncoder().encode(value))

function float(field: number, value: number): Bytes {
  return [...tag(field, FIXED32), ...bytesOf(Float32Array.of(value))]
}

/** A message, string or bytes: its length before it. */
function message(field: number, ...parts: readonly Bytes[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return concat([...tag(field, BYTES), ...varint(length)], ...parts)
}

function concat(...parts: readonly Bytes[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** ValueInfoProto: a name, and a TypeProto of a float tensor of this shape. */
function valueInfo(field: number, name: string, shape: readonly number[]): Uint8Array {
  const dimensions = shape.map((extent) => message(1, integer(1, extent)))
  const tensorType = message(1, integer(1, FLOAT), message(2, ...dimensions))
  return message(field, text(1, name), message(2, tensorType))
}

function attribute(name: string, value: number, isInteger: boolean): Uint8Array {
  const payload = isInteger
    ? [integer(3, value), integer(20, ATTRIBUTE_INT)]
    : [float(2, value), integer(20, ATTRIBUTE_FLOAT)]
  return message(5, text(1, name), ...payload)
}

/** The bytes of a ModelProto. */
export function onnxModel(node: OnnxNode): Uint8Array {
  const { opType, opset, shape, attributes, integers, initializers, moreOutputs = [] } = node
  const nodeProto = message(
    1,
    ...['x', ...initializers.map(({ name }) => name)].map((name) => text(1, name)),
    ...['y', ...moreOutputs].map((name) => text(2, name)),
    text(4, opType),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value, integers.includes(name))),
  )
  const tensors = initializers.map(({ name, values }) =>
    message(5, integer(1, values.length), integer(2, FLOAT), text(8, name), message(9, bytesOf(values))),
  )
  const graph = message(
    7,
    nodeProto,
    text(2, 'norm'),
    ...tensors,
    valueInfo(11, 'x', shape),
    valueInfo(12, 'y', shape),
  )
  const opsetImport = message(8, text(1, ''), integer(2, opset))
  return concat(integer(1, IR_VERSION), text(2, 'evenkeel bench'), graph, opsetImport)
}
