import type { FloatArray, StateDict } from '../src/index.js'
import type { DictChange } from './scenario.js'

/** A changed copy of a state dict, and whether it must be refused. */
export function changedDict(
  dict: StateDict,
  change: DictChange,
): [dict: Record<string, unknown>, bad: boolean] {
  const names = Object.keys(dict).filter((name) => name !== 'num_batches_tracked')
  const [name] = names
  if (change === 'through JSON') return [JSON.parse(JSON.stringify(dict)), false]
  if (change === 'unexpected') return [{ ...dict, surplus: [1] }, true]
  if (change === 'negative variance' && dict.running_var !== undefined) {
    return [
      {
        ...dict,
        running_var: { ...dict.running_var, data: (dict.running_var.data as FloatArray).map(() => -1) },
      },
      true,
    ]
  }
  if (change === 'none' || change === 'negative variance' || name === undefined) return [dict, false]
  const { [name]: first, ...others } = dict
  const data = first.data as FloatArray
  if (change === 'missing') return [others, true]
  if (change === 'short') return [{ ...dict, [name]: { ...first, data: data.subarray(1) } }, true]
  return [
    { ...dict, [name]: { ...first, data: data.map((value, i) => (i === 0 ? Number.NaN : value)) } },
    true,
  ]
}
