import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  BatchNorm,
  type Context,
  GroupNorm,
  gradients,
  type Layer,
  LayerNorm,
  layerNorm,
  RMSNorm,
  type Tensor,
  type Workspace,
  workspace,
} from '../../src/index.js'
import { numbers } from '../memory/layers.js'

// Random programs of forwards, gradients, kept results and steps over several layers give the same bits with a workspace
// as without one: no result is written over while it may be read.

const KINDS = ['forward', 'forward', 'gradient', 'both', 'function', 'keep', 'release'] as const

/** One call of a program. The numbers choose among what there is when it comes. */
interface Op {
  readonly kind: (typeof KINDS)[number]
  readonly layer: number
  readonly input: number
  readonly gradient: number
}

const numbersOf = fc.nat({ max: 1000 })
const programs = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), layer: numbersOf, input: numbersOf, gradient: numbersOf }),
  { minLength: 1, maxLength: 40 },
)

/** A forward whose gradient is still to come. */
interface Held {
  readonly layer: Layer | null
  readonly context: Context
  readonly input: Tensor
}

/** A program as it runs, with a workspace or without. */
class Run {
  readonly log: number[][] = []
  readonly #work: Workspace | undefined
  readonly #layers: readonly Layer[]
  /** What calls of layers are given; functions are always given the workspace. */
  readonly #ofCall: { readonly workspace: Workspace | undefined }
  /** What a call may read: results of this step, and what was kept. */
  #results: Tensor[] = []
  readonly #kept = new Set<Tensor>()
  #held: Held[] = []

  constructor(work: Workspace | undefined, ofLayer: boolean) {
    this.#work = work
    const options = { workspace: ofLayer ? work : undefined }
    this.#ofCall = { workspace: ofLayer ? undefined : work }
    this.#layers = [
      new BatchNorm(8, options),
      new LayerNorm(8, { ...options, bias: false }),
      new GroupNorm(2, 8, options),
      new RMSNorm(8, options),
    ]
  }

  async run(program: readonly Op[], asynchronous: boolean): Promise<void> {
    for (const op of program) await this.#step(op, asynchronous)
    this.log.push(...[...this.#kept].map(({ data }) => [...data]))
    for (const layer of this.#layers) {
      for (const { grad } of layer.parameters()) this.log.push([...grad.data])
    }
  }

  async #step({ kind, layer: which, input, gradient }: Op, asynchronous: boolean): Promise<void> {
    const options = this.#ofCall
    const layer = this.#layers[which % this.#layers.length]
    if (kind === 'release') return this.#release()
    if (kind === 'keep') return this.#keep(input)
    if (kind === 'gradient') return this.#gradient(input, gradient, asynchronous)
    const x = this.#tensor(input)
    if (kind === 'function') {
      const { y, context } = layerNorm(x, { normalizedShape: 8, workspace: this.#work })
      this.#held.push({ layer: null, context, input: x })
      return this.#add(y)
    }
    this.#add(await (asynchronous ? layer.forwardAsync(x, options) : layer.forward(x, options)))
    if (kind === 'forward') this.#held.push({ layer, context: layer.context!, input: x })
    else this.#add(layer.backward(this.#tensor(gradient, x.shape), options))
  }

  async #gradient(which: number, gradient: number, asynchronous: boolean): Promise<void> {
    if (this.#held.length === 0) return
    const { layer, context, input } = this.#held[which % this.#held.length]
    const dy = this.#tensor(gradient, input.shape)
    const options = { context, ...this.#ofCall }
    if (layer === null) this.#add(gradients(context, dy, { workspace: this.#work }).dx)
    else this.#add(await (asynchronous ? layer.backwardAsync(dy, options) : layer.backward(dy, options)))
  }

  #add(result: Tensor): void {
    this.#results.push(result)
    this.log.push([...result.data])
  }

  #keep(which: number): void {
    const candidates = this.#results.filter((result) => !this.#kept.has(result))
    if (candidates.length === 0) return
    const result = candidates[which % candidates.length]
    this.#work?.keep(result)
    this.#kept.add(result)
  }

  #release(): void {
    // All that may still be read is as it was written.
    this.log.push(...this.#results.map(({ data }) => [...data]))
    this.#work?.release()
    const gone = new Set(this.#results.filter((result) => !this.#kept.has(result)))
    this.#results = [...this.#kept]
    this.#held = this.#held.filter(({ input }) => !gone.has(input))
  }

  /** One of the results (of that shape), or numbers of the program's own. */
  #tensor(which: number, shape: readonly number[] | null = null): Tensor {
    const fitting = this.#results.filter((result) => shape === null || result.shape[0] === shape[0])
    if (which % 3 > 0 && fitting.length > 0) return fitting[which % fitting.length]
    return numbers('float32', shape ?? [3 + (which % 2), 8], which)
  }
}

it('programs give the same bits with a workspace', async () => {
  const flags = fc.record({ asynchronous: fc.boolean(), ofLayer: fc.boolean(), check: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(programs, flags, async (program, { asynchronous, ofLayer, check }) => {
      const [plain, drawn] = [new Run(undefined, ofLayer), new Run(workspace({ check }), ofLayer)]
      await plain.run(program, asynchronous)
      await drawn.run(program, asynchronous)
      expect(drawn.log).toEqual(plain.log)
    }),
    { numRuns: 300 },
  )
})
