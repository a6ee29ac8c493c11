import { describe, fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { type FloatArray, isFloatArray, lengthOf, sizeOf, type Tensor } from '../tensor.js'
import type { RunningStatistics } from './running-statistics.js'
import { type Entry, entriesOf } from './state-names.js'
import { countOf, fitsTensor, floatsOf, NEGATIVE_ZERO } from './state-values.js'

/** One entry of a state dict. The counter, num_batches_tracked, is a BigInt64Array of 1 with shape []. */
export interface StateTensor {
  readonly data: FloatArray | BigInt64Array
  readonly shape: readonly number[]
}

/**
 * What stateDict() returns. You can save it with JSON.stringify(). When it is parsed and loaded, it gives the same
 * bits. (A structured clone can be loaded too. But it loses the method that JSON.stringify() needs.)
 */
export type StateDict = Record<string, StateTensor>

/**
 * What loadStateDict() accepts: the state of a layer or of a whole model. The names are PyTorch's or Keras's (gamma,
 * beta, moving_mean, moving_variance). A value is { data, shape } or the data alone. The data are a Float32Array, a
 * Float64Array, a plain array (nested or not), or one of these after JSON.stringify() and JSON.parse(). The counter
 * is a number or a bigint in any of these forms.
 */
export type LoadableDict = Readonly<Record<string, unknown>>

export interface LoadOptions {
  /**
   * The prefix of the layer's names in a model's dict, with or without the final dot: 'layer1.0.bn1'. All other names
   * are ignored.
   */
  readonly prefix?: string | undefined
}

/** What a layer has to save. Null for what the layer does not have. */
export interface State {
  readonly weight: Tensor | null
  readonly bias: Tensor | null
  readonly running: RunningStatistics | null
}

const COUNTER = 'num_batches_tracked'

/**
 * An entry that JSON.stringify() can write. By itself, JSON.stringify() throws on a bigint and loses the sign of -0.
 */
class SavedTensor implements StateTensor {
  constructor(
    readonly data: FloatArray | BigInt64Array,
    readonly shape: readonly number[],
  ) {}

  toJSON() {
    const data = Array.from(this.data as ArrayLike<number | bigint>, (value) => {
      return Object.is(value, -0) ? NEGATIVE_ZERO : Number(value)
    })
    return { data, shape: this.shape }
  }
}

/** Copies of a layer's state under PyTorch's names. */
export function saveState(who: string, state: State): StateDict {
  const entries = floatEntries(state)
  checkAttached(who, entries)
  const dict: StateDict = {}
  for (const [name, { data, shape }] of entries) dict[name] = new SavedTensor(data.slice(), [...shape])
  if (state.running) dict[COUNTER] = new SavedTensor(BigInt64Array.of(BigInt(state.running.batches)), [])
  return dict
}

/**
 * Reads a state dict for a layer and checks it. float64 values are rounded if the layer is float32. If
 * num_batches_tracked is missing, the counter does not change.
 * @returns a function that copies the values into the layer.
 * @throws EvenkeelError (EVENKEEL_STATE) if a name is missing or unexpected, if a shape or type is wrong, if a value
 * is not finite, or if a variance is negative. EVENKEEL_BUFFER if the buffer of an array of the layer was
 * transferred. Then nothing has changed.
 */
export function readState(who: string, state: State, dict: unknown, options: LoadOptions): () => void {
  checkDict(who, dict)
  const targets = floatEntries(state)
  const found = entriesOf(who, dict, wantedBy(state, targets), prefixOf(who, options))
  const loads = [...targets].map(([name, target]) => {
    return { target, values: floatsOf(who, found.get(name) as Entry, target) }
  })
  const counter = found.get(COUNTER)
  const batches = counter === undefined ? null : countOf(who, counter)
  checkAttached(who, targets)
  return () => {
    for (const { target, values } of loads) target.data.set(values)
    if (state.running === null) return
    state.running.loaded = true
    if (batches !== null) state.running.batches = batches
  }
}

function checkDict(who: string, dict: unknown): asserts dict is object {
  const isMap = dict instanceof Map
  if (typeof dict === 'object' && dict !== null && !Array.isArray(dict) && !isMap) return
  const remedy = isMap ? 'pass Object.fromEntries(map)' : 'pass what stateDict() returns'
  fail(
    'EVENKEEL_STATE',
    who,
    `a state dict must be an object of names and values, got ${describe(dict)}`,
    typeof dict === 'string' ? 'pass what JSON.parse() makes of it' : remedy,
  )
}

function floatEntries({ weight, bias, running }: State): Map<string, Tensor> {
  const entries = new Map<string, Tensor>()
  if (weight) entries.set('weight', weight)
  if (bias) entries.set('bias', bias)
  if (running) entries.set('running_mean', running.mean).set('running_var', running.variance)
  return entries
}

function wantedBy(state: State, targets: ReadonlyMap<string, Tensor>) {
  return {
    names: [...targets.keys()],
    optional: state.running === null ? [] : [COUNTER],
    fits: (name: string, value: unknown) => fitsTensor(value, targets.get(name) as Tensor),
  }
}

function prefixOf(who: string, options: LoadOptions): string | undefined {
  checkOptions(who, options, ['prefix'])
  const { prefix } = options
  if (prefix === undefined || typeof prefix === 'string') return prefix
  fail(
    'EVENKEEL_OPTION',
    who,
    `prefix must be a text, got ${describe(prefix)}`,
    "give what stands before the layer's names, as in 'layer1.0.bn1'",
  )
}

/** Throws if the buffer of an array of the layer was transferred. Such an array cannot be read or written. */
function checkAttached(who: string, entries: ReadonlyMap<string, Tensor>): void {
  for (const [name, { data, shape }] of entries) {
    const length = isFloatArray(data) ? lengthOf(data) : 0
    if (length === sizeOf(shape)) continue
    fail(
      'EVENKEEL_BUFFER',
      who,
      `the layer's own ${name} needs ${sizeOf(shape)} elements, got ${length}: its buffer was transferred`,
      'construct a new layer, and load the last state that was saved; send copies, as stateDict() makes them',
    )
  }
}
