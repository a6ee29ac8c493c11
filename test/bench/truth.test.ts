import { describe, expect, it } from 'vitest'
import { type BenchCase, benchCase, EPS, hasBias } from '../../bench/speed/cases.js'
import { drawInputs } from '../../bench/speed/data.js'
import { type Outputs, outputNames, Truth } from '../../bench/speed/truth.js'
import { type Plan, planBatch, planGroup, planRows } from '../../src/engine/plan.js'
import { judge } from '../support/oracle.js'

// The benchmark's check of its contenders, held to the oracle of the tests: it must find that right, and every harm wrong.

const SHAPES = [
  benchCase('LayerNorm', 'plain', [5, 12], 'forward'),
  benchCase('RMSNorm', 'plain', [5, 12], 'forward'),
  benchCase('BatchNorm', 'plain', [9, 6], 'forward'),
  benchCase('BatchNorm', 'channels-first', [3, 4, 5, 2], 'forward'),
  benchCase('BatchNorm', 'channels-last', [3, 5, 2, 4], 'forward'),
  benchCase('BatchNorm', 'channels-last', [3, 5, 2, 4], 'inference'),
  benchCase('GroupNorm', 'plain', [5, 64], 'forward'),
  benchCase('GroupNorm', 'channels-first', [2, 64, 3, 2], 'forward'),
  benchCase('GroupNorm', 'channels-last', [2, 3, 2, 64], 'forward'),
  benchCase('InstanceNorm', 'channels-first', [2, 3, 4, 2], 'forward'),
  benchCase('InstanceNorm', 'channels-last', [2, 4, 2, 3], 'forward'),
]
const CASES = [
  ...SHAPES,
  ...SHAPES.filter(({ op }) => op === 'forward').map(({ layer, layout, shape }) =>
    benchCase(layer, layout, shape, 'backward'),
  ),
]

function planOf({ layer, layout, shape, groups, op }: BenchCase): Plan {
  if (layer === 'LayerNorm' || layer === 'RMSNorm') {
    const spec = { normalizedShape: [shape[1]], eps: EPS, centred: layer === 'LayerNorm' }
    return planRows(layer, shape, 'float32', spec)
  }
  const channelLayout = layout === 'channels-last' ? layout : 'channels-first'
  const spec = { layout: channelLayout, eps: EPS, given: op === 'inference' } as const
  if (layer === 'BatchNorm') return planBatch(layer, shape, 'float32', spec)
  const split = layer === 'GroupNorm' ? groups : 'channels'
  return planGroup(layer, shape, 'float32', { ...spec, groups: split })
}

/** The oracle's results, rounded to float32. */
function rightOutputs(bench: BenchCase): Outputs {
  const plan = planOf(bench)
  const { x, dy, weight, bias, mean, variance } = drawInputs(bench)
  const zeros = new Float32Array(plan.affineLength)
  const verdict = judge(
    plan,
    {
      x,
      weight,
      bias: hasBias(bench) ? bias : null,
      mean: Float64Array.from(mean),
      variance: Float64Array.from(variance),
    },
    { dy, dweight: zeros, dbias: zeros },
  )
  const { y, dx, dweight, dbias } = verdict
  const round = (judged: { value: readonly number[] } | null) => Float32Array.from(judged!.value)
  return { y: round(y), dx: round(dx), dweight: round(dweight), dbias: round(dbias) }
}

describe.each(CASES)('$name', (bench) => {
  const outputs = rightOutputs(bench)
  const truth = new Truth(bench, drawInputs(bench))

  it('agrees with the oracle', () => {
    expect(truth.fault(outputs)).toBeNull()
  })

  it.each(outputNames(bench))('finds %s wrong where one element is', (name) => {
    for (const wrong of [Number.NaN, 1.01 * outputs[name]!.reduce((a, b) => Math.max(a, Math.abs(b))) + 1]) {
      const harmed = outputs[name]!.slice()
      harmed[1] = wrong
      expect(truth.fault({ ...outputs, [name]: harmed })).toContain(`${name} is off by`)
    }
  })
})
