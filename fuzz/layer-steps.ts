import type { Tensor } from '../src/index.js'
import type { Argument } from './argument.js'
import { callFor, type Makers, overInput, plainResult } from './call.js'
import { fill } from './memory.js'
import { type Mode, UNPREPARED } from './scenario.js'
import { shapeOf } from './shapes.js'
import type { Side } from './side.js'
import { changedDict } from './state-dicts.js'

/** The layer of the scenario, and its workspace. */
export const LAYER_STEPS: Makers<
  | 'forward'
  | 'backward'
  | 'context'
  | 'train'
  | 'zeroGrad'
  | 'stateDict'
  | 'loadStateDict'
  | 'release'
  | 'keep'
  | 'clear'
  | 'set weight'
  | 'construct'
> = {
  forward(side, { x: xSpec, out: outSpec, more, mode }) {
    const { layer, subject } = side
    const shape = shapeOf(subject, more)
    const x = side.input('x', xSpec, shape)
    const out = side.out(outSpec, x, shape, layer.weight?.data)
    const running = layer.training ? [layer.runningMean?.data, layer.runningVariance?.data] : []
    const options = out === null ? undefined : { out: out.tensor }
    return {
      ...callFor([x, out], [...running, out?.array], mode),
      run: made(side, mode, out, () =>
        mode === 'now' ? layer.forward(x.tensor, options) : layer.forwardAsync(x.tensor, options),
      ),
    }
  },
  backward(side, { dy: dySpec, out: outSpec, context: index, mode }) {
    const { layer } = side
    // One of so many contexts may be another's.
    const contexts = dySpec.seed % UNPREPARED === 0 ? side.contexts : side.ownContexts
    const context = index === null ? undefined : contexts[index % contexts.length]
    const shape = context?.plan.shape ?? shapeOf(side.subject)
    const dy = side.input('dy', dySpec, shape)
    const out = side.out(outSpec, overInput(context, outSpec.seed, dy), shape, layer.weight?.data)
    const gradients = layer.parameters().map(({ grad }) => grad.data)
    const options = { out: out?.tensor, context }
    return {
      ...callFor([dy, out], [...gradients, out?.array], mode),
      run: made(side, mode, out, () =>
        mode === 'now' ? layer.backward(dy.tensor, options) : layer.backwardAsync(dy.tensor, options),
      ),
    }
  },
  context: (side) => ({
    run: () => {
      const { context } = side.layer
      if (context === null || side.contexts.includes(context)) return
      side.addContext(context)
      side.ownContexts.push(context)
    },
  }),
  train: ({ layer }, { on }) => ({ run: () => void layer.train(on) }),
  zeroGrad: ({ layer }) => ({
    writes: layer.parameters().map(({ grad }) => grad.data),
    run: () => layer.zeroGrad(),
  }),
  stateDict: (side) => ({
    run: () => {
      const dict = side.layer.stateDict()
      for (const [name, { data }] of Object.entries(dict)) {
        if (!(data instanceof BigInt64Array)) side.memory.watch(`${name} of a state dict`, data)
      }
      side.dicts.push(dict)
    },
  }),
  loadStateDict({ layer, dicts }, { dict: index, change }) {
    const { weight, bias, runningMean, runningVariance } = layer
    const writes = [weight, bias, runningMean, runningVariance].map((each) => each?.data)
    const dict = dicts[index % dicts.length]
    if (dict === undefined) return { bad: true, run: () => layer.loadStateDict(null as never) }
    const [changed, bad] = changedDict(dict, change)
    return { writes, bad, run: () => void layer.loadStateDict(changed) }
  },
  // A workspace that checks detaches all that it takes back.
  release: (side) => ({
    writes: side.subject.workspace === 'checked' ? side.results.map(({ data }) => data) : [],
    run: () => side.release(),
  }),
  keep: (side, { result }) => ({
    run: () => void side.workspace.keep(side.results[result % side.results.length]),
  }),
  clear: (side) => ({ run: () => side.workspace.clear() }),
  'set weight'({ layer, subject }, { data }) {
    const arrays = layer.parameters().map((parameter) => parameter.data)
    return {
      writes: arrays,
      run: () => {
        for (const array of arrays) fill(array, data, subject.dtype)
      },
    }
  },
  construct: (side, { options, extents }) => ({
    run: () => {
      const Norm = side.library.evenkeel[side.subject.norm] as new (...args: unknown[]) => unknown
      void new Norm(...extents, options)
    },
  }),
}

/** Makes a layer's call, and remembers its result. */
function made(
  side: Side,
  mode: Mode,
  out: Argument | null,
  call: () => Tensor | Promise<Tensor>,
): () => unknown {
  const done = (result: Tensor) => {
    side.addResult(plainResult(result, out))
    return [side.results.at(-1)?.data]
  }
  if (mode === 'now') return () => done(call() as Tensor)
  return () => (call() as Promise<Tensor>).then(done)
}
