import { describe, fail } from '../errors.js'
import {
  dtypeOf,
  type FloatArray,
  formatShape,
  isFloatArray,
  newArray,
  sizeOf,
  type Tensor,
  typedArrayKind,
} from '../tensor.js'
import type { RunningStatistics } from './running-statistics.js'

/** One entry of a state dict. The counter, num_batches_tracked, is a BigInt64Array of 1 with shape []. */
export interface StateTensor {
  readonly data: FloatArray | BigInt64Array
  readonly shape: readonly number[]
}

export type StateDict = Record<string, StateTensor>

/** What a layer has to save; null where it lacks it. */
export interface State {
  readonly weight: Tensor | null
  readonly bias: Tensor | null
  readonly running: RunningStatistics | null
}

const COUNTER = 'num_batches_tracked'

/** Copies of a layer's state under PyTorch's names. */
export function saveState(state: State): StateDict {
  const dict: StateDict = {}
  for (const [name, { data, shape }] of floatEntries(state))
    dict[name] = { data: data.slice(), shape: [...shape] }
  if (state.running) dict[COUNTER] = { data: BigInt64Array.of(BigInt(state.running.batches)), shape: [] }
  return dict
}

/**
 * Copies a state dict into a layer, rounding float64 to float32 where the layer is float32.
 * @throws EvenkeelError (EVENKEEL_STATE) where a name is missing or unexpected, a shape or type differs, a value is not
 * finite, or a variance is negative; nothing has changed then. A missing num_batches_tracked leaves the counter as it is.
 */
export function loadState(who: string, state: State, dict: unknown): void {
  if (typeof dict !== 'object' || dict === null || Array.isArray(dict)) {
    fail(
      'EVENKEEL_STATE',
      who,
      `a state dict must be an object, got ${describe(dict)}`,
      'pass what stateDict() returns',
    )
  }
  const given = dict as Record<string, unknown>
  const entries = floatEntries(state)
  checkNames(who, given, [...entries.keys()], state.running !== null)
  const loads = [...entries].map(([name, target]) => {
    return { target, values: checkEntry(who, name, given[name], target) }
  })
  const batches = checkCounter(who, given[COUNTER])
  for (const { target, values } of loads) target.data.set(values)
  if (state.running === null) return
  state.running.loaded = true
  if (batches !== null) state.running.batches = batches
}

function floatEntries({ weight, bias, running }: State): Map<string, Tensor> {
  const entries = new Map<string, Tensor>()
  if (weight) entries.set('weight', weight)
  if (bias) entries.set('bias', bias)
  if (running) entries.set('running_mean', running.mean).set('running_var', running.variance)
  return entries
}

function checkNames(who: string, dict: Record<string, unknown>, names: string[], counts: boolean): void {
  const allowed = counts ? [...names, COUNTER] : names
  const listed = allowed.length > 0 ? allowed.join(', ') : 'none: it has no state'
  const missing = names.filter((name) => dict[name] === undefined)
  const unexpected = Object.keys(dict).filter((name) => !allowed.includes(name))
  if (missing.length === 0 && unexpected.length === 0) return
  const problems = [
    missing.length > 0 ? `lacks ${missing.join(', ')}` : '',
    unexpected.length > 0 ? `has unexpected ${unexpected.join(', ')}` : '',
  ]
  fail(
    'EVENKEEL_STATE',
    who,
    `the state dict ${problems.filter(Boolean).join(' and ')}`,
    `give this layer's names (${listed}) without the prefix of its module, or construct it with the options that the saved one had`,
  )
}

/** The entry's values in the layer's type. */
function checkEntry(who: string, name: string, value: unknown, target: Tensor): FloatArray {
  const { data, shape } = (value ?? {}) as Partial<StateTensor>
  const wanted = formatShape(target.shape)
  if (!isFloatArray(data) || !Array.isArray(shape)) {
    fail(
      'EVENKEEL_STATE',
      who,
      `${name} must be { data: Float32Array or Float64Array, shape }, got ${describe(data === undefined ? value : data)}`,
      `give a float array of shape ${wanted}`,
    )
  }
  const fits = shape.length === target.shape.length && shape.every((extent, i) => extent === target.shape[i])
  if (!fits || data.length !== sizeOf(target.shape)) {
    fail(
      'EVENKEEL_STATE',
      who,
      `${name} must have shape ${wanted}, got ${formatShape(shape)} with ${data.length} elements`,
      'load the state of a layer of the same size',
    )
  }
  const values = newArray(dtypeOf(target.data), data.length)
  values.set(data)
  const bad = values.findIndex((v) => !Number.isFinite(v) || (name === 'running_var' && v < 0))
  if (bad < 0) return values
  fail(
    'EVENKEEL_STATE',
    who,
    `${name} must be finite${name === 'running_var' ? ' and 0 or more' : ''}, got ${data[bad]} at ${bad}`,
    'mend the file that it came from; nothing was loaded',
  )
}

function isCounter(data: unknown): data is BigInt64Array {
  return typedArrayKind(data) === 'BigInt64Array'
}

/** The counter, or null where the dict has none (PyTorch wrote none before its version 2 of the format). */
function checkCounter(who: string, value: unknown): number | null {
  if (value === undefined) return null
  const data = (value as Partial<StateTensor> | null)?.data
  const typed = isFloatArray(data) || isCounter(data)
  const count = typed && data.length === 1 ? Number(data[0]) : Number.NaN
  if (Number.isSafeInteger(count) && count >= 0) return count
  const came = typed && data.length === 1 ? `[${data[0]}]` : describe(data === undefined ? value : data)
  fail(
    'EVENKEEL_STATE',
    who,
    `${COUNTER} must be { data: BigInt64Array of one count from 0 up, shape: [] }, got ${came}`,
    'leave it out if it is unknown',
  )
}
