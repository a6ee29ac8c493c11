import { join } from 'node:path'
import type { CallOptions, Layer, Tensor } from '../../../src/index.js'
import { elementsOf, hasBias } from '../cases.js'
import { readFloats } from '../data.js'
import { commitOf } from '../machine.js'
import type { Prepare } from '../protocol.js'
import type { Outputs } from '../truth.js'
import { loadEvenkeel, newLayer } from './layers.js'
import { limit } from './limit.js'
import { type Prepared, serve, timeCalls } from './serve.js'
import { inWorkspace } from './workspace.js'

// evenkeel through its public door, as built in the checkout that the first argument names. "The limit" lives in this
// process too, so that its copies run on the very arrays that evenkeel works on.

const [, , checkout] = process.argv
const evenkeel = await loadEvenkeel(checkout)

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
  const layer = newLayer(evenkeel, bench, eps)
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

/** The call that a contender times, by where its results go; a string where this build has no such call. */
function callOf(
  contender: string,
  call: (options?: CallOptions) => Tensor,
  out: Tensor,
): (() => Tensor) | string {
  if (contender.endsWith('-allocating')) return () => call()
  if (contender.endsWith('-workspace')) return inWorkspace(evenkeel, call)
  return () => call({ out })
}

function prepare(request: Prepare): Prepared | string {
  const { bench, contender, threads } = request
  const { x, dy, y, dx } = sceneOf(request)
  if (contender === 'limit') {
    return limit(bench.op === 'backward' ? { a: dy, b: x, to: dx } : { a: x, b: null, to: y }, threads)
  }
  evenkeel.setThreads(threads)
  const layer = loadedLayer(request)
  if (bench.op !== 'backward') {
    const call = callOf(contender, (options) => layer.forward(x, options), y)
    if (typeof call === 'string') return call
    return { once: () => ({ y: call().data as Float32Array }), time: (count) => timeCalls(call, count) }
  }
  layer.forward(x, { out: y })
  const call = callOf(contender, (options) => layer.backward(dy, options), dx)
  if (typeof call === 'string') return call
  const once = () => {
    layer.zeroGrad()
    const gradient = call().data
    const [dweight, dbias] = layer.parameters().map(({ grad }) => grad.data)
    return { dx: gradient, dweight, dbias } as Outputs
  }
  return { once, time: (count) => timeCalls(call, count) }
}

await serve(() => {
  const { version, isa, threading } = evenkeel.info()
  if (isa === null && process.env.EVENKEEL_BACKEND !== 'portable') {
    throw new Error(`${checkout} has no native build that loads here: run 'npm run build:native' there`)
  }
  return {
    // A baseline may be older than the choice.
    version: `evenkeel ${version} ${isa ?? 'portable'}${threading === 'openmp' ? ', OpenMP' : ''}, commit ${commitOf(checkout)}`,
    prepare,
    release() {
      scene = null
    },
  }
})
