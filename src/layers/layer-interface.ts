import type { Context } from '../engine/call.js'
import type { DType, FloatArray, Tensor } from '../tensor.js'
import type { BackwardOptions, CallOptions } from './layer-options.js'
import type { Parameter } from './parameter.js'
import type { LoadableDict, LoadOptions, StateDict } from './state-dict.js'

/** What all layers have. Data: the arrays of the layer's dtype; Weight, Bias: null where the layer has none. */
export interface Layer<
  Data extends FloatArray = FloatArray,
  Weight extends Parameter<Data> | null = Parameter<Data> | null,
  Bias extends Parameter<Data> | null = Parameter<Data> | null,
> {
  /** The norm's name, as in messages: 'BatchNorm'. */
  readonly name: string
  readonly eps: number
  readonly dtype: DType
  /** The learnable scale, or null. */
  readonly weight: Weight
  /** The learnable shift, or null. */
  readonly bias: Bias

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
  forward(x: Tensor, options?: CallOptions): Tensor<Data>

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
  forwardAsync(x: Tensor, options?: CallOptions): Promise<Tensor<Data>>

  /**
   * The gradient of the last forward, or of the one whose `context` is passed, in the mode that it ran in: adds into
   * weight.grad and bias.grad, returns that of the input. With `out` dy or the input itself, it replaces that; replacing
   * the input spends the forward. It reads weight as it is now: change weights after the gradients, as optimizers do.
   *
   * @param dy the gradient of y, of its shape and dtype.
   * @throws EvenkeelError (EVENKEEL_STATE) without a forward; where it or an earlier backward overwrote its input; and,
   * without `context`, on a second backward after several forwards, because it is not clear whose gradient is meant.
   */
  backward(dy: Tensor, options?: BackwardOptions): Tensor<Data>

  /**
   * backward() as forwardAsync() is forward(): of the last forward, or of the forwardAsync() that was made before it.
   * The input of that forward, weight.grad and bias.grad are among the arrays to be left alone meanwhile.
   *
   * @throws never: the promise rejects with what backward() throws, and with EVENKEEL_BUFFER where an array lies in a
   * resizable ArrayBuffer.
   */
  backwardAsync(dy: Tensor, options?: BackwardOptions): Promise<Tensor<Data>>

  /**
   * What the last forward left for its gradient; null before any. Who reads it owns it: pass it to backward(), after any
   * number of other forwards, or to gradients(). Its mean and variance stay as they are.
   */
  readonly context: Context<Data> | null

  /** Whether the layer trains: with running averages, it uses the batch's statistics then and takes them up. */
  training: boolean
  train(on?: boolean): this
  /** From here on the running averages, if the layer keeps any, replace the input's own statistics. */
  eval(): this

  parameters(): Parameter<Data>[]
  /** Sets the gradients of weight and bias to 0. Throws where one's buffer was transferred, before it changes any. */
  zeroGrad(): void

  /** The running average of the mean, or null where the layer keeps none. */
  readonly runningMean: Tensor<Data> | null
  /** The running average of the variance, or null where the layer keeps none. */
  readonly runningVariance: Tensor<Data> | null
  /** How many batches the running averages have taken up; 0 where there are none. */
  readonly batchesTracked: number
  /** Whether there are running averages that come from data: from training, or from a state dict. */
  readonly hasStatistics: boolean

  /**
   * The layer's state under PyTorch's names: weight, bias, running_mean, running_var, num_batches_tracked, as far as it
   * has them. Copies, unlike PyTorch's, which are the tensors themselves. How the averages are taken (newWeight or
   * decay, unbiased or population) and eps are options, not state, here as there: construct the other layer with the same.
   */
  stateDict(): StateDict

  /**
   * Copies a state dict into the layer; float64 is rounded where the layer is float32. A missing
   * num_batches_tracked leaves the counter as it is. PyTorch's names or Keras's; `prefix` finds them in a model's dict.
   *
   * @throws EvenkeelError (EVENKEEL_STATE) on missing or unexpected names, other shapes or types, values that are not
   * finite, a negative variance; EVENKEEL_BUFFER where an array of the layer was transferred; nothing has changed then.
   */
  loadStateDict(dict: LoadableDict, options?: LoadOptions): this
}
