import { Moments, moments, normalize } from '../moments.js'
import { checkOptions } from '../options.js'
import { type FloatArray, readTensor, type Tensor } from '../tensor.js'
import { NO_EPS } from './scale.js'

/**
 * Scales each row to a Euclidean norm of 1: y = x / sqrt(sum of x^2), over the last dimension, as scikit-learn's
 * Normalizer. A row of zeroes stays 0.
 *
 * @param x [..., features].
 * @param options out: where y is written, a tensor of x's shape, which can be x. Default: a new tensor.
 * @returns y, of x's shape and type.
 * @throws EvenkeelError on shapes, types or options that do not fit.
 */
export function l2Normalize<T extends FloatArray>(
  x: Tensor<T>,
  options: { readonly out?: Tensor<T> | undefined } = {},
): Tensor<T> {
  const who = 'l2Normalize'
  checkOptions(who, options, ['out'])
  const input = readTensor<T>(who, x)
  const normalizedShape = input.shape.slice(-1)
  const sums = moments(input, { normalizedShape, about: 'zero', eps: NO_EPS })
  // The sum of squares takes the place of the variance. A row of zeroes is divided by 1.
  const by = new Moments({
    shape: sums.shape,
    about: 'zero',
    count: new Float64Array(sums.slots).fill(1),
    mean: sums.mean,
    m2: sums.m2.map((sum) => (sum === 0 ? 1 : sum)),
  })
  return normalize(input, by, { eps: NO_EPS, out: options.out }).y
}
