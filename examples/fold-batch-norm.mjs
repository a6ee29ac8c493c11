// For inference, fold a BatchNorm into the convolution before it. The norm then costs nothing.
import { BatchNorm, foldBatchNorm, tensor } from 'evenkeel'

const [SAMPLES, IN, OUT, SIZE, KERNEL] = [4, 3, 8, 12, 3]
const numbers = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed))
const space = SIZE - KERNEL + 1

/** x: [SAMPLES, IN, SIZE, SIZE], weight: [OUT, IN, KERNEL, KERNEL], y: [SAMPLES, OUT, space, space]. */
function convolution(x, weight, bias) {
  const y = new Float32Array(SAMPLES * OUT * space * space)
  for (let i = 0; i < y.length; i++) {
    const [column, row] = [i % space, Math.floor(i / space) % space]
    const [o, n] = [Math.floor(i / space ** 2) % OUT, Math.floor(i / (space ** 2 * OUT))]
    let sum = bias[o]
    for (let c = 0; c < IN; c++)
      for (let r = 0; r < KERNEL; r++)
        for (let k = 0; k < KERNEL; k++)
          sum +=
            weight[((o * IN + c) * KERNEL + r) * KERNEL + k] *
            x[((n * IN + c) * SIZE + row + r) * SIZE + column + k]
    y[i] = sum
  }
  return y
}

const x = numbers(SAMPLES * IN * SIZE * SIZE, 0)
const weight = tensor(numbers(OUT * IN * KERNEL * KERNEL, 1), [OUT, IN, KERNEL, KERNEL])
const h = tensor(convolution(x, weight.data, new Float32Array(OUT)), [SAMPLES, OUT, space, space])

const norm = new BatchNorm(OUT)
norm.weight.data.set(numbers(OUT, 2))
norm.bias.data.set(numbers(OUT, 3))
for (let step = 0; step < 20; step++) norm.forward(h) // training: the running averages come to be those of h
norm.eval()

const folded = foldBatchNorm(weight, null, norm, { kind: 'conv' })
const [apart, together] = [norm.forward(h).data, convolution(x, folded.weight.data, folded.bias.data)]
const difference = apart.reduce((most, value, i) => Math.max(most, Math.abs(value - together[i])), 0)
console.log(`largest difference of ${apart.length} outputs: ${difference.toExponential(1)}`)
console.log(`rounding weight and bias changes an output by at most ${folded.maxAbsError.toExponential(1)}`)
