import { type Plan, planBatch, planGroup, planRows } from '../../src/engine/plan.js'
import { Random, seedOf } from '../../src/selftest/random.js'

// What the accuracy table measures: layers in shapes that networks have, under inputs that are hard on float32.

/** A norm on one shape, and how PyTorch says it. */
export interface Row {
  readonly name: string
  readonly plan: Plan
  /** torch.nn.functional's name and what it takes; channels-last tensors get PyTorch's channels_last memory format. */
  readonly torch: { readonly op: string; readonly groups?: number; readonly channelsLast: boolean }
}

export interface Input {
  readonly name: string
  /** True: each slot holds one number everywhere, so that the output is exactly the bias. */
  readonly constant?: boolean
  value(random: Random, slot: number): number
}

export interface Buffers {
  readonly x: Float32Array
  readonly dy: Float32Array
  readonly weight: Float32Array
  readonly bias: Float32Array
}

const EPS = 1e-5
const first = { layout: 'channels-first', eps: EPS } as const
const last = { layout: 'channels-last', eps: EPS } as const

function rows(name: string, op: string, shape: [number, number]): Row {
  const spec = { normalizedShape: [shape[1]], eps: EPS, centred: op !== 'rms_norm' }
  return { name, plan: planRows(name, shape, 'float32', spec), torch: { op, channelsLast: false } }
}

/** A norm of [N, H, W, C] or [N, C, H, W]. */
function image(name: string, op: string, extents: [number, number, number], groups?: number): Row[] {
  const [samples, channels, side] = extents
  return [first, last].map((spec) => {
    const channelsLast = spec === last
    const shape = channelsLast ? [samples, side, side, channels] : [samples, channels, side, side]
    const plan =
      op === 'batch_norm'
        ? planBatch(name, shape, 'float32', spec)
        : planGroup(name, shape, 'float32', { ...spec, groups: groups ?? 'channels' })
    return { name: `${name} ${spec.layout}`, plan, torch: { op, groups, channelsLast } }
  })
}

export const ROWS: readonly Row[] = [
  rows('LayerNorm', 'layer_norm', [64, 768]),
  rows('LayerNorm, long rows', 'layer_norm', [2, 200_000]),
  rows('RMSNorm', 'rms_norm', [64, 768]),
  {
    name: 'BatchNorm [N, C]',
    plan: planBatch('BatchNorm', [1024, 64], 'float32', first),
    torch: { op: 'batch_norm', channelsLast: false },
  },
  ...image('BatchNorm', 'batch_norm', [16, 32, 14]),
  ...image('GroupNorm', 'group_norm', [4, 64, 14], 32),
  ...image('InstanceNorm', 'instance_norm', [4, 32, 28]),
]

export const INPUTS: readonly Input[] = [
  ...[0, 1e2, 1e4, 1e6].map((mean) => ({
    name: `mean/sigma ${mean === 0 ? 0 : mean.toExponential().replace('+', '')}`,
    value: (random: Random) => mean + random.normal(),
  })),
  { name: 'constant 1e8', constant: true, value: (_, slot) => 1e8 + 1e5 * slot },
  { name: 'times 1e30', value: (random) => 1e30 * random.normal() },
]

/** Weights of 1 and -1, so that the output keeps unit variance. */
export function drawBuffers({ name, plan }: Row, input: Input, slotOf: (i: number) => number): Buffers {
  const random = new Random(seedOf(`${name}, ${input.name}`))
  return {
    x: new Float32Array(plan.size).map((_, i) => input.value(random, slotOf(i))),
    dy: new Float32Array(plan.size).map(() => random.normal()),
    weight: new Float32Array(plan.affineLength).map(() => random.pick([1, -1])),
    bias: new Float32Array(plan.affineLength).map(() => random.normal()),
  }
}
