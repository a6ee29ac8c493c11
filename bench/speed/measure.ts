import { type BenchCase, EPS } from './cases.js'
import type { Child } from './child.js'
import { type Contender, LIMIT } from './contenders.js'
import type { DataDirectory } from './data.js'
import { Watch } from './disturbance.js'
import type { Reply } from './protocol.js'
import { recordsOf } from './record.js'
import type { BenchRecord, Skipped } from './results.js'
import { settle } from './settle.js'
import { arrayBytes } from './traffic.js'
import { type Inputs, Truth } from './truth.js'
import type { Workers } from './workers.js'

// One unit: a case with a number of threads. Every contender is prepared and checked. Then each round gives every contender
// one time slice, so that what the machine does meanwhile meets all alike.

export interface Settings {
  readonly rounds: number
  /** Milliseconds of one contender's share of a round. */
  readonly timeSlice: number
  /** Seconds that one call may last: what takes longer is not timed. */
  readonly budget: number
}

export interface Unit {
  readonly records: readonly BenchRecord[]
  readonly skipped: readonly Skipped[]
  /** How many rounds were run again because others were at work. */
  readonly repeatedRounds: number
}

/** Before a contender is timed: V8 compiles what runs often in tens of milliseconds. */
const WARM_UP_MS = 150
/** Where a call is slow, fewer rounds than asked for do: a contender's time slices last no longer than this in all. */
const CONTENDER_SECONDS = 10
const FEWEST_ROUNDS = 3

interface Ready {
  readonly contender: Contender
  readonly child: Child
  readonly variants: readonly string[]
  iterations: number
  rounds: number
  /** [round][variant], nanoseconds of one iteration. */
  readonly times: number[][]
}

export class Bench {
  constructor(
    private readonly workers: Workers,
    private readonly directory: DataDirectory,
    private readonly settings: Settings,
  ) {}

  /** Prepares, checks and times. `inputs` are those that the directory holds. */
  async measure(
    bench: BenchCase,
    inputs: Inputs,
    threads: number,
    contenders: readonly Contender[],
  ): Promise<Unit> {
    const skipped: Skipped[] = []
    const ready: Ready[] = []
    const truth = new Truth(bench, inputs)
    for (const contender of contenders) {
      if (contender.oneThread && threads > 1) continue
      const result = await this.#prepare(bench, truth, threads, contender)
      if ('why' in result) skipped.push({ name: bench.name, threads, contender: contender.name, ...result })
      else ready.push(result)
    }
    const { finished, repeatedRounds, disturbedRounds } = await this.#runRounds(ready, (contender, why) => {
      skipped.push({ name: bench.name, threads, contender: contender.name, kind: 'failed', why })
    })
    await this.workers.release()
    const records = recordsOf({ bench, threads, disturbedRounds }, finished)
    return { records, skipped, repeatedRounds }
  }

  async #prepare(
    bench: BenchCase,
    truth: Truth,
    threads: number,
    contender: Contender,
  ): Promise<Ready | Pick<Skipped, 'kind' | 'why'>> {
    const slow = this.#tooSlow(bench, contender)
    if (slow !== null) return { kind: 'slow', why: slow }
    try {
      const child = await this.workers.of(contender)
      const reply = await child.ask({
        do: 'prepare',
        contender: contender.name,
        bench,
        eps: EPS,
        threads,
        inputs: this.directory.path,
        outputs: this.directory.outputFile,
      })
      if ('none' in reply) return { kind: 'none', why: reply.none }
      if (!('prepared' in reply)) return { kind: 'failed', why: messageOf(reply) }
      const fault = contender.name === LIMIT ? null : truth.fault(this.directory.readOutputs(bench))
      if (fault !== null) return { kind: 'wrong', why: fault }
      return await this.#calibrate({
        contender,
        child,
        variants: reply.prepared,
        iterations: 1,
        rounds: 0,
        times: [],
      })
    } catch (error) {
      this.workers.drop(contender)
      return { kind: 'failed', why: (error as Error).message }
    }
  }

  #tooSlow(bench: BenchCase, { nanosecondsPerByte }: Contender): string | null {
    const seconds = ((nanosecondsPerByte?.(bench) ?? 0) * arrayBytes(bench)) / 1e9
    if (seconds <= this.settings.budget) return null
    return `about ${seconds.toFixed(1)} s a call, above --budget ${this.settings.budget}`
  }

  /**
   * Runs until it is warm (compiled, its pages touched). The runs grow; the last tells how many iterations fill a time
   * slice, and how many rounds there is time for.
   */
  async #calibrate(ready: Ready): Promise<Ready> {
    const { timeSlice, rounds } = this.settings
    const slice = timeSlice * 1e6
    let once = Number.POSITIVE_INFINITY
    let iterations = 1
    for (let spent = 0; spent < WARM_UP_MS * 1e6; spent += once * iterations) {
      iterations = Math.max(1, Math.min(iterations * 10, Math.round(slice / once)))
      once = (await timeSliceOf(ready, iterations, 0)).reduce((sum, ns) => sum + ns, 0)
    }
    ready.iterations = Math.max(1, Math.round(slice / once))
    const affordable = Math.floor((CONTENDER_SECONDS * 1e9) / Math.max(once, slice))
    ready.rounds = Math.min(rounds, Math.max(FEWEST_ROUNDS, affordable))
    return ready
  }

  /** Those that answered to the end. Rounds that others disturbed are run again, as often as there are rounds. */
  async #runRounds(ready: readonly Ready[], failed: (contender: Contender, why: string) => void) {
    const running = new Set(ready)
    let repeatedRounds = 0
    let disturbedRounds = 0
    let last: Child | null = null
    for (let round = 0; round < this.settings.rounds; ) {
      const watch = new Watch([process.pid, ...this.workers.pids])
      for (const each of inOrder([...running], round)) {
        if (round >= each.rounds) continue
        try {
          await settle(last?.pid ?? null)
          last = each.child
          each.times[round] = await timedSlice(each)
        } catch (error) {
          running.delete(each)
          this.workers.drop(each.contender)
          failed(each.contender, (error as Error).message)
        }
      }
      if (watch.disturbed && repeatedRounds < this.settings.rounds) {
        repeatedRounds++
        continue
      }
      if (watch.disturbed) disturbedRounds++
      round++
    }
    return { finished: [...running], repeatedRounds, disturbedRounds }
  }
}

/** Every other round in reverse, so that nobody always runs after the same contender. */
function inOrder(ready: readonly Ready[], round: number): readonly Ready[] {
  return round % 2 === 0 ? ready : [...ready].reverse()
}

function timedSlice(ready: Ready): Promise<number[]> {
  // The first iterations find the caches full of another's data. Where one fills the slice, data exceed the caches.
  const warmUp = ready.iterations > 1 ? Math.ceil(ready.iterations / 10) : 0
  return timeSliceOf(ready, ready.iterations, warmUp)
}

async function timeSliceOf(
  { child, contender }: Ready,
  iterations: number,
  warmUp: number,
): Promise<number[]> {
  const reply = await child.ask({ do: 'time', contender: contender.name, iterations, warmUp })
  if (!('nanoseconds' in reply)) throw new Error(messageOf(reply))
  return reply.nanoseconds
}

function messageOf(reply: Reply): string {
  return 'error' in reply ? reply.error : `unexpected reply ${JSON.stringify(reply)}`
}
