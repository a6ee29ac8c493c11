import type { Context } from '../engine/call.js'
import type { DType, FloatArray, Tensor } from '../tensor.js'
import type { BackwardOptions, CallOptions } from './layer-options.js'
import type { Parameter } from './parameter.js'
import type { LoadableDict, LoadOptions, StateDict } from './state-dict.js'

/**
 * What all layers have. Data: the type of the arrays, which follows from the layer's dtype. Weight, Bias: null if the
 * layer has no weight or bias.
 */
export interface Layer<
  Data extends FloatArray = FloatArray,
  Weight extends Parameter<Data> | null = Parameter<Data> | null,
  Bias extends Parameter<Data> | null = Parameter<Data> | null,
> {
  /** The name of the norm, as error messages show it: 'BatchNorm'. */
  readonly name: string
  readonly eps: number
  readonly dtype: DType
  /** The learnable scale, or null. */
  readonly weight: Weight
  /** The learnable shift, or null. */
  readonly bias: Bias

  /**
   * Normalizes x. The layer keeps a reference to x for backward(). Do not change x before backward() has run. If
   * `out` is the input itself, y replaces x, and backward() is not possible for this forward.
   *
   * If a call has at most 16384 elements, the layer keeps references to its arrays, `out` included. It keeps those of
   * the last two calls until later calls replace them. A call with the same arrays as before is faster, because the
   * layer does not look up their addresses again.
   *
   * If you call the layer several times before its gradients (shared, siamese or recurrent networks), read `context`
   * after each forward, and pass it to backward().
   *
   * @param x a tensor of the layer's dtype. The class of the layer documents its shape.
   * @returns y, of x's shape. If `out` is given, this is `out`.
   * @throws EvenkeelError if an argument does not fit. Then nothing is written. EVENKEEL_STATISTICS if the running
   * averages would take up a value that is not finite. Then `out` holds the result for this batch, but the layer is
   * unchanged.
   */
  forward(x: Tensor, options?: CallOptions): Tensor<Data>

  /**
   * Does the same as forward() and gives the same bits, but runs the pass on a thread of Node's thread pool. The event
   * loop stays free during the pass.
   *
   * The asynchronous calls of one layer run one after another, in the order in which you make them. Each call starts
   * when the call before it has ended, and it uses the state that the layer has then: its parameters, running
   * averages and contexts. The mode (training or eval) is an exception: it is the mode at the time when you make the
   * call. Calls of different layers can run at the same time. While an asynchronous call of the layer is pending,
   * forward(), backward(), context, zeroGrad(), stateDict() and loadStateDict() throw EVENKEEL_STATE.
   *
   * Until the promise settles, do not write to the arrays of the call (x, `out`, the parameters), and do not read
   * `out`. If you do, the numbers in `out` are undefined, but memory stays safe. You can transfer a buffer while its
   * call runs: its memory is kept until the call ends. If you transfer a buffer while its call still waits for other
   * calls, the promise rejects, because the array is detached.
   *
   * If info().offThread is false (the portable backend), the pass runs on the main thread, in a later iteration of the
   * event loop, and blocks the event loop until it ends.
   *
   * @param x as for forward().
   * @returns a promise of y, of x's shape. If `out` is given, this is `out`.
   * @throws never. The promise rejects with each error that forward() throws, and with EVENKEEL_BUFFER if an array
   * lies in a resizable ArrayBuffer.
   */
  forwardAsync(x: Tensor, options?: CallOptions): Promise<Tensor<Data>>

  /**
   * Computes the gradient of the last forward. If `context` is given, it computes the gradient of the forward that
   * left this context. It uses the mode in which that forward ran. It adds the gradients of the parameters to
   * weight.grad and bias.grad.
   *
   * `out` can be dy or the input. Then the result replaces it. If the result replaces the input, no further gradient of
   * that forward is possible. The gradient uses the present values of the weight. So change the weight only after the
   * gradients, as optimizers do.
   *
   * @param dy the gradient of y, of y's shape and dtype.
   * @returns dx, the gradient of the input, of the input's shape. If `out` is given, this is `out`.
   * @throws EvenkeelError (EVENKEEL_STATE) if there was no forward, or if that forward or an earlier backward
   * overwrote the input. Also, without `context`, on a second backward after several forwards: then it is not clear
   * which forward is meant.
   */
  backward(dy: Tensor, options?: BackwardOptions): Tensor<Data>

  /**
   * Does the same as backward(), on another thread. All that is said of forwardAsync() applies. The last forward is the
   * last forward() or forwardAsync() that you called before this call. Until the promise settles, do not write to the
   * input of that forward, and do not read or write weight.grad and bias.grad.
   *
   * @param dy as for backward().
   * @returns a promise of dx, the gradient of the input. If `out` is given, this is `out`.
   * @throws never. The promise rejects with each error that backward() throws, and with EVENKEEL_BUFFER if an array
   * lies in a resizable ArrayBuffer.
   */
  backwardAsync(dy: Tensor, options?: BackwardOptions): Promise<Tensor<Data>>

  /**
   * What the last forward left for its gradient. Null before the first forward. After you read it, the context is
   * yours: the layer does not change its mean and variance any more. You can pass it to backward(), also after any
   * number of other forwards, or to gradients().
   */
  readonly context: Context<Data> | null

  /**
   * Whether the layer is in training mode. In training mode, a layer with running averages normalizes with the batch's
   * statistics and adds them to the running averages.
   */
  training: boolean
  train(on?: boolean): this
  /**
   * Sets eval mode. In eval mode, a layer with running averages normalizes with them instead of with the input's own
   * statistics.
   */
  eval(): this

  parameters(): Parameter<Data>[]
  /**
   * Sets the gradients of weight and bias to 0.
   * @throws EvenkeelError (EVENKEEL_BUFFER) if the buffer of a gradient was transferred. Then nothing has changed.
   */
  zeroGrad(): void

  /** The running average of the mean. Null if the layer has no running averages. */
  readonly runningMean: Tensor<Data> | null
  /** The running average of the variance. Null if the layer has no running averages. */
  readonly runningVariance: Tensor<Data> | null
  /** How many batches went into the running averages. 0 if the layer has no running averages. */
  readonly batchesTracked: number
  /** Whether the layer has running averages that come from data: from training, or from a state dict. */
  readonly hasStatistics: boolean

  /**
   * The layer's state under PyTorch's names: those of weight, bias, running_mean, running_var and num_batches_tracked
   * that the layer has. The values are copies. (PyTorch returns the tensors themselves.) As in PyTorch, eps and the
   * options of the running averages (newWeight or decay, unbiased or population) are not part of the state. Construct
   * the other layer with the same options.
   */
  stateDict(): StateDict

  /**
   * Copies a state dict into the layer. float64 values are rounded if the layer is float32. If num_batches_tracked is
   * missing, the counter does not change. The names can be PyTorch's or Keras's. With `prefix`, the dict can be that
   * of a whole model.
   *
   * @throws EvenkeelError (EVENKEEL_STATE) on missing or unexpected names, wrong shapes or types, values that are not
   * finite, or a negative variance. EVENKEEL_BUFFER if the buffer of an array of the layer was transferred. Then
   * nothing has changed.
   */
  loadStateDict(dict: LoadableDict, options?: LoadOptions): this
}
