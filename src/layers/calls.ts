import { giveBack, run, runAsync } from '../engine/call.js'
import { pauseForEvents } from '../engine/pause.js'
import type { Tensor } from '../tensor.js'
import { CallQueue } from './call-queue.js'
import type { BackwardOptions } from './layer-options.js'
import { type Arguments, type LayerState, type Pass, readArguments, snapshotOf } from './passes.js'

/**
 * Makes the calls of one layer. A synchronous call runs at once. An asynchronous call runs on another thread, after all
 * asynchronous calls that were made before it.
 */
export class Calls {
  readonly #layer: LayerState
  readonly #queue = new CallQueue()

  constructor(layer: LayerState) {
    this.#layer = layer
  }

  /** Throws if asynchronous calls are pending. `method`: the name of the method that must not run while they are. */
  checkNonePending(method: string): void {
    this.#queue.checkNone(this.#layer.name, method)
  }

  /** Runs a synchronous call. */
  now(pass: Pass, data: Tensor, options: BackwardOptions | undefined): Tensor {
    this.checkNonePending(pass.name)
    const call = pass.callOf(readArguments(pass, this.#layer, data, options))
    try {
      // While the arguments were read, a getter of the caller's may have made an asynchronous call.
      this.checkNonePending(pass.name)
      pass.succeeded(call, run(call, pass.cached(call)))
    } catch (error) {
      pass.failed(call)
      giveBack(call)
      throw error
    }
    return call.result
  }

  /**
   * Runs an asynchronous call. It reads the arguments now, and throws if they are wrong. The call itself waits until
   * all earlier calls have ended. If the call fails, the promise rejects. (forwardAsync() and backwardAsync() are
   * async functions, so for their caller both errors are rejections.)
   */
  later(pass: Pass, data: Tensor, options: BackwardOptions | undefined): Promise<Tensor> {
    const given = readArguments(pass, this.#layer, data, options)
    const snapshot = snapshotOf(given)
    snapshot.workspace?.begin()
    return this.#queue.take(async () => {
      try {
        const result = await this.#elsewhere(pass, snapshot)
        // The snapshot has a copy of `out`. The caller gets back the object that it passed.
        return given.out ?? result
      } finally {
        snapshot.workspace?.end()
      }
    })
  }

  /** Builds an asynchronous call from its arguments and runs it. No earlier call is pending at this time. */
  async #elsewhere(pass: Pass, given: Arguments): Promise<Tensor> {
    const pause = pauseForEvents()
    if (pause) await pause
    const call = pass.callOf(given)
    try {
      pass.succeeded(call, await runAsync(call))
    } catch (error) {
      pass.failed(call)
      giveBack(call)
      throw error
    }
    return call.result
  }
}
