import { hasShape, outData } from '../engine/buffers.js'
import {
  backwardCall,
  type Call,
  type Context,
  contextOf,
  forwardCall,
  run,
  runAsync,
  runGradient,
  runGradientAsync,
} from '../engine/call.js'
import { pauseForEvents } from '../engine/pause.js'
import { checkEps, type Plan } from '../engine/plan.js'
import { fail } from '../errors.js'
import { checkBoolean, checkChoice, checkOptions } from '../options.js'
import {
  asItIs,
  DTYPES,
  type DType,
  type FloatArray,
  fieldsOf,
  isFloatArray,
  lengthOf,
  readTensor,
  type Tensor,
} from '../tensor.js'
import { CallQueue } from './call-queue.js'
import { History } from './history.js'
import type { BackwardOptions, CallOptions, PlanFor, Settings } from './layer-options.js'
import { newParameter, type Parameter } from './parameter.js'
import { fix, readOnly } from './read-only.js'
import { RunningStatistics } from './running-statistics.js'
import { type LoadableDict, type LoadOptions, readState, type StateDict, saveState } from './state-dict.js'

/**
 * What all layers share: parameters, modes, the calls to the engine, and the state between them. A layer adds its
 * options and its plan. Data: the arrays of the layer's dtype; Weight, Bias: null where the layer has none.
 */
export abstract class Layer<
  Data extends FloatArray = FloatArray,
  Weight extends Parameter<Data> | null = Parameter<Data> | null,
  Bias extends Parameter<Data> | null = Parameter<Data> | null,
> {
  /** The norm's name, as in messages: 'BatchNorm'. */
  declare readonly name: string
  declare readonly eps: number
  declare readonly dtype: DType
  /** The learnable scale, or null. */
  declare readonly weight: Weight
  /** The learnable shift, or null. */
  declare readonly bias: Bias
  readonly #name: string
  readonly #weight: Parameter | null
  readonly #bias: Parameter | null
  readonly #planFor: PlanFor
  readonly #running: RunningStatistics | null
  #training = true
  /** The last plan, reused while shape and mode stay. */
  #plan: Plan | null = null
  readonly #history = new History()
  readonly #queue = new CallQueue()

  protected constructor(name: string, settings: Settings) {
    const { eps, dtype, affine, affineShape, running = null, runningShape = [], fixed } = settings
    this.#planFor = settings.plan
    checkChoice(name, 'dtype', dtype, DTYPES)
    checkEps(name, eps)
    this.#name = name
    this.#weight = affine.weight ? newParameter(dtype, affineShape, 1) : null
    this.#bias = affine.bias ? newParameter(dtype, affineShape, 0) : null
    fix(this, { name, eps, dtype, weight: this.#weight, bias: this.#bias, ...fixed })
    this.#running = running && new RunningStatistics(dtype, runningShape, running)
  }

  /**
   * Normalizes x. Keeps it, by reference, for backward: do not change it before. With `out` the input itself, y
   * replaces x, and there is no backward. Of calls of at most 16384 elements, the arrays of the last two, `out` included,
   * stay referenced until later calls: a call with the same arrays again looks nothing up, and is faster.
   *
   * A layer that is called several times before its gradients (shared, siamese, recurrent networks): read `context`
   * after each forward, and pass it to backward.
   *
   * @param x of the layer's dtype and of a shape that the layer's class tells.
   * @returns y, of x's shape; `out` if it was given.
   * @throws EvenkeelError on any misfit, before anything is written. EVENKEEL_STATISTICS where a running average would
   * take up what is not finite: `out` holds that batch's result then, but the layer is as it was.
   */
  forward(x: Tensor, options?: CallOptions): Tensor<Data> {
    const layer = Layer.#of(this, 'forward')
    const { out } = layer.#optionsOf(options, FORWARD_OPTIONS)
    const call = layer.#forwardCall(x, out, layer.#usesAverages)
    layer.#queue.checkNone(layer.#name, 'forward')
    try {
      layer.#end(call, run(call, layer.#history.next.calls?.forward))
    } catch (error) {
      layer.#history.failed(call)
      throw error
    }
    return call.result as Tensor<Data>
  }

  /**
   * forward() on a thread of Node's pool, with the same bits, the event loop free meanwhile. Asynchronous calls of one
   * layer run one after another in the order in which they were made, each as forward() or backward() would then, but
   * in the mode of when it was made; those of different layers run side by side. While any is pending, forward(),
   * backward(), context, zeroGrad(), stateDict() and loadStateDict() throw EVENKEEL_STATE.
   *
   * Until the promise is settled, write to none of the arrays (x, `out`, the parameters), and do not read `out`: the
   * numbers would be undefined, though nothing worse. A buffer that is transferred while its call runs keeps its memory
   * until the end; one that is transferred while its call waits for others makes it reject, as detached. Where
   * info().offThread is false (the portable backend), the pass runs in a later turn of the event loop, and holds it up.
   *
   * @returns y, of x's shape; `out` if it was given.
   * @throws never: the promise rejects with what forward() throws, and with EVENKEEL_BUFFER where an array lies in a
   * resizable ArrayBuffer.
   */
  forwardAsync(x: Tensor, options?: CallOptions): Promise<Tensor<Data>> {
    return Layer.#later(this, (layer) => {
      const given = layer.#usesAverages
      const { out } = layer.#optionsOf(options, FORWARD_OPTIONS)
      const [input, output] = [asItIs(x), asItIs(out)]
      return async () => {
        const call = layer.#forwardCall(input, output, given)
        try {
          layer.#end(call, await runAsync(call))
        } catch (error) {
          layer.#history.failed(call)
          throw error
        }
        return (out ?? call.result) as Tensor<Data>
      }
    })
  }

  /**
   * The gradient of the last forward, or of the one whose `context` is passed, in the mode that it ran in: adds into
   * weight.grad and bias.grad, returns that of the input. With `out` dy or the input itself, it replaces that; replacing
   * the input spends the forward. It reads weight as it is now: change weights after the gradients, as optimizers do.
   *
   * @param dy the gradient of y, of its shape and dtype.
   * @throws EvenkeelError (EVENKEEL_STATE) without a forward; where it or an earlier backward overwrote its input; and,
   * without `context`, on a second backward after several forwards, because it is not clear whose gradient is meant.
   */
  backward(dy: Tensor, options?: BackwardOptions): Tensor<Data> {
    const layer = Layer.#of(this, 'backward')
    const { out, context: passed } = layer.#optionsOf(options, BACKWARD_OPTIONS)
    const { call, context } = layer.#backwardCall(dy, out, passed)
    layer.#queue.checkNone(layer.#name, 'backward')
    runGradient(context, call, layer.#history.callsOf(context)?.backward)
    layer.#history.answered(context)
    return call.result as Tensor<Data>
  }

  /**
   * backward() as forwardAsync() is forward(): of the last forward, or of the forwardAsync() that was made before it.
   * The input of that forward, weight.grad and bias.grad are among the arrays to be left alone meanwhile.
   *
   * @throws never: the promise rejects with what backward() throws, and with EVENKEEL_BUFFER where an array lies in a
   * resizable ArrayBuffer.
   */
  backwardAsync(dy: Tensor, options?: BackwardOptions): Promise<Tensor<Data>> {
    return Layer.#later(this, (layer) => {
      const { out, context: passed } = layer.#optionsOf(options, BACKWARD_OPTIONS)
      const [gradient, output] = [asItIs(dy), asItIs(out)]
      return async () => {
        const { call, context } = layer.#backwardCall(gradient, output, passed)
        await runGradientAsync(context, call)
        layer.#history.answered(context)
        return (out ?? call.result) as Tensor<Data>
      }
    })
  }

  /**
   * What the last forward left for its gradient; null before any. Who reads it owns it: pass it to backward(), after any
   * number of other forwards, or to gradients(). Its mean and variance stay as they are.
   */
  get context(): Context<Data> | null {
    return Layer.#of(this, 'context').#history.handOut() as Context<Data> | null
  }

  /** Whether the layer trains: with running averages, it uses the batch's statistics then and takes them up. */
  get training(): boolean {
    return Layer.#of(this).#training
  }

  set training(on: boolean) {
    this.train(on)
  }

  train(on = true): this {
    const layer = Layer.#of(this)
    checkBoolean(layer.#name, 'the argument of train()', on, 'call eval() to leave training mode')
    layer.#training = on
    return this
  }

  /** From here on the running averages, if the layer keeps any, replace the input's own statistics. */
  eval(): this {
    return this.train(false)
  }

  parameters(): Parameter<Data>[] {
    const { weight, bias } = Layer.#of(this) as Layer<Data>
    return [weight, bias].filter((parameter) => parameter !== null)
  }

  /** Sets the gradients of weight and bias to 0. Throws where one's buffer was transferred, before it changes any. */
  zeroGrad(): void {
    const layer = Layer.#of(this, 'zeroGrad')
    const gradients = layer.parameters().map(({ grad }) => grad.data)
    if (gradients.some((gradient) => !isFloatArray(gradient) || lengthOf(gradient) === 0)) {
      fail(
        'EVENKEEL_BUFFER',
        layer.#name,
        'the gradient of weight or bias is detached: its buffer was transferred',
        'copy arrays before a transfer: postMessage(array.slice(), ...)',
      )
    }
    for (const gradient of gradients) gradient.fill(0)
  }

  /** The running average of the mean, or null where the layer keeps none. */
  get runningMean(): Tensor<Data> | null {
    return (Layer.#of(this).#running?.mean ?? null) as Tensor<Data> | null
  }

  /** The running average of the variance, or null where the layer keeps none. */
  get runningVariance(): Tensor<Data> | null {
    return (Layer.#of(this).#running?.variance ?? null) as Tensor<Data> | null
  }

  /** How many batches the running averages have taken up; 0 where there are none. */
  get batchesTracked(): number {
    return Layer.#of(this).#running?.batches ?? 0
  }

  /** Whether there are running averages that come from data: from training, or from a state dict. */
  get hasStatistics(): boolean {
    return Layer.#of(this).#running?.fromData ?? false
  }

  /**
   * The layer's state under PyTorch's names: weight, bias, running_mean, running_var, num_batches_tracked, as far as it
   * has them. Copies, unlike PyTorch's, which are the tensors themselves. How the averages are taken (newWeight or
   * decay, unbiased or population) and eps are options, not state, here as there: construct the other layer with the same.
   */
  stateDict(): StateDict {
    const layer = Layer.#of(this, 'stateDict')
    return saveState(layer.#name, layer.#state())
  }

  /**
   * Copies a state dict into the layer; float64 is rounded where the layer is float32. A missing
   * num_batches_tracked leaves the counter as it is. PyTorch's names or Keras's; `prefix` finds them in a model's dict.
   *
   * @throws EvenkeelError (EVENKEEL_STATE) on missing or unexpected names, other shapes or types, values that are not
   * finite, a negative variance; EVENKEEL_BUFFER where an array of the layer was transferred; nothing has changed then.
   */
  loadStateDict(dict: LoadableDict, options: LoadOptions = {}): this {
    const layer = Layer.#of(this, 'loadStateDict')
    const write = readState(layer.#name, layer.#state(), dict, options)
    layer.#queue.checkNone(layer.#name, 'loadStateDict')
    write()
    return this
  }

  #state() {
    return { weight: this.#weight, bias: this.#bias, running: this.#running }
  }

  /**
   * The layer itself, as all methods reach its private state. A Proxy around it has none. `method`: one that may not
   * come between asynchronous calls.
   */
  static #of<L extends Layer>(layer: L, method?: string): L {
    if (typeof layer !== 'object' || layer === null || !(#queue in layer)) {
      fail(
        'EVENKEEL_STATE',
        'Layer',
        'this is no layer, but a Proxy of one, another object, or nothing',
        "call it as layer.forward(x), and keep layers out of reactive state: Vue's markRaw(layer), or toRaw(proxy) before the call",
      )
    }
    if (method !== undefined) layer.#queue.checkNone(layer.#name, method)
    return layer
  }

  /** Reads a call's arguments now, and makes the call after those before it; what is wrong with it rejects. */
  static async #later<L extends Layer, T>(self: L, read: (layer: L) => () => Promise<T>): Promise<T> {
    const layer = Layer.#of(self)
    const call = read(layer)
    return layer.#queue.take(async () => {
      const pause = pauseForEvents()
      if (pause) await pause
      return call()
    })
  }

  /** Whether a forward pass takes the running averages instead of the input's own statistics. */
  get #usesAverages(): boolean {
    return this.#running !== null && !this.#training
  }

  /** Reads all that is the caller's, once, before it takes buffers: a getter of his may call this layer, too. */
  #forwardCall(x: Tensor, out: Tensor | undefined, given: boolean): Call {
    const data = this.#inputOf(x, given)
    const plan = this.#plan!
    const y = outData(plan, out)
    const weight = dataOf(this.#weight)
    const bias = dataOf(this.#bias)
    this.#running?.checkAttached(this.#name)
    const statistics = this.#history.statisticsFor(plan.slots)
    if (plan.given) this.#running?.spreadInto(this.#name, statistics)
    return forwardCall(plan, data, weight, bias, out, y, statistics)
  }

  /** After a forward pass: its statistics go into the running averages, unless these refuse them. */
  #end(call: Call, replaced: boolean): void {
    const context = contextOf(call, replaced)
    if (!call.plan.given) this.#running?.update(call.plan, context)
    this.#history.add(context)
  }

  #backwardCall(dy: Tensor, out: Tensor | undefined, passed: Context | undefined) {
    const context = this.#history.contextFor(this.#name, passed)
    const dweight = dataOf(this.#weight?.grad)
    const dbias = dataOf(this.#bias?.grad)
    const call = backwardCall(context, dy, out, dweight, dbias)
    // The caller's getters have run: one that called forward() has taken the context's buffers.
    if (this.#history.contextFor(this.#name, passed) !== context) {
      fail(
        'EVENKEEL_STATE',
        this.#name,
        'forward() was called while backward() read its arguments (by a getter?)',
        'read data and shape first, and pass a plain { data, shape }',
      )
    }
    return { call, context }
  }

  /** The data of x, for which the plan is right from here on. */
  #inputOf(x: Tensor, given: boolean): FloatArray {
    const fields = fieldsOf(x)
    const last = this.#plan
    if (last === null || last.given !== given || !hasShape(last, fields)) {
      this.#plan = this.#planFor(readTensor(this.#name, x, fields).shape, given)
    } else this.#plan = last
    return fields.data as FloatArray
  }

  #optionsOf(options: BackwardOptions | undefined, known: readonly string[]): BackwardOptions {
    if (options === undefined) return NO_OPTIONS
    checkOptions(this.#name, options, known)
    return options
  }
}

/** A parameter's data, or its gradient's; null where there is none. A value that is no array goes on, to be refused. */
function dataOf(parameter: Tensor | null | undefined): FloatArray | null {
  return parameter == null ? null : (parameter.data ?? (undefined as never))
}

readOnly(Layer.prototype, [
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

const NO_OPTIONS: BackwardOptions = {}
const FORWARD_OPTIONS = ['out']
const BACKWARD_OPTIONS = ['out', 'context']
