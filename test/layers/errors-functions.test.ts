import { describe, expect, test } from 'vitest'
import { batchNorm, gradients, groupNorm, instanceNorm, layerNorm, rmsNorm, tensor } from '../../src/index.js'
import { type BadCall, expectError, f32, wrong } from './support.js'

const x = f32(3, 4, 2)
const weight = new Float32Array(4)
const FUNCTIONS: readonly BadCall[] = [
  {
    title: 'tensor: a length that is not the product',
    call: () => tensor(new Float32Array(5), [2, 3]),
    code: 'EVENKEEL_BUFFER',
    message:
      'tensor: input of shape [2, 3] needs 6 elements, got 5; pass data.subarray(...) of that length, or mend the shape.',
  },
  {
    title: 'batchNorm: a weight of another length',
    call: () => batchNorm(x, { weight: new Float32Array(3) }),
    code: 'EVENKEEL_BUFFER',
    message: 'batchNorm: weight needs 4 elements, got 3; give one for each channel.',
  },
  {
    title: 'layerNorm: a bias of the channels',
    call: () => layerNorm(x, { normalizedShape: [4, 2], bias: new Float32Array(4) }),
    code: 'EVENKEEL_BUFFER',
    message: 'layerNorm: bias needs 8 elements, got 4; give one for each normalized element.',
  },
  {
    title: 'batchNorm: a weight of another dtype',
    call: () => batchNorm(x, { weight: new Float64Array(4) }),
    code: 'EVENKEEL_DTYPE',
    message:
      'batchNorm: weight must be float32 as the input is, got float64; convert it: Float32Array.from(...).',
  },
  {
    title: 'batchNorm: a tensor as weight',
    call: () => batchNorm(x, { weight: wrong(f32(4)) }),
    code: 'EVENKEEL_DTYPE',
    message:
      'batchNorm: weight must be a Float32Array, got a tensor of [4], 4 elements; pass the bare array, as in weight: parameter.data.',
  },
  {
    title: 'batchNorm: statistics of another length',
    call: () => batchNorm(x, { statistics: { mean: new Float32Array(4), variance: new Float32Array(2) } }),
    code: 'EVENKEEL_BUFFER',
    message:
      'batchNorm: statistics.variance must be a Float32Array or Float64Array of 4, got Float32Array of 2; give one value per channel.',
  },
  {
    title: 'batchNorm: a negative variance',
    call: () => batchNorm(x, { statistics: { mean: weight, variance: Float32Array.of(1, 1, -2, 1) } }),
    code: 'EVENKEEL_STATISTICS',
    message:
      'batchNorm: statistics.variance must be 0 or more, got -2 in channel 2; pass variances, as in running_var, not standard deviations or logarithms.',
  },
  {
    title: 'batchNorm: momentum',
    call: () => batchNorm(x, wrong({ momentum: 0.1 })),
    code: 'EVENKEEL_OPTION',
    message:
      'batchNorm: there is no option momentum: PyTorch means by it the weight of the new batch, Keras the opposite, the weight of the old average; leave it out: no running average is kept here.',
  },
  {
    title: 'groupNorm: no groups',
    call: () => groupNorm(x, wrong({})),
    code: 'EVENKEEL_OPTION',
    message: 'groupNorm: groups must be a whole number from 1 up, got undefined; try groups: 1.',
  },
  {
    title: 'layerNorm: no normalizedShape',
    call: () => layerNorm(x, wrong({})),
    code: 'EVENKEEL_OPTION',
    message:
      'layerNorm: normalizedShape must be an array of whole numbers from 1 up, got undefined; give the extents to normalize over, as in [768].',
  },
  {
    title: 'layerNorm: no options',
    call: () => layerNorm(x, wrong(undefined)),
    code: 'EVENKEEL_OPTION',
    message:
      'layerNorm: options must be an object, got undefined; write { normalizedShape: ... }; the options are normalizedShape, weight, bias, eps, out.',
  },
  {
    title: 'rmsNorm: eps NaN',
    call: () => rmsNorm(x, { normalizedShape: 2, eps: Number.NaN }),
    code: 'EVENKEEL_OPTION',
    message: 'rmsNorm: eps must be a positive finite number, got NaN; try eps: 1e-5.',
  },
  {
    title: 'gradients: dweight where there was no weight',
    call: () => gradients(instanceNorm(x).context, x, { dweight: weight }),
    code: 'EVENKEEL_OPTION',
    message:
      'instanceNorm: dweight was given, but forward had no weight; leave dweight out, or pass weight to forward.',
  },
  {
    title: 'gradients: dweight of another length',
    call: () => gradients(batchNorm(x, { weight }).context, x, { dweight: new Float32Array(5) }),
    code: 'EVENKEEL_BUFFER',
    message: 'batchNorm: dweight needs 4 elements, got 5; give one for each channel.',
  },
  {
    title: 'gradients: one array for dweight and dbias',
    call: () => {
      const both = new Float32Array(4)
      gradients(batchNorm(x, { weight, bias: weight }).context, x, { dweight: both, dbias: both })
    },
    code: 'EVENKEEL_BUFFER',
    message: 'batchNorm: dweight overlaps dbias in one buffer; give dweight memory of its own.',
  },
  {
    title: 'gradients: dbias inside the input',
    call: () => {
      const { context } = batchNorm(x, { bias: weight })
      gradients(context, f32(3, 4, 2), { dbias: wrong(x.data.subarray(0, 4)) })
    },
    code: 'EVENKEEL_BUFFER',
    message: 'batchNorm: dbias overlaps input in one buffer; give dbias memory of its own.',
  },
  {
    title: 'gradients: an unknown option',
    call: () => gradients(batchNorm(x).context, x, wrong({ dx: x })),
    code: 'EVENKEEL_OPTION',
    message: 'batchNorm: there is no option dx; the options are out, dweight, dbias.',
  },
]

describe('functions', () => {
  test.each(FUNCTIONS)('$title', ({ call, code, message }) => {
    const before = x.data.slice()
    expectError(call, code, message)
    expect(x.data).toEqual(before)
  })
})
