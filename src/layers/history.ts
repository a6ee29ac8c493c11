import type { CachedCalls } from '../backend/backend.js'
import { currentExecutor } from '../backend/select.js'
import { newStatistics, type Statistics } from '../engine/buffers.js'
import { type Call, type Context, spendIfBegun } from '../engine/call.js'
import { fail } from '../errors.js'
import { wasReleased } from '../workspace.js'

/** What one forward and its backward work with: arrays for statistics, and the cached calls over them. */
export interface Buffers {
  statistics: Statistics
  /** Null where the backend caches none. */
  readonly calls: CachedCalls | null
}

function newBuffers(): Buffers {
  return { statistics: newStatistics(0), calls: currentExecutor().cachedCalls() }
}

/** What a layer's forwards leave for its backwards: the last context, and which gradients are still to come. */
export class History {
  #last: Context | null = null
  /** The last context's buffers, and apart from them the next forward's: one that fails leaves the last context whole. */
  #kept = newBuffers()
  #spare = newBuffers()
  /** Whether the last context was handed out: its buffers are the caller's from then on. */
  #handedOut = false
  readonly #issued = new WeakSet<Context>()
  /**
   * Forwards before the last one, and after the last backward(), whose gradients may still be to come: of inputs apart
   * from each other, neither overwritten nor released nor with a context that was handed out.
   */
  #others = 0
  /** Whether the last forward has had its gradient. */
  #answered = false

  /** The next forward's buffers. */
  get next(): Buffers {
    return this.#spare
  }

  /** The next forward's statistics, of that many slots. */
  statisticsFor(slots: number): Statistics {
    const buffers = this.#spare
    if (buffers.statistics.mean.length !== slots) buffers.statistics = newStatistics(slots)
    return buffers.statistics
  }

  /** A forward has succeeded with the next buffers. */
  add(context: Context): void {
    if (this.#answered) this.#others = 0
    else if (this.#awaitsGradient && this.#last?.x !== context.x) this.#others++
    // The cached calls stay: of operands that are the caller's now, none is taken for another.
    const free = this.#handedOut ? { ...this.#kept, statistics: newStatistics(0) } : this.#kept
    this.#kept = this.#spare
    this.#spare = free
    this.#last = context
    this.#handedOut = false
    this.#answered = false
  }

  /** A forward has failed. If it had begun to write over the last context's input, that has no gradient any more. */
  failed(call: Call): void {
    if (this.#last !== null) spendIfBegun(this.#last, call)
  }

  /** The last context, which is the caller's from here on; null before the first forward. */
  handOut(): Context | null {
    if (this.#last === null || this.#handedOut) return this.#last
    this.#handedOut = true
    this.#issued.add(this.#last)
    return this.#last
  }

  /** The context whose gradient backward() is to give: the one that was passed, or the last one. Throws where that is not clear. */
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

  /** Whether backward() might still be meant for the last forward. */
  get #awaitsGradient(): boolean {
    const last = this.#last
    return !this.#handedOut && last !== null && last.x !== null && !wasReleased(last.x, last.releases)
  }

  /** The cached calls of a context's gradient; null where there are none. */
  callsOf(context: Context): CachedCalls | null {
    return context === this.#last ? this.#kept.calls : null
  }

  /** A backward() of this context has succeeded. */
  answered(context: Context): void {
    if (context === this.#last) this.#answered = true
  }
}
