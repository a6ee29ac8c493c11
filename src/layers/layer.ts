import type { Prepared } from '../backend/prepared.js'
import { prepareCalls } from '../backend/select.js'
import { isCompanion, newStatistics, type Statistics } from '../buffers.js'
import { type Context, contextOf, runBackward, runForward } from '../engine.js'
import { runBackwardAsync, runForwardAsync, turnToWaitFor } from '../engine-async.js'
import { fail } from '../errors.js'
import { checkBoolean, checkChoice, checkOptions } from '../options.js'
import { checkEps, type Plan } from '../plan.js'
import { checkTensor, DTYPES, type DType, dtypeOf, type Tensor } from '../tensor.js'
import type { CallOptions, Settings } from './layer-options.js'
import { newParameter, type Parameter } from './parameter.js'
import { RunningStatistics } from './running-statistics.js'
import { loadState, type StateDict, saveState } from './state-dict.js'
import { Turns } from './turns.js'

/** What one forward and its backward work with: buffers for statistics, and the passes over them. */
interface Turn {
  statistics: Statistics
  /** Null where the backend has nothing to prepare. */
  readonly calls: Prepared | null
}

function newTurn(): Turn {
  return { statistics: newStatistics(0), calls: prepareCalls() }
}

/**
 * What all layers share: parameters, modes, the calls to the engine, and the state between them. A layer adds its
 * options and its plan.
 */
export abstract class Layer {
  /** The norm's name, as in messages: 'BatchNorm'. */
  readonly name: string
  readonly eps: number
  readonly dtype: DType
  /** The learnable scale, or null. */
  readonly weight: Parameter | null
  /** The learnable shift, or null. */
  readonly bias: Parameter | null
  readonly #running: RunningStatistics | null
  #training = true
  /** The last plan, reused while shape and mode stay. */
  #plan: Plan | null = null
  /** What the last forward that succeeded left for backward. */
  #context: Context | null = null
  readonly #calls = new Turns()
  /** The context's, and apart from it the next forward's, where there are running averages to refuse a batch. */
  #kept = newTurn()
  #spare = newTurn()

  protected constructor(name: string, settings: Settings) {
    const { eps, dtype, affine, affineShape, running = null, runningShape = [] } = settings
    checkChoice(name, 'dtype', dtype, DTYPES)
    checkEps(name, eps)
    this.name = name
    this.eps = eps
    this.dtype = dtype
    this.weight = affine.weight ? newParameter(dtype, affineShape, 1) : null
    this.bias = affine.bias ? newParameter(dtype, affineShape, 0) : null
    this.#running = running && new RunningStatistics(dtype, runningShape, running)
  }

  /** The plan for an input's shape; `given`: with the running averages instead of the input's own statistics. */
  protected abstract plan(shape: readonly number[], given: boolean): Plan

  /**
   * Normalizes x. Keeps it, by reference, for backward: do not change it before. With `out` the input itself, y
   * replaces x, and there is no backward. Of calls of at most 16384 elements, the arrays of the last two, `out` included,
   * stay referenced until later calls: with the same arrays again a call is prepared, and faster.
   *
   * @param x of the layer's dtype and of a shape that the layer's class tells.
   * @returns y, of x's shape; `out` if it was given.
   * @throws EvenkeelError on any misfit, before anything is written. EVENKEEL_STATISTICS where a running average would
   * take up what is not finite: `out` holds that batch's result then, but the layer is as it was.
   */
  forward(x: Tensor, options?: CallOptions): Tensor {
    this.#calls.checkNone(this.name, 'forward')
    const out = this.#outOf(options)
    const plan = this.#planFor(x, this.#usesAverages)
    const turn = this.#turnFor(plan)
    const { statistics } = turn
    const weight = this.weight?.data ?? null
    const bias = this.bias?.data ?? null
    const prepared = turn.calls?.forward
    const y = runForward(plan, x, weight, bias, out, statistics, prepared)
    this.#takeUp(plan, turn)
    this.#context = contextOf(plan, x, y, weight, bias, statistics, out === undefined)
    return y
  }

  /**
   * forward() on a thread of Node's pool, with the same bits, the event loop free meanwhile. Asynchronous calls of one
   * layer run one after another in the order in which they were made, each as forward() or backward() would then, but
   * in the mode of when it was made; those of different layers run side by side. While any is pending, forward(),
   * backward(), zeroGrad() and loadStateDict() throw EVENKEEL_STATE.
   *
   * Until the promise is settled, write to none of the arrays (x, `out`, the parameters), and do not read `out`: the
   * numbers would be undefined, though nothing worse. A buffer that is transferred while its call runs keeps its memory
   * until the end; one that is transferred while its call waits for others makes it reject, as detached. Where info().offThread is false (the portable backend), the pass runs in a later turn of the event
   * loop, and holds it up.
   *
   * @returns y, of x's shape; `out` if it was given.
   * @throws never: the promise rejects with what forward() throws, and with EVENKEEL_BUFFER where an array lies in a
   * resizable ArrayBuffer.
   */
  forwardAsync(x: Tensor, options?: CallOptions): Promise<Tensor> {
    const given = this.#usesAverages
    return this.#calls.take(async () => {
      const pause = turnToWaitFor()
      if (pause) await pause
      const out = this.#outOf(options)
      const plan = this.#planFor(x, given)
      const turn = this.#turnFor(plan)
      const { statistics } = turn
      const weight = this.weight?.data ?? null
      const bias = this.bias?.data ?? null
      const y = await runForwardAsync(plan, x, weight, bias, out, statistics)
      this.#takeUp(plan, turn)
      this.#context = contextOf(plan, x, y, weight, bias, statistics)
      return y
    })
  }

  /**
   * The gradient of the last forward, in the mode that it ran in: adds into weight.grad and bias.grad, returns that of
   * the input. With `out` dy or the input itself, it replaces that; replacing the input spends the forward.
   *
   * @param dy the gradient of y, of its shape and dtype.
   * @throws EvenkeelError (EVENKEEL_STATE) without a forward, or where it or an earlier backward overwrote its input.
   */
  backward(dy: Tensor, options?: CallOptions): Tensor {
    this.#calls.checkNone(this.name, 'backward')
    const out = this.#outOf(options)
    const dweight = this.weight?.grad.data ?? null
    const dbias = this.bias?.grad.data ?? null
    return runBackward(this.#lastContext(), dy, out, dweight, dbias, this.#kept.calls?.backward)
  }

  /**
   * backward() as forwardAsync() is forward(): of the last forward, or of the forwardAsync() that was made before it.
   * The input of that forward, weight.grad and bias.grad are among the arrays to be left alone meanwhile.
   *
   * @throws never: the promise rejects with what backward() throws, and with EVENKEEL_BUFFER where an array lies in a
   * resizable ArrayBuffer.
   */
  backwardAsync(dy: Tensor, options?: CallOptions): Promise<Tensor> {
    return this.#calls.take(async () => {
      const pause = turnToWaitFor()
      if (pause) await pause
      const out = this.#outOf(options)
      const dweight = this.weight?.grad.data ?? null
      const dbias = this.bias?.grad.data ?? null
      return runBackwardAsync(this.#lastContext(), dy, out, dweight, dbias)
    })
  }

  /** Whether the layer trains: with running averages, it uses the batch's statistics then and takes them up. */
  get training(): boolean {
    return this.#training
  }

  train(on = true): this {
    checkBoolean(this.name, 'train(on)', on)
    this.#training = on
    return this
  }

  /** From here on the running averages, if the layer keeps any, replace the input's own statistics. */
  eval(): this {
    return this.train(false)
  }

  parameters(): Parameter[] {
    return [this.weight, this.bias].filter((parameter) => parameter !== null)
  }

  /** Sets the gradients of weight and bias to 0. */
  zeroGrad(): void {
    this.#calls.checkNone(this.name, 'zeroGrad')
    for (const parameter of this.parameters()) parameter.grad.data.fill(0)
  }

  /** The running average of the mean, or null where the layer keeps none. */
  get runningMean(): Tensor | null {
    return this.#running?.mean ?? null
  }

  /** The running average of the variance, or null where the layer keeps none. */
  get runningVariance(): Tensor | null {
    return this.#running?.variance ?? null
  }

  /** How many batches the running averages have taken up; 0 where there are none. */
  get batchesTracked(): number {
    return this.#running?.batches ?? 0
  }

  /** Whether there are running averages that come from data: from training, or from a state dict. */
  get hasStatistics(): boolean {
    const running = this.#running
    return running !== null && (running.loaded || running.batches > 0)
  }

  /**
   * The layer's state under PyTorch's names: weight, bias, running_mean, running_var, num_batches_tracked, as far as it
   * has them. Copies, unlike PyTorch's, which are the tensors themselves. How the averages are taken (newWeight or
   * decay, unbiased or population) and eps are options, not state, here as there: construct the other layer with the same.
   */
  stateDict(): StateDict {
    return saveState(this.#state())
  }

  /**
   * Copies a state dict into the layer; float64 is rounded where the layer is float32. A missing
   * num_batches_tracked leaves the counter as it is.
   *
   * @throws EvenkeelError (EVENKEEL_STATE) on missing or unexpected names, other shapes or types, values that are not
   * finite, a negative variance; nothing has changed then.
   */
  loadStateDict(dict: Readonly<StateDict>): this {
    this.#calls.checkNone(this.name, 'loadStateDict')
    loadState(this.name, this.#state(), dict)
    return this
  }

  #state() {
    return { weight: this.weight, bias: this.bias, running: this.#running }
  }

  /** Whether a forward pass takes the running averages instead of the input's own statistics. */
  get #usesAverages(): boolean {
    return this.#running !== null && !this.#training
  }

  /** What a forward pass works with: its statistics are to be written, or are the running averages. */
  #turnFor(plan: Plan): Turn {
    const running = this.#running
    const turn = running === null ? this.#kept : this.#spare
    if (turn.statistics.mean.length !== plan.slots) turn.statistics = newStatistics(plan.slots)
    if (plan.given) running?.spreadInto(turn.statistics)
    return turn
  }

  /** After a forward pass: into the running averages, unless they are refused, and then kept for backward. */
  #takeUp(plan: Plan, turn: Turn): void {
    const running = this.#running
    if (running === null) return
    if (!plan.given) running.update(plan, turn.statistics)
    this.#spare = this.#kept
    this.#kept = turn
  }

  #lastContext(): Context {
    if (this.#context !== null) return this.#context
    return fail(
      'EVENKEEL_STATE',
      this.name,
      'backward() came before any forward()',
      'run forward() first; backward() gives the gradient of the last one',
    )
  }

  #planFor(x: Tensor, given: boolean): Plan {
    const last = this.#plan
    if (last !== null && last.given === given && isCompanion(last, x)) return last
    checkTensor(this.name, x)
    if (dtypeOf(x.data) !== this.dtype) {
      fail(
        'EVENKEEL_DTYPE',
        this.name,
        `input must be ${this.dtype} as the layer is, got ${dtypeOf(x.data)}`,
        `convert it, or construct the layer with dtype: '${dtypeOf(x.data)}'`,
      )
    }
    this.#plan = this.plan(x.shape, given)
    return this.#plan
  }

  #outOf(options: CallOptions | undefined): Tensor | undefined {
    if (options === undefined) return undefined
    checkOptions(this.name, options, ['out'])
    return options.out
  }
}
