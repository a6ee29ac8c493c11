import { join } from 'node:path'
import type { BenchCase } from '../cases.js'
import { readFloats } from '../data.js'
import type { Prepare } from '../protocol.js'
import { type OnnxNode, onnxModel } from './onnx-model.js'
import { nanosecondsSince, type Prepared, serve } from './serve.js'

// onnxruntime-node: forward only. Input and output arrays are made once, as evenkeel's with `out` are.

/** What this worker uses of the package, which is no dependency: its binaries are large. */
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { intraOpNumThreads: number; interOpNumThreads: number },
    ): Promise<Session>
  }
}
interface OrtTensor {
  readonly data: Float32Array
}
interface Session {
  run(
    feeds: Record<string, OrtTensor>,
    fetches: Record<string, OrtTensor>,
  ): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
}

// Not a literal, so that the compiler does not look for its types.
const PACKAGE = 'onnxruntime-node'
let sessions: Session[] = []

function nodeOf({ bench, eps, inputs }: Prepare): OnnxNode | string {
  const { layer, layout, shape, op, groups } = bench
  if (op === 'backward') return 'it has no gradients'
  if (layout === 'channels-last') return 'its operators know channels first only'
  const read = (...names: string[]) => names.map((name) => ({ name, values: readFloats(join(inputs, name)) }))
  const common = { shape, attributes: { epsilon: eps }, integers: [] }
  const affine = { ...common, initializers: read('weight', 'bias') }
  switch (layer) {
    case 'LayerNorm':
      return { ...affine, opType: 'LayerNormalization', opset: 17 }
    case 'RMSNorm':
      return { ...common, opType: 'RMSNormalization', opset: 23, initializers: read('weight') }
    case 'InstanceNorm':
      return { ...affine, opType: 'InstanceNormalization', opset: 17 }
    case 'GroupNorm': {
      const attributes = { epsilon: eps, num_groups: groups }
      return { ...affine, opType: 'GroupNormalization', opset: 21, attributes, integers: ['num_groups'] }
    }
    case 'BatchNorm':
      return batchNode(op, { ...common, initializers: read('weight', 'bias', 'mean', 'variance') })
  }
}

function batchNode(op: BenchCase['op'], node: Omit<OnnxNode, 'opType' | 'opset'>): OnnxNode {
  const inference: OnnxNode = { ...node, opType: 'BatchNormalization', opset: 15 }
  if (op === 'inference') return inference
  return {
    ...inference,
    attributes: { ...node.attributes, training_mode: 1 },
    integers: ['training_mode'],
    moreOutputs: ['running_mean', 'running_var'],
  }
}

await serve(async () => {
  const runtime = (await import(PACKAGE)) as OnnxRuntime
  const { version } = (await import(`${PACKAGE}/package.json`, { with: { type: 'json' } })).default
  const prepare = async (request: Prepare): Promise<Prepared | string> => {
    const node = nodeOf(request)
    if (typeof node === 'string') return node
    const { bench, threads, inputs } = request
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1 }
    const session = await runtime.InferenceSession.create(onnxModel(node), options)
    sessions.push(session)
    const x = readFloats(join(inputs, 'x'))
    const feeds = { x: new runtime.Tensor('float32', x, bench.shape) }
    const fetches = { y: new runtime.Tensor('float32', new Float32Array(x.length), bench.shape) }
    return {
      once: async () => ({ y: (await session.run(feeds, fetches)).y.data }),
      async time(iterations) {
        const start = performance.now()
        for (let i = 0; i < iterations; i++) await session.run(feeds, fetches)
        return [nanosecondsSince(start) / iterations]
      },
    }
  }
  return {
    version: `onnxruntime-node ${version}`,
    prepare,
    release() {
      for (const session of sessions) void session.release()
      sessions = []
    },
  }
})
