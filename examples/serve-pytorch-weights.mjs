// Inference with weights from PyTorch: dense -> BatchNorm -> ReLU -> dense. pytorch-model.json was written in Python by
//   json.dump({k: v.tolist() for k, v in model.state_dict().items()}, file)
// of torch.nn.Sequential(Linear(4, 8, bias=False), BatchNorm1d(8), ReLU(), Linear(8, 3)).
import { readFile } from 'node:fs/promises'
import { BatchNorm, tensor } from 'evenkeel'

const state = JSON.parse(await readFile(new URL('pytorch-model.json', import.meta.url), 'utf8'))

// eps is not part of a state dict: give that of the Python model if it is not PyTorch's default.
const norm = new BatchNorm(8).loadStateDict(state, { prefix: '1' }).eval()

/** weight: [outputs][inputs], as PyTorch saves it. */
function dense(rows, weight, bias) {
  return rows.map((x) =>
    weight.map((w, o) => w.reduce((sum, value, i) => sum + value * x[i], bias?.[o] ?? 0)),
  )
}

function predict(rows) {
  const h = Float32Array.from(dense(rows, state['0.weight']).flat())
  const { data } = norm.forward(tensor(h, [rows.length, norm.channels]))
  const activated = rows.map((_, n) => {
    return Array.from(data.subarray(n * norm.channels, (n + 1) * norm.channels), (value) =>
      Math.max(0, value),
    )
  })
  return dense(activated, state['3.weight'], state['3.bias'])
}

const inputs = [
  [0.5, 10, 1, -2],
  [-1, 3, 1.1, 0],
]
for (const logits of predict(inputs)) console.log(JSON.stringify(logits))
