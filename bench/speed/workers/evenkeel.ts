import { join } from 'node:path'
import type { Layer, Tensor } from '../../../src/index.js'
import { elementsOf, hasBias } from '../cases.js'
import { readFloats } from '../data.js'
import type { Prepare } from '../protocol.js'
import type { Outputs } from '../truth.js'
import { evenkeel, newLayer } from './layers.js'
import { limit } from './limit.js'
import { type Prepared, serve, timeCalls } from './serve.js'

// evenkeel through its public door, as built in dist/: with `out`, and allocating. "The limit" lives in this process
// too, so that its copies run on the very arrays that evenkeel works on.

/** The arrays of a case, shared by the contenders of this process. */
interface Scene {
  readonly key: string
  readonly x: Tensor
  readonly dy: Tensor
  readonly y: Tensor
  readonly dx: Tensor
}

let scene: Scene | null = null

function sceneOf({ bench: { name, shape, op }, inputs }: Prepare): Scene {
  if (scene?.key === name) return scene
  const read = (file: string) => evenkeel.tensor(readFloats(join(inputs, file)), shape)
  const empty = () => evenkeel.tensor(new Float32Array(elementsOf({ shape })), shape)
  const x = read('x')
  // Forward has one pair of arrays, so that large cases fit.
  scene =
    op === 'backward'
      ? { key: name, x, dy: read('dy'), y: empty(), dx: empty() }
      : { key: name, x, dy: x, y: empty(), dx: x }
  return scene
}

/** The layer with the case's parameters, and with its statistics where the case infers. */
function loadedLayer({ bench, eps, inputs }: Prepare): Layer {
  const layer = newLayer(bench, eps)
  const read = (name: string) => {
    const data = readFloats(join(inputs, name))
    return { data, shape: [data.length] }
  }
  const state = layer.stateDict()
  state.weight = read('weight')
  if (hasBias(bench)) state.bias = read('bias')
  if (bench.op === 'inference') {
    state.running_mean = read('mean')
    state.running_var = read('variance')
    layer.eval()
  }
  return layer.loadStateDict(state)
}

function prepare(request: Prepare): Prepared {
  const { bench, contender, threads } = request
  const arrays = sceneOf(request)
  const { x, dy, y, dx } = arrays
  if (contender === 'limit') {
    return limit(bench.op === 'backward' ? { a: dy, b: x, to: dx } : { a: x, b: null, to: y }, threads)
  }
  evenkeel.setThreads(threads)
  const layer = loadedLayer(request)
  const allocating = contender === 'evenkeel-allocating'
  if (bench.op !== 'backward') {
    const call = allocating ? () => layer.forward(x) : () => layer.forward(x, { out: y })
    return { once: () => ({ y: call().data as Float32Array }), time: (count) => timeCalls(call, count) }
  }
  layer.forward(x, { out: y })
  const call = allocating ? () => layer.backward(dy) : () => layer.backward(dy, { out: dx })
  const once = () => {
    layer.zeroGrad()
    const gradient = call().data
    const [dweight, dbias] = layer.parameters().map(({ grad }) => grad.data)
    return { dx: gradient, dweight, dbias } as Outputs
  }
  return { once, time: (count) => timeCalls(call, count) }
}

const { version, isa } = evenkeel.info()
await serve(() => ({
  version: `evenkeel ${version} ${isa ?? 'portable'}`,
  prepare,
  release() {
    scene = null
  },
}))
