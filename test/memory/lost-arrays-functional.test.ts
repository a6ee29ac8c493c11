import { describe, expect, it } from 'vitest'
import {
  batchNorm,
  type FloatArray,
  type FunctionalOptions,
  gradients,
  groupNorm,
  instanceNorm,
  layerNorm,
  type Normalized,
  rmsNorm,
  type Tensor,
} from '../../src/index.js'
import { AFFINES, type Affine, numbers } from './layers.js'
import { type Holder, lose, type Pass, type Scene } from './losing.js'
import { WAYS } from './ways.js'

// The same for the functional forms: the arrays of a call, given statistics, and the statistics of its context.

type Given = { readonly mean: FloatArray; readonly variance: FloatArray }
type Form = readonly [
  shape: readonly number[],
  affineLength: number,
  norm: (x: Tensor, options: FunctionalOptions, given: Given) => Normalized,
]

const FORMS: Readonly<Record<string, Form>> = {
  layerNorm: [[4, 8], 8, (x, options) => layerNorm(x, { ...options, normalizedShape: 8 })],
  rmsNorm: [[4, 8], 8, (x, options) => rmsNorm(x, { ...options, normalizedShape: 8 })],
  batchNorm: [[3, 4, 5], 4, (x, options) => batchNorm(x, options)],
  'batchNorm with given statistics': [
    [3, 4, 5],
    4,
    (x, options, statistics) => batchNorm(x, { ...options, statistics }),
  ],
  groupNorm: [[2, 4, 5], 4, (x, options) => groupNorm(x, { ...options, groups: 2 })],
  instanceNorm: [[2, 5, 4], 4, (x, options) => instanceNorm(x, { ...options, layout: 'channels-last' })],
}

class FunctionScene implements Scene {
  readonly holders: Readonly<Record<string, Holder>>
  readonly count = 0
  #context: Normalized['context'] | null = null
  readonly #norm: Form[2]

  constructor([shape, length, norm]: Form, { weight, bias }: Affine) {
    const holders: Record<string, Holder> = {}
    for (const [i, name] of ['x', 'y', 'dy', 'dx'].entries())
      holders[name] = { ...numbers('float32', shape, i) }
    const affine = (name: string, seed: number) => {
      holders[name] = { ...numbers('float32', [length], seed) }
    }
    if (weight) affine('weight', 5)
    if (weight) affine('dweight', 6)
    if (bias) affine('bias', 7)
    if (bias) affine('dbias', 8)
    affine('mean', 9)
    affine('variance', 10)
    holders.variance.data.fill(2)
    this.#norm = norm
    this.holders = holders
    const { mean } = this.run().context
    for (const name of ['contextMean', 'contextVariance'])
      holders[name] = { data: new Float64Array(mean.length) }
  }

  tensor(name: string): Tensor {
    return this.holders[name] as unknown as Tensor
  }

  run(): Normalized {
    const { weight, bias, mean, variance } = this.holders
    const options = { weight: weight?.data, bias: bias?.data, out: this.tensor('y') }
    return this.#norm(this.tensor('x'), options, { mean: mean.data, variance: variance.data })
  }

  /** A forward whose context refers to the scene's own arrays. */
  keepContext(): void {
    const { context } = this.run()
    const { contextMean, contextVariance } = this.holders
    contextMean.data.set(context.mean)
    contextVariance.data.set(context.variance)
    const [mean, variance] = [contextMean.data, contextVariance.data] as Float64Array[]
    this.#context = { ...context, mean, variance }
  }

  gradients(): Tensor {
    const [dweight, dbias] = [this.holders.dweight?.data, this.holders.dbias?.data]
    return gradients(this.#context!, this.tensor('dy'), { out: this.tensor('dx'), dweight, dbias }).dx
  }
}

const passes = (given: boolean): Readonly<Record<string, Pass<FunctionScene>>> => ({
  'the norm': {
    needs: ['x', 'y', 'weight', 'bias', ...(given ? ['mean', 'variance'] : [])],
    call: (scene) => scene.run().y,
  },
  gradients: {
    needs: ['x', 'dy', 'dx', 'weight', 'dweight', 'dbias', 'contextMean', 'contextVariance'],
    before: (scene) => scene.keepContext(),
    call: (scene) => scene.gradients(),
  },
})

describe.each(Object.entries(WAYS))('an array %s', (_way, way) => {
  describe.each(Object.entries(FORMS))('of %s', (title, form) => {
    it.each(Object.entries(AFFINES))('with %s', async (_affine, affine) => {
      const failures: string[] = []
      for (const [pass, each] of Object.entries(passes(title.includes('given')))) {
        for (const name of Object.keys(new FunctionScene(form, affine).holders)) {
          for (const calls of [0, 1]) {
            const wrong = await lose(() => new FunctionScene(form, affine), way, each, name, calls)
            if (wrong) failures.push(`${name} before ${pass}, after ${calls}: ${wrong}`)
          }
        }
      }
      expect(failures).toEqual([])
    })
  })
})
