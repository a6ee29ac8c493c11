import { GroupNorm, groupNorm, InstanceNorm, instanceNorm, LayerNorm } from '../../src/index.js'
import { detached, filled, onBatch, onRows, plain, type Row, some, used, wrong } from './scene.js'

// Inputs that a layer cannot normalize.

export const FORWARD: readonly Row[] = [
  [
    'float64 in a float32 layer',
    'EVENKEEL_DTYPE',
    "BatchNorm: input must be float32 as the layer is, got float64; convert it, or construct the layer with dtype: 'float64'.",
    onBatch((l) => l.forward(some([4, 3, 5], 'float64'))),
  ],
  [
    'rank 1',
    'EVENKEEL_SHAPE',
    'BatchNorm: input must be [N, C, ...space] of rank 2 or more, got rank 1, [3]; give the batch and the channels, as in [32, 64] for 32 samples of 64 channels.',
    onBatch((l) => l.forward(some([3]))),
  ],
  [
    'rank 2 in InstanceNorm',
    'EVENKEEL_SHAPE',
    "InstanceNorm: an input of rank 2 is one sample, [C, L]: expected 3 channels in dimension 0, got 4 in [4, 3]; for [N, C], without space, use BatchNorm or LayerNorm; for [L, C] set layout: 'channels-last'.",
    plain(() => new InstanceNorm(3).forward(some([4, 3]))),
  ],
  [
    'rank 2 in instanceNorm',
    'EVENKEEL_SHAPE',
    'instanceNorm: input must be [N, C, ...space] of rank 3 or more, got rank 2, [4, 3]; give one sample as [1, C, L]; for [N, C], without space, use BatchNorm or LayerNorm.',
    plain(() => instanceNorm(some([4, 3]))),
  ],
  [
    'a sample without channels',
    'EVENKEEL_SHAPE',
    "InstanceNorm: an input of rank 2 is one sample, [L, C]: expected 3 channels in dimension 1, got 0 in [4, 0]; for [N, C], without space, use BatchNorm or LayerNorm; for [C, L] set layout: 'channels-first'.",
    plain(() => new InstanceNorm(3, { layout: 'channels-last' }).forward(some([4, 0]))),
  ],
  [
    'one value of space in a sample alone',
    'EVENKEEL_STATISTICS',
    'InstanceNorm: needs more than one value per channel of a sample (space), got 1 from shape [3, 1]; use BatchNorm or LayerNorm where there is no space to average over.',
    plain(() => new InstanceNorm(3).forward(some([3, 1]))),
  ],
  [
    'other channels',
    'EVENKEEL_SHAPE',
    "BatchNorm: expected 3 channels in dimension 1 of [N, C, ...space], got 4 in [4, 4, 5]; construct the layer with 4 channels, or correct the input's shape.",
    onBatch((l) => l.forward(some([4, 4, 5]))),
  ],
  [
    'channels at the end',
    'EVENKEEL_SHAPE',
    "BatchNorm: expected 3 channels in dimension 1 of [N, C, ...space], got 5 in [4, 5, 3]; if the channels are last, set layout: 'channels-last'.",
    onBatch((l) => l.forward(some([4, 5, 3]))),
  ],
  [
    'channels in front, though they shall be last',
    'EVENKEEL_SHAPE',
    "GroupNorm: expected 3 channels in dimension 2 of [N, ...space, C], got 5 in [4, 3, 5]; if the channels are in dimension 1, set layout: 'channels-first'.",
    () =>
      used(new GroupNorm(1, 3, { layout: 'channels-last' }), some([4, 5, 3]), (l) =>
        l.forward(some([4, 3, 5])),
      ),
  ],
  [
    'another last extent',
    'EVENKEEL_SHAPE',
    'LayerNorm: input must end in normalizedShape [8], got [8, 4]; give an input that ends in [8], or the last dimensions of yours as normalizedShape; for dimensions further in front pass axis.',
    onRows((l) => l.forward(some([8, 4]))),
  ],
  [
    'fewer dimensions than normalizedShape',
    'EVENKEEL_SHAPE',
    'LayerNorm: input must end in normalizedShape [4, 8], got [8]; give an input that ends in [4, 8], or the last dimensions of yours as normalizedShape; for dimensions further in front pass axis.',
    plain(() => new LayerNorm([4, 8]).forward(some([8]))),
  ],
  [
    'no channels in the input',
    'EVENKEEL_SHAPE',
    "groupNorm: input must have at least one channel, got [2, 0, 3]; correct the input's shape.",
    plain(() => groupNorm(some([2, 0, 3]), { groups: 1 })),
  ],
  [
    'one value per channel',
    'EVENKEEL_STATISTICS',
    'BatchNorm: training needs more than one value per channel (batch x space), got 1 from shape [1, 3]; use a larger batch (merge or drop a short last one), use LayerNorm or GroupNorm, which need no batch, or use running averages: eval() of a layer, the option statistics of batchNorm().',
    onBatch((l) => l.forward(some([1, 3]))),
  ],
  [
    'one value per channel with space',
    'EVENKEEL_STATISTICS',
    'BatchNorm: training needs more than one value per channel (batch x space), got 1 from shape [1, 3, 1, 1]; use a larger batch (merge or drop a short last one), use LayerNorm or GroupNorm, which need no batch, or use running averages: eval() of a layer, the option statistics of batchNorm().',
    onBatch((l) => l.forward(some([1, 3, 1, 1]))),
  ],
  [
    'one value of space',
    'EVENKEEL_STATISTICS',
    'InstanceNorm: needs more than one value per channel of a sample (space), got 1 from shape [4, 3, 1]; use BatchNorm or LayerNorm where there is no space to average over.',
    plain(() => new InstanceNorm(3).forward(some([4, 3, 1]))),
  ],
  [
    'one value per group',
    'EVENKEEL_STATISTICS',
    'GroupNorm: needs more than one value per group (channels x space), got 1 from shape [2, 4]; use fewer groups.',
    plain(() => new GroupNorm(4, 4).forward(some([2, 4]))),
  ],
  [
    'one value in the only group',
    'EVENKEEL_STATISTICS',
    'GroupNorm: needs more than one value per group (channels x space), got 1 from shape [2, 1]; use BatchNorm, which averages over the batch.',
    plain(() => new GroupNorm(1, 1).forward(some([2, 1]))),
  ],
  [
    'NaN in a batch',
    'EVENKEEL_STATISTICS',
    "BatchNorm: the batch's statistics are not finite in channel 0 (mean NaN, variance NaN); the running averages were left as they are; look for NaN or Infinity in the input, or a learning rate that is too high.",
    onBatch((l) => l.forward(filled([4, 3, 5], Number.NaN))),
  ],
  [
    'infinity in a batch',
    'EVENKEEL_STATISTICS',
    "BatchNorm: the batch's statistics are not finite in channel 0 (mean NaN, variance NaN); the running averages were left as they are; look for NaN or Infinity in the input, or a learning rate that is too high.",
    onBatch((l) => l.forward(filled([4, 3, 5], Number.POSITIVE_INFINITY))),
  ],
  [
    'NaN in a sample, with running averages',
    'EVENKEEL_STATISTICS',
    "InstanceNorm: the batch's statistics are not finite in channel 0 of sample 0 (mean NaN, variance NaN); the running averages were left as they are; look for NaN or Infinity in the input, or a learning rate that is too high.",
    () =>
      used(new InstanceNorm(3, { runningAverage: { newWeight: 0.1 } }), some([4, 3, 5]), (l) =>
        l.forward(filled([4, 3, 5], Number.NaN)),
      ),
  ],
  [
    'a running variance that overflows',
    'EVENKEEL_STATISTICS',
    "BatchNorm: the running averages of channel 0 would overflow float32; they were left as they are; scale the input down, or use dtype: 'float64'.",
    onBatch((l) => l.forward(filled([4, 3, 5], 1e25))),
  ],
  [
    'an unknown option of forward',
    'EVENKEEL_OPTION',
    'LayerNorm: there is no option into; try out; the options are out, workspace.',
    onRows((l) => l.forward(some([4, 8]), wrong({ into: 1 }))),
  ],
  [
    'a mode that is no switch',
    'EVENKEEL_OPTION',
    "BatchNorm: the argument of train() must be true or false, got 'eval'; call eval() to leave training mode.",
    onBatch((l) => l.train(wrong('eval'))),
  ],
  [
    'an option of forward that is nearly one',
    'EVENKEEL_OPTION',
    'LayerNorm: there is no option output; try out; the options are out, workspace.',
    onRows((l) => l.forward(some([4, 8]), wrong({ output: some([4, 8]) }))),
  ],
  [
    'a tensor in the place of the options',
    'EVENKEEL_OPTION',
    'LayerNorm: options must be an object of options, got a tensor of [4, 8]; to write the result into a tensor, pass { out: tensor }.',
    onRows((l) => l.forward(some([4, 8]), wrong(some([4, 8])))),
  ],
  [
    'an array in the place of the options',
    'EVENKEEL_OPTION',
    'LayerNorm: options must be an object of options, got Float32Array of 32; to write the result into a tensor, pass { out: tensor }.',
    onRows((l) => l.backward(some([4, 8]), wrong(new Float32Array(32)))),
  ],
  [
    'an option of forward that is unlike any',
    'EVENKEEL_OPTION',
    'LayerNorm: there is no option training; the options are out, workspace.',
    onRows((l) => l.forward(some([4, 8]), wrong({ training: true }))),
  ],
  [
    'a weight that was detached',
    'EVENKEEL_BUFFER',
    'LayerNorm: weight needs 8 elements, got a detached or empty array; give one for each normalized element; copy an array before its buffer is transferred.',
    () => {
      const layer = new LayerNorm(8)
      detached(layer.weight!)
      return { call: () => layer.forward(some([4, 8])) }
    },
  ],
]
