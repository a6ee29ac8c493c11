import { describe, expect, it } from 'vitest'
import type { Layer, Tensor } from '../../src/index.js'
import { AFFINES, type Affine, LAYERS, type LayerRow, numbers } from './layers.js'
import { type Holder, lose, type Pass, type Scene } from './losing.js'
import { WAYS, type Way } from './ways.js'

// Every array of every layer is lost before every call. The addon looks up the arrays of equal calls only once, and
// must still notice the loss.

/** A layer, and the arrays of its calls. */
class LayerScene implements Scene {
  readonly layer: Layer
  readonly holders: Readonly<Record<string, Holder>>

  constructor(row: LayerRow, affine: Affine, training: boolean) {
    this.layer = row.make(affine).train(training)
    const { weight, bias, runningMean, runningVariance } = this.layer
    const own = { weight, dweight: weight?.grad, bias, dbias: bias?.grad, runningMean, runningVariance }
    const holders: Record<string, Holder> = {}
    for (const [i, name] of ['x', 'y', 'dy', 'dx'].entries())
      holders[name] = { ...numbers(this.layer.dtype, row.shape, i) }
    for (const [name, holder] of Object.entries(own)) if (holder) holders[name] = holder as Holder
    this.holders = holders
  }

  get count(): number {
    return this.layer.batchesTracked
  }

  tensor(name: string): Tensor {
    return this.holders[name] as unknown as Tensor
  }
}

const FORWARD = ['x', 'weight', 'bias', 'runningMean', 'runningVariance']
const BACKWARD = ['x', 'dy', 'weight', 'dweight', 'dbias']
const forward = (s: LayerScene) => s.layer.forward(s.tensor('x'))
const y = (s: LayerScene) => ({ out: s.tensor('y') })
const dx = (s: LayerScene) => ({ out: s.tensor('dx') })

const PASSES: Readonly<Record<string, Pass<LayerScene>>> = {
  forward: { needs: FORWARD, call: forward },
  'forward with out': { needs: [...FORWARD, 'y'], call: (s) => s.layer.forward(s.tensor('x'), y(s)) },
  forwardAsync: { needs: FORWARD, call: (s) => s.layer.forwardAsync(s.tensor('x')), asynchronous: true },
  'forwardAsync with out': {
    needs: [...FORWARD, 'y'],
    call: (s) => s.layer.forwardAsync(s.tensor('x'), y(s)),
    asynchronous: true,
  },
  backward: { needs: BACKWARD, before: forward, call: (s) => s.layer.backward(s.tensor('dy')) },
  'backward with out': {
    needs: [...BACKWARD, 'dx'],
    before: forward,
    call: (s) => s.layer.backward(s.tensor('dy'), dx(s)),
  },
  backwardAsync: {
    needs: BACKWARD,
    before: forward,
    call: (s) => s.layer.backwardAsync(s.tensor('dy')),
    asynchronous: true,
  },
  'backwardAsync with out': {
    needs: [...BACKWARD, 'dx'],
    before: forward,
    call: (s) => s.layer.backwardAsync(s.tensor('dy'), dx(s)),
    asynchronous: true,
  },
}

/**
 * The numbers of equal calls before the loss: none, one after which calls are cached, and one that is cached itself.
 */
const CALLS_BEFORE = [0, 1, 2]

describe.each(Object.entries(WAYS))('an array %s', (_way, way) => {
  describe.each(Object.entries(LAYERS))('of %s', (_layer, row) => {
    it.each(Object.entries(AFFINES))('with %s', async (_affine, affine) => {
      const failures: string[] = []
      let tried = 0
      for (const [title, training, pass, name, calls] of combinations(row, affine, way)) {
        const wrong = await lose(() => new LayerScene(row, affine, training), way, pass, name, calls)
        if (wrong) failures.push(`${title}: ${wrong}`)
        tried++
      }
      expect(failures).toEqual([])
      // At least each of x, y, dy, dx before each synchronous call.
      expect(tried).toBeGreaterThanOrEqual(4 * 4 * CALLS_BEFORE.length)
    })
  })
})

function* combinations(row: LayerRow, affine: Affine, way: Way) {
  const { layer, holders } = new LayerScene(row, affine, true)
  for (const training of layer.runningMean === null ? [true] : [true, false]) {
    for (const [pass, each] of Object.entries(PASSES)) {
      if (way.resizable && each.asynchronous) continue
      for (const name of Object.keys(holders)) {
        for (const calls of CALLS_BEFORE) {
          const title = `${name} before ${pass}, after ${calls}${training ? '' : ', in eval mode'}`
          yield [title, training, each, name, calls] as const
        }
      }
    }
  }
}
