import { describe, expect, it } from 'vitest'
import { BatchNorm, gradients, LayerNorm, layerNorm, RMSNorm, rmsNorm } from '../../src/index.js'
import { type FloatArray, sizeOf, type Tensor } from '../../src/tensor.js'
import { expectClose, expectError, randomArray, randomTensor } from './support.js'

// A norm along the middle of [outer, length, inner] is one over the last dimension of [outer, inner, length].

interface Row {
  readonly shape: readonly number[]
  readonly axis: number
  readonly normalizedShape: readonly number[]
}

const ROWS: readonly Row[] = [
  { shape: [2, 5, 3], axis: 1, normalizedShape: [5] },
  { shape: [2, 96, 7, 7], axis: 1, normalizedShape: [96] },
  { shape: [3, 8, 4, 2], axis: -3, normalizedShape: [8] },
  { shape: [4, 33, 70], axis: 1, normalizedShape: [33] },
  { shape: [6, 40], axis: 0, normalizedShape: [6] },
  { shape: [2, 3, 4, 5], axis: 1, normalizedShape: [3, 4] },
  { shape: [2, 3, 1], axis: 1, normalizedShape: [3] },
  { shape: [2, 3], axis: -1, normalizedShape: [3] },
  { shape: [2, 1, 4], axis: 1, normalizedShape: [1] },
]

/** The extents around the normalized dimensions. */
function extentsOf({ shape, axis, normalizedShape }: Row) {
  const first = axis < 0 ? shape.length + axis : axis
  const inner = sizeOf(shape.slice(first + normalizedShape.length))
  return { outer: sizeOf(shape.slice(0, first)), length: sizeOf(normalizedShape), inner }
}

/** [outer, rows, columns] as [outer, columns, rows]. */
function transposed(data: FloatArray, rows: number, columns: number): FloatArray {
  const result = data.slice()
  const block = rows * columns
  for (let i = 0; i < data.length; i++) {
    const at = i % block
    result[i - at + (at % columns) * rows + Math.floor(at / columns)] = data[i]
  }
  return result
}

describe.each(ROWS)('a norm of $shape from axis $axis on', (row) => {
  const { shape, axis, normalizedShape } = row
  const { outer, length, inner } = extentsOf(row)
  const x = randomTensor(shape)
  const dy = randomTensor(shape, 'float64', 'dy')
  const weight = randomArray(length, 'float64', 'w')
  const bias = randomArray(length, 'float64', 'b')
  const asRows = ({ data }: Tensor) => ({
    data: transposed(data, length, inner),
    shape: [outer, inner, length],
  })
  const back = ({ data }: Tensor) => transposed(data, inner, length)

  it.each([
    ['layerNorm', layerNorm],
    ['rmsNorm', rmsNorm],
  ])('%s is the one over the last dimension of the transpose', (_, norm) => {
    const here = norm(x, { normalizedShape, axis, weight, bias })
    const there = norm(asRows(x), { normalizedShape: length, weight, bias })
    expectClose(here.y.data, back(there.y))
    expect(here.context.mean.length).toBe(outer * inner)
    const gradient = gradients(here.context, dy)
    const expected = gradients(there.context, asRows(dy))
    expectClose(gradient.dx.data, back(expected.dx))
    expectClose(gradient.dweight!, expected.dweight!)
    expectClose(gradient.dbias!, expected.dbias!)
  })

  it('needs neither weight nor bias', () => {
    const here = layerNorm(x, { normalizedShape, axis })
    const there = layerNorm(asRows(x), { normalizedShape: length })
    expectClose(here.y.data, back(there.y))
    expectClose(gradients(here.context, dy).dx.data, back(gradients(there.context, asRows(dy)).dx))
  })

  it('gives the same bits in place, and asynchronously', async () => {
    const layer = new LayerNorm(normalizedShape, { axis, dtype: 'float64' })
    layer.weight.data.set(weight)
    const y = layer.forward(x)
    const dx = layer.backward(dy)
    const grad = layer.weight.grad.data.slice()
    layer.zeroGrad()
    expect((await layer.forwardAsync(x)).data).toEqual(y.data)
    expect((await layer.backwardAsync(dy)).data).toEqual(dx.data)
    expect(layer.weight.grad.data).toEqual(grad)
    layer.forward(x)
    const overDy = { data: dy.data.slice(), shape }
    expect(layer.backward(overDy, { out: overDy }).data).toEqual(dx.data)
    const overX = { data: x.data.slice(), shape }
    layer.forward(overX)
    expect(layer.backward(dy, { out: overX }).data).toEqual(dx.data)
    const copy = { data: x.data.slice(), shape }
    expect(layer.forward(copy, { out: copy }).data).toEqual(y.data)
  })
})

describe('axis', () => {
  it('keeps a running average of all positions', () => {
    const layer = new LayerNorm(4, { axis: 1, runningAverage: { newWeight: 1 }, dtype: 'float64' })
    const x = randomTensor([3, 4, 5])
    layer.forward(x)
    const { mean, variance } = layer.context!
    const average = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    expectClose(layer.runningMean!.data, [average(mean)])
    expectClose(layer.runningVariance!.data, [average(variance)])
    layer.eval()
    const rstd = 1 / Math.sqrt(average(variance) + layer.eps)
    expectClose(
      layer.forward(x).data,
      x.data.map((value) => (value - average(mean)) * rstd),
    )
    const dx = layer.backward(randomTensor([3, 4, 5], 'float64', 'dy'))
    expectClose(
      dx.data,
      randomTensor([3, 4, 5], 'float64', 'dy').data.map((value) => value * rstd),
    )
  })

  it('needs no memory for the numbers in the shape of an empty input', () => {
    const extent = 2 ** 40
    const empty = { data: new Float32Array(0), shape: [0, extent, 2] }
    const { y, context } = layerNorm(empty, { normalizedShape: extent, axis: 1 })
    expect(y).toEqual(empty)
    expect(gradients(context, empty).dx).toEqual(empty)
  })

  it.each(['input', 'out', 'dy'] as const)('keeps the memory of %s while a call runs', async (name) => {
    const layer = new LayerNorm(32, { axis: 1 })
    const shape = [8, 32, 64]
    const [x, dy] = [randomTensor(shape, 'float32'), randomTensor(shape, 'float32', 'dy')]
    const expected = layer.forward(x).data.slice()
    const expectedDx = layer.backward(dy).data.slice()
    const out = { data: new Float32Array(x.data.length), shape }
    const input = { data: x.data.slice(), shape }
    const taken = { data: dy.data.slice(), shape }
    const forward = layer.forwardAsync(input, name === 'out' ? { out } : {})
    if (name === 'input') structuredClone(input, { transfer: [input.data.buffer as ArrayBuffer] })
    if (name === 'out') structuredClone(out, { transfer: [out.data.buffer as ArrayBuffer] })
    const y = await forward
    if (name !== 'out') expect(y.data).toEqual(expected)
    if (name === 'input') return
    const backward = layer.backwardAsync(taken)
    if (name === 'dy') structuredClone(taken, { transfer: [taken.data.buffer as ArrayBuffer] })
    expect((await backward).data).toEqual(expectedDx)
  })

  it('is a property that tells where the normalized dimensions begin', () => {
    expect(new LayerNorm(4).axis).toBe(-1)
    expect(new RMSNorm([3, 4]).axis).toBe(-2)
    expect(new LayerNorm(4, { axis: 1 }).axis).toBe(1)
  })

  it.each([[[0, 4, 5]], [[2, 4, 0]], [[0, 4, 0]]])('takes no elements: %j', (shape) => {
    const layer = new LayerNorm(4, { axis: 1 })
    const empty = { data: new Float32Array(0), shape }
    expect(layer.forward(empty)).toEqual(empty)
    expect(layer.backward(empty)).toEqual(empty)
    expect([...layer.weight.grad.data]).toEqual([0, 0, 0, 0])
  })

  it.each([
    [
      () => new LayerNorm(4, { axis: 1.5 }),
      'EVENKEEL_OPTION',
      'LayerNorm: axis must be a whole number, got 1.5; give the index of the first normalized dimension, as in axis: 1 for the channels of [N, C, H, W].',
    ],
    [
      () => new RMSNorm(4, { axis: [1] as never }),
      'EVENKEEL_OPTION',
      /^RMSNorm: axis must be a whole number/,
    ],
    [
      () => new LayerNorm(4, { axis: 1 }).forward(randomTensor([2, 3, 4], 'float32')),
      'EVENKEEL_SHAPE',
      'LayerNorm: input must have normalizedShape [4] from axis 1 on, got [2, 3, 4]; give axis as the index of the first normalized dimension, from 0, or from -1 for the last.',
    ],
    [
      () => layerNorm(randomTensor([4]), { normalizedShape: 4, axis: -2 }),
      'EVENKEEL_SHAPE',
      /from axis -2 on/,
    ],
    [() => layerNorm(randomTensor([4]), { normalizedShape: 4, axis: 1 }), 'EVENKEEL_SHAPE', /from axis 1 on/],
    [
      () => new LayerNorm(4, { dataFormat: 'channels_first' } as never),
      'EVENKEEL_OPTION',
      /there is no option dataFormat; try axis/,
    ],
    [() => new BatchNorm(4, { axis: 1 } as never), 'EVENKEEL_OPTION', /there is no option axis; try layout/],
    [
      () => layerNorm(randomTensor([2, 4, 3]), { normalizedShape: 4, axis: 1, weight: new Float64Array(3) }),
      'EVENKEEL_BUFFER',
      'layerNorm: weight needs 4 elements, got 3; give one for each normalized element.',
    ],
  ])('%s throws', (call, code, message) => expectError(call, code, message))
})
