import { BatchNorm, type StateDict } from '../../src/index.js'
import { onBatch, type Row, some, used, wrong } from './scene.js'

// State dicts that do not fit.

/** The state of a BatchNorm(3), with some entries replaced or (undefined) left out. */
function stateWith(changes: Record<string, unknown>): StateDict {
  const state: Record<string, unknown> = { ...new BatchNorm(3).stateDict(), ...changes }
  for (const [name, entry] of Object.entries(state)) if (entry === undefined) delete state[name]
  return state as StateDict
}
const entry = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] })
const loading = (changes: Record<string, unknown>) => onBatch((l) => l.loadStateDict(stateWith(changes)))

export const STATE_DICTS: readonly Row[] = [
  [
    'a missing name',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks running_var; give this layer's names (weight, bias, running_mean, running_var, num_batches_tracked) without the prefix of its module, or construct it with the options that the saved one had.",
    loading({ running_var: undefined }),
  ],
  [
    'an unexpected name',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict has unexpected gamma; give this layer's names (weight, bias, running_mean, running_var, num_batches_tracked) without the prefix of its module, or construct it with the options that the saved one had.",
    loading({ gamma: entry(1, 1, 1) }),
  ],
  [
    "a module's prefix",
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks weight and has unexpected bn1.weight; give this layer's names (weight, bias, running_mean, running_var, num_batches_tracked) without the prefix of its module, or construct it with the options that the saved one had.",
    loading({ weight: undefined, 'bn1.weight': entry(1, 1, 1) }),
  ],
  [
    'another size',
    'EVENKEEL_STATE',
    'BatchNorm: weight must have shape [3], got [4] with 4 elements; load the state of a layer of the same size.',
    loading({ weight: entry(1, 2, 3, 4) }),
  ],
  [
    'another rank',
    'EVENKEEL_STATE',
    'BatchNorm: bias must have shape [3], got [3, 1] with 3 elements; load the state of a layer of the same size.',
    loading({ bias: { data: new Float32Array(3), shape: [3, 1] } }),
  ],
  [
    'a bare array',
    'EVENKEEL_STATE',
    'BatchNorm: bias must be { data: Float32Array or Float64Array, shape }, got Float32Array of 3; give a float array of shape [3].',
    loading({ bias: new Float32Array(3) }),
  ],
  [
    'NaN in the weight',
    'EVENKEEL_STATE',
    'BatchNorm: weight must be finite, got NaN at 1; mend the file that it came from; nothing was loaded.',
    loading({ weight: entry(1, Number.NaN, 1) }),
  ],
  [
    'a negative variance',
    'EVENKEEL_STATE',
    'BatchNorm: running_var must be finite and 0 or more, got -1 at 2; mend the file that it came from; nothing was loaded.',
    loading({ running_var: entry(1, 1, -1) }),
  ],
  [
    'a number beyond float32',
    'EVENKEEL_STATE',
    'BatchNorm: running_mean must be finite, got 1e+300 at 0; mend the file that it came from; nothing was loaded.',
    loading({ running_mean: { data: Float64Array.of(1e300, 0, 0), shape: [3] } }),
  ],
  [
    'a negative counter',
    'EVENKEEL_STATE',
    'BatchNorm: num_batches_tracked must be { data: BigInt64Array of one count from 0 up, shape: [] }, got [-1]; leave it out if it is unknown.',
    loading({ num_batches_tracked: { data: BigInt64Array.of(-1n), shape: [] } }),
  ],
  [
    'a counter that is a number',
    'EVENKEEL_STATE',
    'BatchNorm: num_batches_tracked must be { data: BigInt64Array of one count from 0 up, shape: [] }, got 5; leave it out if it is unknown.',
    loading({ num_batches_tracked: 5 }),
  ],
  [
    'no dict',
    'EVENKEEL_STATE',
    'BatchNorm: a state dict must be an object, got null; pass what stateDict() returns.',
    onBatch((l) => l.loadStateDict(wrong(null))),
  ],
  [
    'whole numbers as the weight',
    'EVENKEEL_STATE',
    'BatchNorm: weight must be { data: Float32Array or Float64Array, shape }, got Int32Array of 3; give a float array of shape [3].',
    loading({ weight: { data: new Int32Array(3), shape: [3] } }),
  ],
  [
    'running averages that the layer does not keep',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict has unexpected running_mean, running_var, num_batches_tracked; give this layer's names (weight, bias) without the prefix of its module, or construct it with the options that the saved one had.",
    () => {
      const layer = new BatchNorm(3, { runningAverage: false })
      return used(layer, some([4, 3]), (l) => l.loadStateDict(stateWith({})))
    },
  ],
]
