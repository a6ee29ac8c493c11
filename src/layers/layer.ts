import type { Context } from '../engine/call.js'
import { checkEps } from '../engine/plan.js'
import { fail } from '../errors.js'
import { checkBoolean, checkChoice } from '../options.js'
import { DTYPES, type DType, type Tensor } from '../tensor.js'
import { arenaOf } from '../workspace.js'
import { Calls } from './calls.js'
import { History } from './history.js'
import type { Layer } from './layer-interface.js'
import type { BackwardOptions, CallOptions, Settings } from './layer-options.js'
import { clearGradients, newParameter, type Parameter } from './parameter.js'
import { BackwardPass, ForwardPass, type LayerState } from './passes.js'
import { fix, readOnly } from './read-only.js'
import { RunningStatistics } from './running-statistics.js'
import { type LoadableDict, type LoadOptions, readState, type StateDict, saveState } from './state-dict.js'

/**
 * What all layers share. Each layer adds its options and its plan. layer-interface.ts documents what each method does.
 */
export abstract class NormLayer implements Layer {
  declare readonly name: string
  declare readonly eps: number
  declare readonly dtype: DType
  declare readonly weight: Parameter | null
  declare readonly bias: Parameter | null
  readonly #state: LayerState
  readonly #calls: Calls
  readonly #forward: ForwardPass
  readonly #backward: BackwardPass

  protected constructor(name: string, settings: Settings) {
    const { eps, dtype, affine, affineShape, workspace, running = null, runningShape = [], fixed } = settings
    checkChoice(name, 'dtype', dtype, DTYPES)
    checkEps(name, eps)
    const weight = affine.weight ? newParameter(dtype, affineShape, 1) : null
    const bias = affine.bias ? newParameter(dtype, affineShape, 0) : null
    fix(this, { name, eps, dtype, weight, bias, ...fixed })
    this.#state = {
      name,
      planFor: settings.plan,
      weight,
      bias,
      running: running && new RunningStatistics(dtype, runningShape, running),
      workspace: arenaOf(name, workspace),
      history: new History(),
      training: true,
    }
    this.#calls = new Calls(this.#state)
    this.#forward = new ForwardPass(this.#state)
    this.#backward = new BackwardPass(this.#state)
  }

  forward(x: Tensor, options?: CallOptions): Tensor {
    const layer = NormLayer.#of(this)
    return layer.#calls.now(layer.#forward, x, options)
  }

  async forwardAsync(x: Tensor, options?: CallOptions): Promise<Tensor> {
    const layer = NormLayer.#of(this)
    return layer.#calls.later(layer.#forward, x, options)
  }

  backward(dy: Tensor, options?: BackwardOptions): Tensor {
    const layer = NormLayer.#of(this)
    return layer.#calls.now(layer.#backward, dy, options)
  }

  async backwardAsync(dy: Tensor, options?: BackwardOptions): Promise<Tensor> {
    const layer = NormLayer.#of(this)
    return layer.#calls.later(layer.#backward, dy, options)
  }

  get context(): Context | null {
    return NormLayer.#between(this, 'context').#state.history.handOut()
  }

  get training(): boolean {
    return NormLayer.#of(this).#state.training
  }

  set training(on: boolean) {
    this.train(on)
  }

  train(on = true): this {
    const state = NormLayer.#of(this).#state
    checkBoolean(state.name, 'the argument of train()', on, 'call eval() to leave training mode')
    state.training = on
    return this
  }

  eval(): this {
    return this.train(false)
  }

  parameters(): Parameter[] {
    const { weight, bias } = NormLayer.#of(this).#state
    return [weight, bias].filter((parameter) => parameter !== null)
  }

  zeroGrad(): void {
    const layer = NormLayer.#between(this, 'zeroGrad')
    clearGradients(layer.#state.name, layer.parameters())
  }

  get runningMean(): Tensor | null {
    return NormLayer.#of(this).#state.running?.mean ?? null
  }

  get runningVariance(): Tensor | null {
    return NormLayer.#of(this).#state.running?.variance ?? null
  }

  get batchesTracked(): number {
    return NormLayer.#of(this).#state.running?.batches ?? 0
  }

  get hasStatistics(): boolean {
    return NormLayer.#of(this).#state.running?.fromData ?? false
  }

  stateDict(): StateDict {
    const state = NormLayer.#between(this, 'stateDict').#state
    return saveState(state.name, state)
  }

  loadStateDict(dict: LoadableDict, options: LoadOptions = {}): this {
    const layer = NormLayer.#between(this, 'loadStateDict')
    const write = readState(layer.#state.name, layer.#state, dict, options)
    layer.#calls.checkNonePending('loadStateDict')
    write()
    return this
  }

  /**
   * The layer itself. Each method gets the private state through this function. It throws if `layer` is not a layer:
   * a Proxy of a layer, for example, has no private state.
   */
  static #of(layer: NormLayer): NormLayer {
    if (typeof layer === 'object' && layer !== null && #state in layer) return layer
    return fail(
      'EVENKEEL_STATE',
      'Layer',
      'this is no layer, but a Proxy of one, another object, or nothing',
      "call it as layer.forward(x), and keep layers out of reactive state: Vue's markRaw(layer), or toRaw(proxy) before the call",
    )
  }

  /** The same for a method that must not run while asynchronous calls are pending. */
  static #between(layer: NormLayer, method: string): NormLayer {
    NormLayer.#of(layer).#calls.checkNonePending(method)
    return layer
  }
}

readOnly(NormLayer.prototype, [
  'name',
  'eps',
  'dtype',
  'weight',
  'bias',
  'context',
  'runningMean',
  'runningVariance',
  'batchesTracked',
  'hasStatistics',
])
