import type { CachedCalls } from '../backend/backend.js'
import { currentExecutor } from '../backend/select.js'
import { newStatistics, type Statistics } from '../engine/buffers.js'
import { type Call, type Context, spendIfBegun } from '../engine/call.js'
import { fail } from '../errors.js'
import { wasReleased } from '../workspace.js'

/**
 * The buffers of one forward and its backward: the arrays for statistics, and the cached calls that use these arrays.
 */
export interface Buffers {
  statistics: Statistics
  /** Null if the backend has no cached calls. */
  readonly calls: CachedCalls | null
}

function newBuffers(): Buffers {
  return { statistics: newStatistics(0), calls: currentExecutor().cachedCalls() }
}

/**
 * What the forwards of a layer leave for its backwards: the last context, and how many forwards still have no gradient.
 * The history has two sets of buffers. The last context uses one, and the next forward uses the other.
 */
export class History {
  #last: Context | null = null
  /**
   * The buffers of the last context. The next forward uses separate buffers, so that it does not change the last
   * context if it fails.
   */
  #kept = newBuffers()
  #spare = newBuffers()
  /** Whether the caller has read the last context. From then on, its statistics belong to the caller. */
  #handedOut = false
  /** The contexts that the caller has read. */
  readonly #issued = new WeakSet<Context>()
  /**
   * How many forwards before the last one may still need a gradient. These are forwards since the last backward(), with
   * different inputs. A forward does not count if its input was overwritten or released, or if the caller has read its
   * context.
   */
  #others = 0
  /** Whether backward() has computed the gradient of the last forward. */
  #answered = false

  /** The buffers of the next forward. */
  get next(): Buffers {
    return this.#spare
  }

  /** The arrays for the statistics of the next forward, for `slots` slots. */
  statisticsFor(slots: number): Statistics {
    const buffers = this.#spare
    if (buffers.statistics.mean.length !== slots) buffers.statistics = newStatistics(slots)
    return buffers.statistics
  }

  /** Adds the context of a forward that has succeeded. This forward has used the buffers `next`. */
  add(context: Context): void {
    if (this.#answered) this.#others = 0
    else if (this.#awaitsGradient && this.#last?.x !== context.x) this.#others++
    // The caller keeps the statistics of a context that it has read, so the next forward needs new arrays. The cached
    // calls can stay: they compare all operands, so they do not mistake the new arrays for the old ones.
    const free = this.#handedOut ? { ...this.#kept, statistics: newStatistics(0) } : this.#kept
    this.#kept = this.#spare
    this.#spare = free
    this.#last = context
    this.#handedOut = false
    this.#answered = false
  }

  /**
   * To be called after a forward failed. If it had begun to write over the last context's input, that input is lost.
   */
  failed(call: Call): void {
    if (this.#last !== null) spendIfBegun(this.#last, call)
  }

  /** Gives the last context to the caller. Null before the first forward. */
  handOut(): Context | null {
    if (this.#last === null || this.#handedOut) return this.#last
    this.#handedOut = true
    this.#issued.add(this.#last)
    return this.#last
  }

  /**
   * The context whose gradient backward() must compute: the context that the caller passed, or else the last one.
   * Throws if it is not clear which forward is meant.
   */
  contextFor(who: string, given: Context | undefined): Context {
    if (given !== undefined) {
      if (typeof given === 'object' && given !== null && this.#issued.has(given)) return given
      fail(
        'EVENKEEL_STATE',
        who,
        'context must be one of this layer',
        'read layer.context after its forward(), and pass that; for contexts of the functional forms call gradients()',
      )
    }
    if (this.#last === null) {
      fail(
        'EVENKEEL_STATE',
        who,
        'backward() came before any forward()',
        'run forward() first; backward() gives the gradient of the last one',
      )
    }
    if (this.#answered && this.#others > 0) {
      fail(
        'EVENKEEL_STATE',
        who,
        `backward() came again after ${this.#others + 1} forwards, and it is not clear whose gradient is meant`,
        'read layer.context after each forward(), and pass it: backward(dy, { context })',
      )
    }
    return this.#last
  }

  /** Whether the last forward may still need a gradient. */
  get #awaitsGradient(): boolean {
    const last = this.#last
    return !this.#handedOut && last !== null && last.x !== null && !wasReleased(last.x, last.releases)
  }

  /** The cached calls for the gradient of a context. Null if there are none. */
  callsOf(context: Context): CachedCalls | null {
    return context === this.#last ? this.#kept.calls : null
  }

  /** To be called after a backward() of this context succeeded. */
  answered(context: Context): void {
    if (context === this.#last) this.#answered = true
  }
}
