import type { CachedCall } from '../backend/backend.js'
import { hasShape, outData } from '../engine/buffers.js'
import {
  backwardCall,
  type Call,
  type Context,
  contextOf,
  forwardCall,
  spendIfBegun,
} from '../engine/call.js'
import type { Plan } from '../engine/plan.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { asItIs, type FloatArray, fieldsOf, readTensor, type Tensor } from '../tensor.js'
import { type Arena, arenaOf, releases } from '../workspace.js'
import type { History } from './history.js'
import type { BackwardOptions, PlanFor } from './layer-options.js'
import { dataOf, type Parameter } from './parameter.js'
import type { State } from './state-dict.js'

/** What the passes of a layer work with. */
export interface LayerState extends State {
  readonly name: string
  readonly planFor: PlanFor
  readonly weight: Parameter | null
  readonly bias: Parameter | null
  /** Of results that have no `out`; null: new arrays. */
  readonly workspace: Arena | null
  readonly history: History
  training: boolean
}

/** The arguments of a call, its options read. */
export interface Arguments {
  /** x or dy. */
  readonly data: Tensor
  readonly out: Tensor | undefined
  readonly workspace: Arena | null
  /** Of the forward whose gradient is meant; undefined: of the last one. */
  readonly context: Context | undefined
  /** How many releases of workspaces came before. */
  readonly releases: number
  /** Whether a forward takes the running averages instead of the input's own statistics. */
  readonly given: boolean
}

/** A pass of one layer: what a call of it is, and what its end means for the layer. The same at once and on another thread. */
export interface Pass {
  /** As in messages. */
  readonly name: string
  readonly options: readonly string[]
  /** Reads all that is the caller's, once, before it takes buffers: a getter of his may call this layer, too. */
  callOf(given: Arguments): Call
  /** What has cached the calls over the same buffers. */
  cached(call: Call): CachedCall | undefined
  /** replaced: the result was written over the input. */
  succeeded(call: Call, replaced: boolean): void
  failed(call: Call): void
}

const NO_OPTIONS: BackwardOptions = {}

/** The arguments of a call that is made now. */
export function readArguments(
  pass: Pass,
  layer: LayerState,
  data: Tensor,
  options: BackwardOptions = NO_OPTIONS,
): Arguments {
  if (options !== NO_OPTIONS) checkOptions(layer.name, options, pass.options)
  const { out, context, workspace: own } = options
  const workspace = own === undefined ? layer.workspace : arenaOf(layer.name, own)
  const given = layer.running !== null && !layer.training
  return { data, out, workspace, context, releases: releases(), given }
}

/** The same for a call that is made now and comes later: in the mode of now, and with the tensors as they are now. */
export function snapshotOf(now: Arguments): Arguments {
  return { ...now, data: asItIs(now.data), out: asItIs(now.out) }
}

export class ForwardPass implements Pass {
  readonly name = 'forward'
  readonly options = ['out', 'workspace']
  readonly #layer: LayerState
  /** The last plan, reused while shape and mode stay. */
  #plan: Plan | null = null

  constructor(layer: LayerState) {
    this.#layer = layer
  }

  callOf({ data: x, out, workspace, releases, given }: Arguments): Call {
    const { name, weight, bias, running, history } = this.#layer
    const data = this.#inputOf(x, given)
    const plan = this.#plan!
    const y = outData(plan, out)
    const [scale, shift] = [dataOf(weight), dataOf(bias)]
    running?.checkAttached(name)
    const statistics = history.statisticsFor(plan.slots)
    if (plan.given) running?.spreadInto(name, statistics)
    return forwardCall(plan, data, scale, shift, out, y, statistics, workspace, releases)
  }

  cached(): CachedCall | undefined {
    return this.#layer.history.next.calls?.forward
  }

  /** The batch's statistics go into the running averages, unless these refuse them. */
  succeeded(call: Call, replaced: boolean): void {
    const context = contextOf(call, replaced)
    if (!call.plan.given) this.#layer.running?.update(call.plan, context)
    this.#layer.history.add(context)
  }

  failed(call: Call): void {
    this.#layer.history.failed(call)
  }

  /** The data of x, for which the plan is right from here on. */
  #inputOf(x: Tensor, given: boolean): FloatArray {
    const fields = fieldsOf(x)
    const last = this.#plan
    if (last === null || last.given !== given || !hasShape(last, fields)) {
      const { name, planFor } = this.#layer
      this.#plan = planFor(readTensor(name, x, fields).shape, given)
    } else this.#plan = last
    return fields.data as FloatArray
  }
}

export class BackwardPass implements Pass {
  readonly name = 'backward'
  readonly options = ['out', 'workspace', 'context']
  readonly #layer: LayerState

  constructor(layer: LayerState) {
    this.#layer = layer
  }

  callOf({ data: dy, out, workspace, context: passed }: Arguments): Call {
    const { name, weight, bias, history } = this.#layer
    const context = history.contextFor(name, passed)
    const [dweight, dbias] = [dataOf(weight?.grad), dataOf(bias?.grad)]
    const call = backwardCall(context, dy, out, dweight, dbias, workspace)
    // The caller's getters have run: one that called forward() has taken the context's buffers.
    if (history.contextFor(name, passed) !== context) {
      fail(
        'EVENKEEL_STATE',
        name,
        'forward() was called while backward() read its arguments (by a getter?)',
        'read data and shape first, and pass a plain { data, shape }',
      )
    }
    return call
  }

  cached({ context }: Call): CachedCall | undefined {
    return this.#layer.history.callsOf(context!)?.backward
  }

  succeeded({ context }: Call, replaced: boolean): void {
    if (replaced) context!.x = null
    this.#layer.history.answered(context!)
  }

  failed(call: Call): void {
    spendIfBegun(call.context!, call)
  }
}
