import { GroupNorm, groupNorm, InstanceNorm, LayerNorm } from '../../src/index.js'
import { filled, onBatch, onRows, plain, type Row, some, used, wrong } from './scene.js'

// Inputs that a layer cannot normalize.

export const FORWARD: readonly Row[] = [
  [
    'float64 in a float32 layer',
    'EVENKEEL_DTYPE',
    /BatchNorm: input must be float32 as the layer is, got float64; convert/,
    onBatch((l) => l.forward(some([4, 3, 5], 'float64'))),
  ],
  [
    'rank 1',
    'EVENKEEL_SHAPE',
    /BatchNorm: input must be \[N, C, \.\.\.space\] of rank 2 to 5, got rank 1, \[3\]; add/,
    onBatch((l) => l.forward(some([3]))),
  ],
  ['rank 6', 'EVENKEEL_SHAPE', /got rank 6, .*; join/, onBatch((l) => l.forward(some([4, 3, 1, 1, 1, 1])))],
  [
    'rank 2 in InstanceNorm',
    'EVENKEEL_SHAPE',
    /InstanceNorm: .* rank 3 to 5, got rank 2/,
    plain(() => new InstanceNorm(3).forward(some([4, 3]))),
  ],
  [
    'other channels',
    'EVENKEEL_SHAPE',
    /expected 3 channels in dimension 1 of \[N, C, \.\.\.space\], got 4 in \[4, 4, 5\]; construct/,
    onBatch((l) => l.forward(some([4, 4, 5]))),
  ],
  [
    'channels at the end',
    'EVENKEEL_SHAPE',
    /got 5 in \[4, 5, 3\]; if the channels are last, set layout: 'channels-last'/,
    onBatch((l) => l.forward(some([4, 5, 3]))),
  ],
  [
    'channels in front, though they shall be last',
    'EVENKEEL_SHAPE',
    /if the channels are in dimension 1, set layout: 'channels-first'/,
    () =>
      used(new GroupNorm(1, 3, { layout: 'channels-last' }), some([4, 5, 3]), (l) =>
        l.forward(some([4, 3, 5])),
      ),
  ],
  [
    'another last extent',
    'EVENKEEL_SHAPE',
    /LayerNorm: input must end in normalizedShape \[8\], got \[8, 4\]; reshape/,
    onRows((l) => l.forward(some([8, 4]))),
  ],
  [
    'fewer dimensions than normalizedShape',
    'EVENKEEL_SHAPE',
    /normalizedShape \[4, 8\], got \[8\]/,
    plain(() => new LayerNorm([4, 8]).forward(some([8]))),
  ],
  [
    'no channels in the input',
    'EVENKEEL_SHAPE',
    /at least one channel, got \[2, 0, 3\]; mend/,
    plain(() => groupNorm(some([2, 0, 3]), { groups: 1 })),
  ],
  [
    'one value per channel',
    'EVENKEEL_STATISTICS',
    /BatchNorm: training needs more than one value per channel .* got 1 from shape \[1, 3\]; use a larger batch .* LayerNorm or GroupNorm.* eval\(\)/,
    onBatch((l) => l.forward(some([1, 3]))),
  ],
  [
    'one value per channel with space',
    'EVENKEEL_STATISTICS',
    /got 1 from shape \[1, 3, 1, 1\]/,
    onBatch((l) => l.forward(some([1, 3, 1, 1]))),
  ],
  [
    'an empty batch',
    'EVENKEEL_STATISTICS',
    /got 0 from shape \[0, 3, 5\]/,
    onBatch((l) => l.forward(some([0, 3, 5]))),
  ],
  [
    'an empty space',
    'EVENKEEL_STATISTICS',
    /got 0 from shape \[4, 3, 0\]/,
    onBatch((l) => l.forward(some([4, 3, 0]))),
  ],
  [
    'one value of space',
    'EVENKEEL_STATISTICS',
    /InstanceNorm: needs more than one value per channel of a sample .*; use BatchNorm or LayerNorm/,
    plain(() => new InstanceNorm(3).forward(some([4, 3, 1]))),
  ],
  [
    'one value per group',
    'EVENKEEL_STATISTICS',
    /GroupNorm: needs more than one value per group .*; use fewer groups/,
    plain(() => new GroupNorm(4, 4).forward(some([2, 4]))),
  ],
  [
    'NaN in a batch',
    'EVENKEEL_STATISTICS',
    /statistics are not finite in channel 0 \(mean NaN, variance NaN\); .* look for NaN/,
    onBatch((l) => l.forward(filled([4, 3, 5], Number.NaN))),
  ],
  [
    'infinity in a batch',
    'EVENKEEL_STATISTICS',
    /not finite in channel 0/,
    onBatch((l) => l.forward(filled([4, 3, 5], Number.POSITIVE_INFINITY))),
  ],
  [
    'NaN in a sample, with running averages',
    'EVENKEEL_STATISTICS',
    /InstanceNorm: .* not finite in channel 0 of sample 0/,
    () =>
      used(new InstanceNorm(3, { runningAverage: { newWeight: 0.1 } }), some([4, 3, 5]), (l) =>
        l.forward(filled([4, 3, 5], Number.NaN)),
      ),
  ],
  [
    'a running variance that overflows',
    'EVENKEEL_STATISTICS',
    /would overflow float32; they were left as they are; scale/,
    onBatch((l) => l.forward(filled([4, 3, 5], 1e25))),
  ],
  [
    'an unknown option of forward',
    'EVENKEEL_OPTION',
    /LayerNorm: there is no option into; the options are out/,
    onRows((l) => l.forward(some([4, 8]), wrong({ into: 1 }))),
  ],
  [
    'a mode that is no switch',
    'EVENKEEL_OPTION',
    /train\(on\) must be true or false, got eval; try/,
    onBatch((l) => l.train(wrong('eval'))),
  ],
]
