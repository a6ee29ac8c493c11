import type { CachedCall } from '../backend/backend.js'
import { hasShape, outData } from '../engine/buffers.js'
import {
  backwardCall,
  type Call,
  type Context,
  contextOf,
  forwardCall,
  giveBack,
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

/** The state of a layer that its passes use. */
export interface LayerState extends State {
  readonly name: string
  readonly planFor: PlanFor
  readonly weight: Parameter | null
  readonly bias: Parameter | null
  /** Where results come from if a call has no `out`. Null: each result is a new array. */
  readonly workspace: Arena | null
  readonly history: History
  training: boolean
}

/** The arguments of a call, after its options were read. */
export interface Arguments {
  /** x or dy. */
  readonly data: Tensor
  readonly out: Tensor | undefined
  readonly workspace: Arena | null
  /** The context of the forward whose gradient is computed. Undefined: the last forward. */
  readonly context: Context | undefined
  /** How many releases of workspaces there were when the call was made. */
  readonly releases: number
  /** Whether a forward uses the running averages instead of the input's own statistics. */
  readonly given: boolean
}

/**
 * A pass of one layer, forward or backward. It builds a call from the caller's arguments, and it updates the layer
 * when the call has ended. A synchronous and an asynchronous call use the same methods.
 */
export interface Pass {
  /** The name of the method, as error messages show it. */
  readonly name: string
  /** The names of the options that the method accepts. */
  readonly options: readonly string[]
  /**
   * Builds the call from its arguments. It reads each property of the caller's objects once, before it takes the
   * layer's buffers, because a getter of the caller's may itself call this layer.
   */
  callOf(given: Arguments): Call
  /** The cached call that uses the same buffers as this call. Undefined if the backend has no cached calls. */
  cached(call: Call): CachedCall | undefined
  /** Updates the layer after the call succeeded. `replaced`: whether the result was written over the input. */
  succeeded(call: Call, replaced: boolean): void
  /** Updates the layer after the call failed. */
  failed(call: Call): void
}

const NO_OPTIONS: BackwardOptions = {}

/** Reads the arguments of a call at the time when it is made. */
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

/**
 * The same arguments for a call that runs later. It takes the data and shapes of the tensors as they are now. The
 * mode was read already.
 */
export function snapshotOf(now: Arguments): Arguments {
  return { ...now, data: asItIs(now.data), out: asItIs(now.out) }
}

export class ForwardPass implements Pass {
  readonly name = 'forward'
  readonly options = ['out', 'workspace']
  readonly #layer: LayerState
  /** The last plan. It is used again while the shape and the mode stay the same. */
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

  /** Updates the running averages with the batch's statistics. Throws if they refuse the statistics. */
  succeeded(call: Call, replaced: boolean): void {
    const context = contextOf(call, replaced)
    if (!call.plan.given) this.#layer.running?.update(call.plan, context)
    this.#layer.history.add(context)
  }

  failed(call: Call): void {
    this.#layer.history.failed(call)
  }

  /** Returns the data of x, and sets the plan that fits x. */
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
    // The caller's getters have run. If a getter called forward(), that call has taken the context's buffers.
    if (history.contextFor(name, passed) !== context) {
      giveBack(call)
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
