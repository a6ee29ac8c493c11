// A network that is trained by hand: dense -> BatchNorm -> ReLU -> dense. It learns which points lie in a disk.
import { BatchNorm, tensor } from 'evenkeel'

const [BATCH, HIDDEN, STEPS, RATE] = [128, 16, 1000, 0.1]
let seed = 1
function random() {
  seed = (seed * 48271) % 2147483647
  return seed / 2147483647
}
const update = (data, grad) => data.set(data.map((value, i) => value - RATE * grad[i]))

/** y = x W. It has no bias: the norm after it would remove one. */
function dense(inputs, outputs) {
  const weight = Float32Array.from({ length: inputs * outputs }, () => (2 * random() - 1) / Math.sqrt(inputs))
  const each = (visit) => {
    for (let n = 0; n < BATCH; n++)
      for (let i = 0; i < inputs; i++)
        for (let o = 0; o < outputs; o++) visit(n * inputs + i, i * outputs + o, n * outputs + o)
  }
  const forward = (x) => {
    const y = new Float32Array(BATCH * outputs)
    each((from, w, to) => (y[to] += x[from] * weight[w]))
    return y
  }
  const backward = (x, dy) => {
    const [dx, dweight] = [new Float32Array(x.length), new Float32Array(weight.length)]
    each((from, w, to) => (dx[from] += dy[to] * weight[w]))
    each((from, w, to) => (dweight[w] += dy[to] * x[from]))
    update(weight, dweight)
    return dx
  }
  return { forward, backward }
}

const [first, norm, last] = [dense(2, HIDDEN), new BatchNorm(HIDDEN), dense(HIDDEN, 1)]
const asBatch = (data) => tensor(data, [BATCH, HIDDEN])
const mean = (values) => values.reduce((a, b) => a + b) / BATCH
function predict() {
  const x = Float32Array.from({ length: 2 * BATCH }, () => 4 * random() - 2)
  const h = norm.forward(asBatch(first.forward(x))).data.map((value) => Math.max(0, value))
  const chances = last.forward(h).map((logit) => 1 / (1 + Math.exp(-logit)))
  return { x, h, chances, truth: chances.map((_, n) => +(Math.hypot(x[2 * n], x[2 * n + 1]) < 1.5)) }
}

for (let step = 0; step <= STEPS; step++) {
  const { x, h, chances, truth } = predict()
  const losses = chances.map((p, n) => -Math.log(truth[n] ? p : 1 - p))
  if (step % 200 === 0) console.log(`step ${step}: loss ${mean(losses).toFixed(3)}`)
  const dlogits = chances.map((p, n) => (p - truth[n]) / BATCH)
  const dh = last.backward(h, dlogits)
  first.backward(x, norm.backward(asBatch(dh.map((g, i) => (h[i] > 0 ? g : 0)))).data)
  for (const { data, grad } of norm.parameters()) update(data, grad.data)
  norm.zeroGrad()
}
norm.eval() // from here on by the running averages
const { chances, truth } = predict()
console.log(`new points: ${chances.filter((p, n) => Math.round(p) === truth[n]).length} of ${BATCH} right`)
