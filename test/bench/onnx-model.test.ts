import { expect, it } from 'vitest'
import { onnxModel } from '../../bench/speed/workers/onnx-model.js'

// Read back by the rules of protobuf's wire format, independent of the encoder. Field numbers: onnx.proto.

interface Field {
  readonly number: number
  readonly value: number | Uint8Array
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = tag >> 3
    const wire = tag & 7
    if (wire === 0) fields.push({ number, value: varint() })
    else {
      const length = wire === 5 ? 4 : varint()
      fields.push({ number, value: bytes.subarray(at, at + length) })
      at += length
    }
  }
  return fields
}

const all = (bytes: Uint8Array, ...path: number[]): Field['value'][] =>
  path.reduce<Field['value'][]>(
    (values, number) =>
      values.flatMap((value) =>
        fieldsOf(value as Uint8Array)
          .filter((field) => field.number === number)
          .map((field) => field.value),
      ),
    [bytes],
  )
const text = (value: Field['value']) => new TextDecoder().decode(value as Uint8Array)

const model = onnxModel({
  opType: 'GroupNormalization',
  opset: 21,
  shape: [8, 256, 300],
  attributes: { epsilon: 1e-5, num_groups: 32 },
  integers: ['num_groups'],
  initializers: [{ name: 'weight', values: Float32Array.of(1, -2, 0.5) }],
  moreOutputs: ['running_mean'],
})

it('writes one node between x and y', () => {
  const [node] = all(model, 7, 1) as Uint8Array[]
  expect(all(node, 1).map(text)).toEqual(['x', 'weight'])
  expect(all(node, 2).map(text)).toEqual(['y', 'running_mean'])
  expect(all(node, 4).map(text)).toEqual(['GroupNormalization'])
  expect(all(model, 8, 2)).toEqual([21])
})

it('writes whole and float attributes', () => {
  expect(all(model, 7, 1, 5, 1).map(text)).toEqual(['epsilon', 'num_groups'])
  const [epsilon] = all(model, 7, 1, 5, 2) as Uint8Array[]
  expect(new Float32Array(epsilon.slice().buffer)[0]).toBe(Math.fround(1e-5))
  expect(all(model, 7, 1, 5, 3)).toEqual([32])
})

it('writes shapes with extents beyond one byte, and raw float data', () => {
  expect(all(model, 7, 11, 2, 1, 2, 1, 1)).toEqual([8, 256, 300])
  expect(all(model, 7, 12, 1).map(text)).toEqual(['y'])
  expect(all(model, 7, 5, 1)).toEqual([3])
  const [raw] = all(model, 7, 5, 9) as Uint8Array[]
  expect([...new Float32Array(raw.slice().buffer)]).toEqual([1, -2, 0.5])
})
