import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  BatchNorm,
  type FloatArray,
  GroupNorm,
  InstanceNorm,
  type Layer,
  LayerNorm,
  type Parameter,
  RMSNorm,
  type Tensor,
  tensor,
} from '../../src/index.js'

// What the compiler knows of a layer: the arrays of its dtype, and which parameters it has. `npm run check` compiles this;
// run, it holds the types to what is there.

const x = tensor(Float32Array.of(1, 2, 3, 4), [1, 4])
const options: { dtype?: 'float32' | 'float64'; bias?: boolean } = {}

describe('types of layers', () => {
  it('results have the arrays of the dtype', () => {
    const y = new LayerNorm(4).forward(x)
    expectTypeOf(y).toEqualTypeOf<Tensor<Float32Array>>()
    const data: Float32Array = y.data
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0)
    const wide = new LayerNorm(4, { dtype: 'float64' })
    expectTypeOf(wide.forward(tensor(Float64Array.of(1, 2, 3, 4), [1, 4])).data).toEqualTypeOf<Float64Array>()
    expectTypeOf(wide.weight.grad.data).toEqualTypeOf<Float64Array>()
    expectTypeOf(new BatchNorm(4).runningMean).toEqualTypeOf<Tensor<Float32Array> | null>()
    expectTypeOf(new LayerNorm(4, options).forward(x).data).toEqualTypeOf<FloatArray>()
  })

  it('parameters are null only where the options leave them out', () => {
    const rows = [
      [new LayerNorm(4), true, true],
      [new LayerNorm(4, { bias: false }), true, false],
      [new BatchNorm(4, { affine: false }), false, false],
      [new GroupNorm(2, 4, { affine: true, weight: false }), false, true],
      [new InstanceNorm(4), false, false],
      [new InstanceNorm(4, { affine: true }), true, true],
      [new RMSNorm(4), true, false],
      [new RMSNorm(4, { bias: true }), true, true],
    ] as const
    for (const [layer, weight, bias] of rows) {
      expect([layer.weight !== null, layer.bias !== null]).toEqual([weight, bias])
    }
    type P = Parameter<Float32Array>
    expectTypeOf(rows[0][0].weight).toEqualTypeOf<P>()
    expectTypeOf(rows[0][0].bias).toEqualTypeOf<P>()
    expectTypeOf(rows[1][0].bias).toEqualTypeOf<null>()
    expectTypeOf(rows[2][0].weight).toEqualTypeOf<null>()
    expectTypeOf(rows[3][0].weight).toEqualTypeOf<null>()
    expectTypeOf(rows[3][0].bias).toEqualTypeOf<P>()
    expectTypeOf(rows[4][0].weight).toEqualTypeOf<null>()
    expectTypeOf(rows[5][0].bias).toEqualTypeOf<P>()
    expectTypeOf(rows[6][0].weight).toEqualTypeOf<P>()
    expectTypeOf(rows[6][0].bias).toEqualTypeOf<null>()
    expectTypeOf(rows[7][0].bias).toEqualTypeOf<P>()
    expectTypeOf(new LayerNorm(4, options).bias).toEqualTypeOf<Parameter<FloatArray> | null>()
  })

  it('every layer is a Layer, and its own class whatever its options', () => {
    const layers: Layer[] = [
      new LayerNorm(4, { dtype: 'float64' }),
      new RMSNorm(4),
      new BatchNorm(4, { bias: false }),
    ]
    const norm: BatchNorm = new BatchNorm(4, { dtype: 'float64', affine: false })
    expect(layers).toHaveLength(3)
    expect(norm).toBeInstanceOf(BatchNorm)
    class Mine extends LayerNorm {
      readonly twice = 2 * this.normalizedShape[0]
    }
    expect(new Mine(4).twice).toBe(8)
    expectTypeOf(new Mine(4).weight).toExtend<Parameter | null>()
  })

  it('unknown options do not compile', () => {
    // @ts-expect-error: it is eps
    expect(() => new LayerNorm(4, { epsilon: 1e-5 })).toThrow(/try eps/)
    // @ts-expect-error: a known one beside it makes no difference
    expect(() => new BatchNorm(4, { eps: 1e-5, momentum: 0.1 })).toThrow(/momentum/)
    // @ts-expect-error: not a dtype
    expect(() => new GroupNorm(2, 4, { dtype: 'float16' })).toThrow(/float32/)
  })
})
