import { run, runAsync } from '../engine/call.js'
import { pauseForEvents } from '../engine/pause.js'
import type { Tensor } from '../tensor.js'
import { CallQueue } from './call-queue.js'
import type { BackwardOptions } from './layer-options.js'
import { type Arguments, type LayerState, type Pass, readArguments, snapshotOf } from './passes.js'

/** Makes the calls of one layer: at once, or on another thread, each after those that were made before it. */
export class Calls {
  readonly #layer: LayerState
  readonly #queue = new CallQueue()

  constructor(layer: LayerState) {
    this.#layer = layer
  }

  /** Throws where the method of that name may not come now, between asynchronous calls. */
  checkNonePending(method: string): void {
    this.#queue.checkNone(this.#layer.name, method)
  }

  /** @returns the result. */
  now(pass: Pass, data: Tensor, options: BackwardOptions | undefined): Tensor {
    this.checkNonePending(pass.name)
    const call = pass.callOf(readArguments(pass, this.#layer, data, options))
    // A getter of the caller's may have made an asynchronous call.
    this.checkNonePending(pass.name)
    try {
      pass.succeeded(call, run(call, pass.cached(call)))
    } catch (error) {
      pass.failed(call)
      throw error
    }
    return call.result
  }

  /** Reads the arguments now. What is wrong with them throws, what is wrong with the call rejects. */
  later(pass: Pass, data: Tensor, options: BackwardOptions | undefined): Promise<Tensor> {
    const given = readArguments(pass, this.#layer, data, options)
    const snapshot = snapshotOf(given)
    snapshot.workspace?.begin()
    return this.#queue.take(async () => {
      try {
        const result = await this.#elsewhere(pass, snapshot)
        return given.out ?? result
      } finally {
        snapshot.workspace?.end()
      }
    })
  }

  async #elsewhere(pass: Pass, given: Arguments): Promise<Tensor> {
    const pause = pauseForEvents()
    if (pause) await pause
    const call = pass.callOf(given)
    try {
      pass.succeeded(call, await runAsync(call))
    } catch (error) {
      pass.failed(call)
      throw error
    }
    return call.result
  }
}
