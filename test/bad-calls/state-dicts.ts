import { BatchNorm, type StateDict } from '../../src/index.js'
import { onBatch, type Row, wrong } from './scene.js'

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
    /BatchNorm: the state dict lacks running_var; give this layer's names/,
    loading({ running_var: undefined }),
  ],
  ['an unexpected name', 'EVENKEEL_STATE', /has unexpected gamma; give/, loading({ gamma: entry(1, 1, 1) })],
  [
    "a module's prefix",
    'EVENKEEL_STATE',
    /lacks weight.* and has unexpected bn1\.weight.*without the prefix/,
    loading({ weight: undefined, 'bn1.weight': entry(1, 1, 1) }),
  ],
  [
    'another size',
    'EVENKEEL_STATE',
    /weight must have shape \[3\], got \[4\] with 4 elements; load/,
    loading({ weight: entry(1, 2, 3, 4) }),
  ],
  [
    'another rank',
    'EVENKEEL_STATE',
    /bias must have shape \[3\], got \[3, 1\]/,
    loading({ bias: { data: new Float32Array(3), shape: [3, 1] } }),
  ],
  [
    'a bare array',
    'EVENKEEL_STATE',
    /bias must be \{ data.*; give a float array of shape \[3\]/,
    loading({ bias: new Float32Array(3) }),
  ],
  [
    'NaN in the weight',
    'EVENKEEL_STATE',
    /weight must be finite, got NaN at 1; mend/,
    loading({ weight: entry(1, Number.NaN, 1) }),
  ],
  [
    'a negative variance',
    'EVENKEEL_STATE',
    /running_var must be finite and 0 or more, got -1 at 2/,
    loading({ running_var: entry(1, 1, -1) }),
  ],
  [
    'a number beyond float32',
    'EVENKEEL_STATE',
    /running_mean must be finite, got 1e\+300 at 0/,
    loading({ running_mean: { data: Float64Array.of(1e300, 0, 0), shape: [3] } }),
  ],
  [
    'a negative counter',
    'EVENKEEL_STATE',
    /num_batches_tracked must be .* got \[-1\]; leave it out/,
    loading({ num_batches_tracked: { data: BigInt64Array.of(-1n), shape: [] } }),
  ],
  [
    'a counter that is a number',
    'EVENKEEL_STATE',
    /num_batches_tracked must be/,
    loading({ num_batches_tracked: 5 }),
  ],
  [
    'no dict',
    'EVENKEEL_STATE',
    /a state dict must be an object, got null; pass/,
    onBatch((l) => l.loadStateDict(wrong(null))),
  ],
]
