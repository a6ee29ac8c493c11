// Stands in for a contender's worker, on LayerNorm forward. The argument says how it behaves: right, wrong, none, dies
// (when timed), slow (never answers when timed).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const [, , behaviour] = process.argv
const floats = (path) => new Float32Array(Uint8Array.from(readFileSync(path)).buffer)
const say = (reply) => console.log(JSON.stringify(reply))

function layerNorm({ bench, eps, inputs }) {
  const [x, weight, bias] = ['x', 'weight', 'bias'].map((name) => floats(join(inputs, name)))
  const length = bench.shape[1]
  return x.map((value, i) => {
    const first = i - (i % length)
    const row = x.subarray(first, first + length)
    const mean = row.reduce((sum, each) => sum + each, 0) / length
    const variance = row.reduce((sum, each) => sum + (each - mean) ** 2, 0) / length
    const c = i - first
    return ((value - mean) / Math.sqrt(variance + eps)) * weight[c] + bias[c]
  })
}

function answer(request) {
  if (request.do === 'release') return { version: behaviour }
  if (request.do === 'time') {
    if (behaviour === 'dies') {
      console.error('as asked')
      process.exit(3)
    }
    return behaviour === 'slow' ? null : { nanoseconds: [1e6] }
  }
  if (behaviour === 'none') return { none: 'it has none' }
  const y = layerNorm(request)
  if (behaviour === 'wrong') y[3] += 1
  writeFileSync(request.outputs, y)
  return { prepared: [''] }
}

say({ version: `fake ${behaviour}` })
for await (const line of createInterface({ input: process.stdin })) {
  const reply = answer(JSON.parse(line))
  if (reply !== null) say(reply)
}
