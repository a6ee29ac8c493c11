import { BatchNorm, type StateDict } from '../../src/index.js'
import { circular, detached, onBatch, type Row, some, used, wrong } from './scene.js'

// State dicts that do not fit.

/** The state of a BatchNorm(3), with some entries replaced, or removed if their value is undefined. */
function stateWith(changes: Record<string, unknown>): StateDict {
  const state: Record<string, unknown> = { ...new BatchNorm(3).stateDict(), ...changes }
  for (const [name, entry] of Object.entries(state)) if (entry === undefined) delete state[name]
  return state as StateDict
}
const under = (prefix: string, dict: object) =>
  Object.fromEntries(Object.entries(dict).map(([name, value]) => [prefix + name, value]))
/** A linear layer, two norms that fit, and one of another size. */
const model = () => ({
  ...under('fc.', { weight: entry(1, 2, 3), bias: entry(1, 2, 3) }),
  ...under('bn1.', stateWith({})),
  ...under('bn2.', stateWith({})),
  ...under('bn3.', new BatchNorm(4, { bias: false }).stateDict()),
})
const entry = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] })
const loading = (changes: Record<string, unknown>) => onBatch((l) => l.loadStateDict(stateWith(changes)))

export const STATE_DICTS: readonly Row[] = [
  [
    'a missing name',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks running_var; give this layer's names (weight, bias, running_mean, running_var, num_batches_tracked), or construct it with the options that the saved one had.",
    loading({ running_var: undefined }),
  ],
  [
    'an unexpected name',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict has unexpected gamma; give this layer's names (weight, bias, running_mean, running_var, num_batches_tracked), or construct it with the options that the saved one had.",
    loading({ gamma: entry(1, 1, 1) }),
  ],
  [
    'one name under a prefix',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks weight and has unexpected bn1.weight; give this layer's names (weight, bias, running_mean, running_var, num_batches_tracked), or construct it with the options that the saved one had.",
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
    'a bare array of another length',
    'EVENKEEL_STATE',
    'BatchNorm: bias must have shape [3], got 4 elements; load the state of a layer of the same size.',
    loading({ bias: new Float32Array(4) }),
  ],
  [
    'a list of lists',
    'EVENKEEL_STATE',
    'BatchNorm: bias must have shape [3], got [3, 3] with 5 elements; load the state of a layer of the same size.',
    loading({ bias: [[1, 2, 3], 2, 3] }),
  ],
  [
    'null, as JSON writes NaN',
    'EVENKEEL_STATE',
    'BatchNorm: bias must be finite, got null at 1; correct the file that it came from; nothing was loaded.',
    loading({ bias: { data: [1, null, 3], shape: [3] } }),
  ],
  [
    'a shape that is no array',
    'EVENKEEL_STATE',
    'BatchNorm: bias must be { data, shape } of a Float32Array, a Float64Array or a plain array, or the data alone, got [1, 2, 3]; give numbers of shape [3].',
    loading({ bias: { data: [1, 2, 3], shape: 3 } }),
  ],
  [
    'an entry that is no data',
    'EVENKEEL_STATE',
    'BatchNorm: bias must be { data, shape } of a Float32Array, a Float64Array or a plain array, or the data alone, got { values: [1, 2, 3] }; give numbers of shape [3].',
    loading({ bias: { values: [1, 2, 3] } }),
  ],
  [
    'an entry that is null',
    'EVENKEEL_STATE',
    'BatchNorm: bias must be { data, shape } of a Float32Array, a Float64Array or a plain array, or the data alone, got null; give numbers of shape [3].',
    loading({ bias: null }),
  ],
  [
    'a shape that contains itself',
    'EVENKEEL_STATE',
    'BatchNorm: bias must have shape [3], got [8, [8, Array of 2]] with 3 elements; load the state of a layer of the same size.',
    loading({ bias: { data: new Float32Array(3), shape: circular() } }),
  ],
  [
    'a symbol in a shape',
    'EVENKEEL_STATE',
    'BatchNorm: bias must have shape [3], got [Symbol(n)] with 3 elements; load the state of a layer of the same size.',
    loading({ bias: { data: new Float32Array(3), shape: [Symbol('n')] } }),
  ],
  [
    'NaN in the weight',
    'EVENKEEL_STATE',
    'BatchNorm: weight must be finite, got NaN at 1; correct the file that it came from; nothing was loaded.',
    loading({ weight: entry(1, Number.NaN, 1) }),
  ],
  [
    'a negative variance',
    'EVENKEEL_STATE',
    'BatchNorm: running_var must be finite and 0 or more, got -1 at 2; correct the file that it came from; nothing was loaded.',
    loading({ running_var: entry(1, 1, -1) }),
  ],
  [
    'a number beyond float32',
    'EVENKEEL_STATE',
    "BatchNorm: running_mean must fit into float32, got 1e+300 at 0; construct the layer with dtype: 'float64'; nothing was loaded.",
    loading({ running_mean: { data: Float64Array.of(1e300, 0, 0), shape: [3] } }),
  ],
  [
    'a negative counter',
    'EVENKEEL_STATE',
    'BatchNorm: num_batches_tracked must be one count from 0 to 2^53, as in { data: BigInt64Array.of(12n), shape: [] } or 12, got -1n; leave it out if it is unknown.',
    loading({ num_batches_tracked: { data: BigInt64Array.of(-1n), shape: [] } }),
  ],
  [
    'half a batch',
    'EVENKEEL_STATE',
    'BatchNorm: num_batches_tracked must be one count from 0 to 2^53, as in { data: BigInt64Array.of(12n), shape: [] } or 12, got 5.5; leave it out if it is unknown.',
    loading({ num_batches_tracked: 5.5 }),
  ],
  [
    'more batches than can be counted',
    'EVENKEEL_STATE',
    'BatchNorm: num_batches_tracked must be one count from 0 to 2^53, as in { data: BigInt64Array.of(12n), shape: [] } or 12, got 9007199254740994n; leave it out if it is unknown.',
    loading({ num_batches_tracked: 2n ** 53n + 2n }),
  ],
  [
    'two counters',
    'EVENKEEL_STATE',
    'BatchNorm: num_batches_tracked must be one count from 0 to 2^53, as in { data: BigInt64Array.of(12n), shape: [] } or 12, got [1, 2]; leave it out if it is unknown.',
    loading({ num_batches_tracked: [1, 2] }),
  ],
  [
    'no dict',
    'EVENKEEL_STATE',
    'BatchNorm: a state dict must be an object of names and values, got null; pass what stateDict() returns.',
    onBatch((l) => l.loadStateDict(wrong(null))),
  ],
  [
    'a dict as text',
    'EVENKEEL_STATE',
    "BatchNorm: a state dict must be an object of names and values, got '{}'; pass what JSON.parse() makes of it.",
    onBatch((l) => l.loadStateDict(wrong('{}'))),
  ],
  [
    'a map',
    'EVENKEEL_STATE',
    'BatchNorm: a state dict must be an object of names and values, got Map; pass Object.fromEntries(map).',
    onBatch((l) => l.loadStateDict(wrong(new Map(Object.entries(stateWith({})))))),
  ],
  [
    'whole numbers as the weight',
    'EVENKEEL_STATE',
    'BatchNorm: weight must be { data, shape } of a Float32Array, a Float64Array or a plain array, or the data alone, got Int32Array of 3; give numbers of shape [3].',
    loading({ weight: { data: new Int32Array(3), shape: [3] } }),
  ],
  [
    'running averages that the layer does not keep',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict has unexpected running_mean, running_var, num_batches_tracked; give this layer's names (weight, bias), or construct it with the options that the saved one had.",
    () => {
      const layer = new BatchNorm(3, { runningAverage: false })
      return used(layer, some([4, 3]), (l) => l.loadStateDict(stateWith({})))
    },
  ],
  [
    "a module's names",
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks weight, bias, running_mean, running_var and has unexpected layer1.0.bn1.weight, layer1.0.bn1.bias, layer1.0.bn1.running_mean, layer1.0.bn1.running_var, layer1.0.bn1.num_batches_tracked; pass { prefix: 'layer1.0.bn1' }.",
    onBatch((l) => l.loadStateDict(under('layer1.0.bn1.', stateWith({})))),
  ],
  [
    "a model's names, of which two modules fit",
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks weight, bias, running_mean, running_var and has unexpected fc.weight, fc.bias, bn1.weight, bn1.bias, bn1.running_mean, bn1.running_var and 10 more; pass { prefix: 'bn1' }, or 'bn2'.",
    onBatch((l) => l.loadStateDict(model())),
  ],
  [
    "the prefix of another layer's names",
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks running_mean, running_var under the prefix 'fc.'; pass { prefix: 'bn1' }, or 'bn2'.",
    onBatch((l) => l.loadStateDict(model(), { prefix: 'fc.' })),
  ],
  [
    'a prefix that no name has',
    'EVENKEEL_STATE',
    "BatchNorm: the state dict lacks weight, bias, running_mean, running_var under the prefix 'bn'; pass { prefix: 'bn1' }, or 'bn2'.",
    onBatch((l) => l.loadStateDict(model(), { prefix: 'bn' })),
  ],
  [
    'a prefix that is no text',
    'EVENKEEL_OPTION',
    "BatchNorm: prefix must be a text, got 1; give what stands before the layer's names, as in 'layer1.0.bn1'.",
    onBatch((l) => l.loadStateDict(model(), { prefix: wrong(1) })),
  ],
  [
    'a prefix without its name',
    'EVENKEEL_OPTION',
    "BatchNorm: options must be an object, got 'bn1'; write { prefix: ... }; the options are prefix.",
    onBatch((l) => l.loadStateDict(model(), wrong('bn1'))),
  ],
  [
    "a layer's own array that was transferred",
    'EVENKEEL_BUFFER',
    "BatchNorm: the layer's own bias needs 3 elements, got 0: its buffer was transferred; construct a new layer, and load the last state that was saved; send copies, as stateDict() makes them.",
    () => {
      const layer = new BatchNorm(3)
      detached(layer.bias!)
      return {
        call: () => layer.loadStateDict(stateWith({ weight: [2, 2, 2] })),
        arrays: [layer.weight!.data],
      }
    },
  ],
  [
    'the state of a layer whose own array was transferred',
    'EVENKEEL_BUFFER',
    "BatchNorm: the layer's own weight needs 3 elements, got 0: its buffer was transferred; construct a new layer, and load the last state that was saved; send copies, as stateDict() makes them.",
    () => {
      const layer = new BatchNorm(3)
      detached(layer.weight!)
      return { call: () => layer.stateDict() }
    },
  ],
]
