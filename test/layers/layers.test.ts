import { describe, expect, test } from 'vitest'
import {
  BatchNorm,
  batchNorm,
  type DType,
  GroupNorm,
  gradients,
  groupNorm,
  InstanceNorm,
  instanceNorm,
  type Layer,
  LayerNorm,
  layerNorm,
  type Normalized,
  RMSNorm,
  rmsNorm,
  type Tensor,
} from '../../src/index.js'
import { expectClose, expectError, randomTensor } from './support.js'

interface Row {
  readonly title: string
  readonly shape: readonly number[]
  readonly make: (dtype: DType) => Layer
  /** The functional form of the same, with the layer's parameters. */
  readonly form: (x: Tensor, layer: Layer) => Normalized
}

const parametersOf = ({ weight, bias }: Layer) => ({ weight: weight?.data, bias: bias?.data })

const ROWS: readonly Row[] = [
  {
    title: 'BatchNorm',
    shape: [3, 4, 5],
    make: (dtype) => new BatchNorm(4, { dtype }),
    form: (x, layer) => batchNorm(x, parametersOf(layer)),
  },
  {
    title: 'BatchNorm without bias, channels-last',
    shape: [3, 5, 4],
    make: (dtype) => new BatchNorm(4, { dtype, bias: false, layout: 'channels-last', eps: 0.1 }),
    form: (x, layer) => batchNorm(x, { ...parametersOf(layer), layout: 'channels-last', eps: 0.1 }),
  },
  {
    title: 'LayerNorm',
    shape: [2, 3, 4],
    make: (dtype) => new LayerNorm([3, 4], { dtype }),
    form: (x, layer) => layerNorm(x, { ...parametersOf(layer), normalizedShape: [3, 4] }),
  },
  {
    title: 'LayerNorm without weight',
    shape: [5, 4],
    make: (dtype) => new LayerNorm(4, { dtype, weight: false, eps: 0.1 }),
    form: (x, layer) => layerNorm(x, { ...parametersOf(layer), normalizedShape: 4, eps: 0.1 }),
  },
  {
    title: 'GroupNorm',
    shape: [2, 6, 4],
    make: (dtype) => new GroupNorm(3, 6, { dtype }),
    form: (x, layer) => groupNorm(x, { ...parametersOf(layer), groups: 3 }),
  },
  {
    title: 'InstanceNorm',
    shape: [2, 3, 4],
    make: (dtype) => new InstanceNorm(3, { dtype }),
    form: (x) => instanceNorm(x),
  },
  {
    title: 'InstanceNorm, affine',
    shape: [2, 3, 4],
    make: (dtype) => new InstanceNorm(3, { dtype, affine: true }),
    form: (x, layer) => instanceNorm(x, parametersOf(layer)),
  },
  {
    title: 'RMSNorm with bias',
    shape: [3, 4],
    make: (dtype) => new RMSNorm(4, { dtype, bias: true }),
    form: (x, layer) => rmsNorm(x, { ...parametersOf(layer), normalizedShape: 4 }),
  },
]

function prepared({ make, shape }: Row, dtype: DType = 'float64') {
  const layer = make(dtype)
  for (const [i, { data }] of layer.parameters().entries()) {
    data.set(randomTensor([data.length], dtype, `parameter ${i}`).data)
  }
  return { layer, x: randomTensor(shape, dtype), dy: randomTensor(shape, dtype, 'dy') }
}

describe.each(ROWS)('$title', (row) => {
  test.each(['float32', 'float64'] as const)(
    'is its functional form, forward and backward, in %s',
    (dtype) => {
      const { layer, x, dy } = prepared(row, dtype)
      const form = row.form(x, layer)
      const y = layer.forward(x)
      expect(y).toEqual(form.y)
      const dx = layer.backward(dy)
      const expected = gradients(form.context, dy)
      expect(dx).toEqual(expected.dx)
      expect(layer.weight?.grad.data ?? null).toEqual(expected.dweight)
      expect(layer.bias?.grad.data ?? null).toEqual(expected.dbias)
    },
  )

  test('backward adds to the gradients; zeroGrad clears them', () => {
    const { layer, x, dy } = prepared(row)
    layer.forward(x)
    layer.backward(dy)
    const once = layer.parameters().map(({ grad }) => grad.data.slice())
    layer.backward(dy)
    layer.parameters().forEach(({ grad }, i) => {
      expectClose(
        grad.data,
        once[i].map((value) => 2 * value),
      )
    })
    layer.zeroGrad()
    for (const { grad } of layer.parameters()) expect(grad.data.every((value) => value === 0)).toBe(true)
  })

  test('out: the array given, the same bits; dx may replace dy', () => {
    const { layer, x, dy } = prepared(row)
    const y = layer.forward(x)
    const out = { data: new Float64Array(x.data.length), shape: row.shape }
    expect(layer.forward(x, { out })).toBe(out)
    expect(out.data).toEqual(y.data)
    const dx = layer.backward(dy)
    expect(layer.backward(dy, { out: dy })).toBe(dy)
    expect(dy.data).toEqual(dx.data)
  })

  test('in place: the same bits, and backward says why it cannot', () => {
    const { layer, x, dy } = prepared(row)
    const y = layer.forward({ data: x.data.slice(), shape: x.shape })
    layer.forward(x, { out: x })
    expect(x.data).toEqual(y.data)
    const message =
      ': the gradient needs the input, which was overwritten: forward ran in place (out was the input), or an earlier gradient was written over it, or a later forward that failed; run forward again without out, or with out apart from the input.'
    expectError(() => layer.backward(dy), 'EVENKEEL_STATE', layer.constructor.name + message)
  })

  test('backward before forward, and after its dx replaced x, is refused', () => {
    const { layer, x, dy } = prepared(row)
    expectError(
      () => layer.backward(dy),
      'EVENKEEL_STATE',
      `${layer.constructor.name}: backward() came before any forward(); run forward() first; backward() gives the gradient of the last one.`,
    )
    layer.forward(x)
    layer.backward(dy, { out: x })
    expectError(() => layer.backward(dy), 'EVENKEEL_STATE', /was overwritten/)
  })

  test('shapes, modes and arrays may change from call to call', () => {
    const { layer, x } = prepared(row)
    const wider = randomTensor([row.shape[0] + 3, ...row.shape.slice(1)], 'float64', 'wider')
    for (const input of [x, wider, x, x, wider]) {
      expect(layer.forward(input)).toEqual(row.form(input, layer).y)
      const context = row.form(input, layer).context
      expect(layer.backward(input).data).toEqual(gradients(context, input).dx.data)
    }
    const inTraining = layer.forward(x)
    layer.eval().forward(x)
    expect(layer.training).toBe(false)
    expect(layer.train().forward(x)).toEqual(inTraining)
    expect(layer.training).toBe(true)
  })

  test('views with an offset and shared memory are used as they are', () => {
    const { layer, x } = prepared(row)
    const expected = layer.forward(x).data
    const length = x.data.length
    const shared = new Float64Array(new SharedArrayBuffer(8 * (length + 3)) as unknown as ArrayBuffer)
    const view = shared.subarray(3)
    view.set(x.data)
    const out = { data: new Float64Array(length + 1).subarray(1), shape: row.shape }
    expect(layer.forward({ data: view, shape: row.shape }, { out }).data).toEqual(expected)
  })

  test('input and out may lie side by side in one buffer', () => {
    const { layer, x } = prepared(row)
    const expected = layer.forward(x).data
    const length = x.data.length
    const memory = new Float64Array(2 * length)
    const [left, right] = [memory.subarray(0, length), memory.subarray(length)]
    left.set(x.data)
    layer.forward({ data: left, shape: row.shape }, { out: { data: right, shape: row.shape } })
    expect(right).toEqual(expected)
    expect(left).toEqual(x.data)
  })

  test('y is a tensor of its own: changing its shape does not reach the layer', () => {
    const { layer, x } = prepared(row)
    const y = layer.forward(x)
    ;(y.shape as number[]).push(7)
    expect(layer.forward(x).shape).toEqual(row.shape)
  })
})

describe('eval mode', () => {
  test('BatchNorm is frozen, in the gradient too: dx = dy * weight / sqrt(running variance + eps)', () => {
    const norm = new BatchNorm(2, { dtype: 'float64', eps: 1 })
    norm.loadStateDict({
      ...norm.stateDict(),
      weight: { data: Float64Array.of(6, 10), shape: [2] },
      running_mean: { data: Float64Array.of(1, 2), shape: [2] },
      running_var: { data: Float64Array.of(3, 24), shape: [2] },
    })
    const x = { data: Float64Array.of(3, 7), shape: [1, 2] }
    norm.eval()
    expect([...norm.forward(x).data]).toEqual([6, 10])
    expect([...norm.backward({ data: Float64Array.of(1, 2), shape: [1, 2] }).data]).toEqual([3, 4])
    expect([...norm.weight!.grad.data]).toEqual([1, 2])
    expect([...norm.bias!.grad.data]).toEqual([1, 2])
  })

  test('a batch of one value per channel is fine there, and refused in training', () => {
    const norm = new BatchNorm(2)
    const one = randomTensor([1, 2], 'float32')
    expectError(
      () => norm.forward(one),
      'EVENKEEL_STATISTICS',
      /training needs more than one value per channel/,
    )
    expect(norm.eval().forward(one).shape).toEqual([1, 2])
    expect(norm.train().forward(randomTensor([1, 2, 3], 'float32')).shape).toEqual([1, 2, 3])
  })

  test('backward belongs to the mode of its forward', () => {
    const norm = new BatchNorm(4, { dtype: 'float64' })
    const x = randomTensor([3, 4, 5])
    const { context } = batchNorm(x)
    norm.forward(x)
    norm.eval()
    expect(norm.backward(x).data).toEqual(gradients(context, x).dx.data)
  })
})

describe('parameters', () => {
  test.each([
    { layer: new BatchNorm(2), has: [true, true] },
    { layer: new BatchNorm(2, { affine: false }), has: [false, false] },
    { layer: new GroupNorm(1, 2, { affine: true, bias: false }), has: [true, false] },
    { layer: new LayerNorm(2, { weight: false }), has: [false, true] },
    { layer: new InstanceNorm(2), has: [false, false] },
    { layer: new InstanceNorm(2, { affine: true }), has: [true, true] },
    { layer: new InstanceNorm(2, { weight: true }), has: [true, false] },
    { layer: new RMSNorm(2), has: [true, false] },
    { layer: new RMSNorm(2, { affine: true }), has: [true, false] },
    { layer: new RMSNorm(2, { bias: true }), has: [true, true] },
  ])('weight and bias: $has', ({ layer, has }) => {
    expect([layer.weight !== null, layer.bias !== null]).toEqual(has)
    expect(layer.parameters().length).toBe(has.filter(Boolean).length)
  })

  test('training by them: gradient descent brings the output where it should be', () => {
    const norm = new BatchNorm(1, { dtype: 'float64' })
    const x = randomTensor([32, 1])
    for (let step = 0; step < 200; step++) {
      const { data } = norm.forward(x)
      // The loss is the mean of (y - 3)^2 / 2: weight goes to 0, bias to 3.
      norm.backward({ data: data.map((y) => (y - 3) / 32) as Float64Array, shape: x.shape })
      for (const parameter of norm.parameters()) {
        parameter.data.forEach((value, i) => {
          parameter.data[i] = value - 0.2 * parameter.grad.data[i]
        })
      }
      norm.zeroGrad()
    }
    expectClose(norm.weight!.data, [0])
    expectClose(norm.bias!.data, [3])
  })

  test('a constant channel gives exactly the bias, at 1e8 too', () => {
    const norm = new BatchNorm(2)
    norm.bias!.data.set([0.25, -3])
    const y = norm.forward({ data: Float32Array.of(1e8, 7, 1e8, 7, 1e8, 7, 1e8, 7), shape: [4, 2] })
    expect([...y.data]).toEqual([0.25, -3, 0.25, -3, 0.25, -3, 0.25, -3])
  })
})
