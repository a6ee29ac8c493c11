import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type BatchNorm,
  GroupNorm,
  type Layer,
  type LayerNorm,
  type Recommendation,
  type RecommendOptions,
  type RMSNorm,
  recommend,
} from '../src/index.js'
import { THRESHOLDS } from '../src/recommend.js'
import { expectError, randomTensor } from './layers/support.js'

const { convBatch, denseBatch } = THRESHOLDS
const ROWS: readonly { asked: RecommendOptions; norm: Recommendation['norm']; args: unknown[] }[] = [
  { asked: { kind: 'dense', batchSize: denseBatch, channels: 10 }, norm: 'BatchNorm', args: [10, {}] },
  { asked: { kind: 'dense', batchSize: denseBatch - 1, channels: 10 }, norm: 'LayerNorm', args: [10, {}] },
  { asked: { kind: 'conv', batchSize: convBatch, channels: 64 }, norm: 'BatchNorm', args: [64, {}] },
  {
    asked: { kind: 'conv', batchSize: convBatch - 1, channels: 256 },
    norm: 'GroupNorm',
    args: [32, 256, {}],
  },
  {
    asked: { kind: 'conv', batchSize: 1, channels: 64, layout: 'channels-last' },
    norm: 'GroupNorm',
    args: [32, 64, { layout: 'channels-last' }],
  },
  {
    asked: { kind: 'conv', batchSize: 64, channels: 8, layout: 'channels-last' },
    norm: 'BatchNorm',
    args: [8, { layout: 'channels-last' }],
  },
  {
    asked: { kind: 'conv', batchSize: 64, channels: 8, task: 'style', spatial: 64 },
    norm: 'InstanceNorm',
    args: [8, { affine: true }],
  },
  { asked: { kind: 'sequence', batchSize: 64, channels: 768 }, norm: 'LayerNorm', args: [768, {}] },
  {
    asked: { kind: 'sequence', batchSize: 1, channels: 768, prefer: 'speed' },
    norm: 'RMSNorm',
    args: [768, {}],
  },
]

test.each(ROWS)('$asked: $norm', ({ asked, norm, args }) => {
  const advice = recommend(asked)
  expect(advice.norm).toBe(norm)
  expect(advice.args).toEqual(args)
  expect(advice.options).toBe(advice.args.at(-1))
  expect(advice.reason).toContain(norm === 'BatchNorm' ? `${asked.batchSize} ` : norm)
  const last = asked.layout === 'channels-last' || asked.kind !== 'conv'
  const shape = last ? [2, 3, asked.channels] : [2, asked.channels, 3]
  const layer = advice.create()
  expect(layer.name).toBe(norm)
  const input = asked.kind === 'dense' ? [6, asked.channels] : shape
  expect(layer.forward(randomTensor(input, 'float32')).shape).toEqual(input)
})

describe('groups: the divisor nearest to 32 that leaves two channels and 16 values to a group', () => {
  test.each([
    { channels: 1, groups: 1 },
    { channels: 2, groups: 1 },
    { channels: 31, groups: 1 },
    { channels: 32, groups: 16 },
    { channels: 48, groups: 24 },
    { channels: 96, groups: 32 },
    { channels: 240, groups: 30 },
    // 31 and 33 are as near: the larger.
    { channels: 31 * 33 * 2, groups: 33 },
    { channels: 2 ** 53 - 1, groups: 1 },
    { channels: 2 ** 53 - 2, groups: 30 },
    { channels: 2 ** 52, spatial: 2 ** 53 - 1, groups: 32 },
    { channels: 120 * 7, groups: 30 },
    { channels: 200, groups: 25 },
    { channels: 1024, groups: 32 },
    { channels: 64, spatial: 1, groups: 4 },
    { channels: 64, spatial: 4, groups: 16 },
    { channels: 4, spatial: 2, groups: 1 },
  ])('$channels channels, spatial $spatial: $groups', ({ channels, spatial, groups }) => {
    expect(recommend({ kind: 'conv', batchSize: 2, channels, spatial }).args[0]).toBe(groups)
  })
})

test.each<{ title: string; options: unknown; message: string | RegExp }>([
  { title: 'no options', options: undefined, message: /recommend: options must be an object, got undefined/ },
  {
    title: 'an unknown kind',
    options: { kind: 'linear', batchSize: 4, channels: 4 },
    message: "recommend: kind must be 'dense', 'conv' or 'sequence', got 'linear'; try 'dense'.",
  },
  {
    title: 'a batch size of 0',
    options: { kind: 'conv', batchSize: 0, channels: 4 },
    message:
      'recommend: batchSize must be a whole number from 1 up, got 0; give its extent, as in batchSize: 64.',
  },
  {
    title: 'no channels',
    options: { kind: 'conv', batchSize: 4 },
    message:
      'recommend: channels must be a whole number from 1 up, got undefined; give its extent, as in channels: 64.',
  },
  {
    title: 'a misspelt option',
    options: { kind: 'conv', batchsize: 4, channels: 4 },
    message: /there is no option batchsize; try batchSize;/,
  },
  {
    title: 'space of a dense layer',
    options: { kind: 'dense', batchSize: 4, channels: 4, spatial: 9 },
    message: "recommend: spatial means nothing for kind 'dense'; leave it out, or set kind: 'conv'.",
  },
  {
    title: 'style of one pixel',
    options: { kind: 'conv', batchSize: 4, channels: 4, spatial: 1, task: 'style' },
    message:
      "recommend: task: 'style' needs space to take each channel's statistics over, got spatial: 1; leave task out.",
  },
])('refuses $title', ({ options, message }) => {
  expectError(() => recommend(options as RecommendOptions), 'EVENKEEL_OPTION', message)
})

test('the layer is made without a cast, by create() or of its arguments', () => {
  const advice = recommend({ kind: 'conv', batchSize: 2, channels: 64, layout: 'channels-last' })
  expectTypeOf(advice.create()).toExtend<Layer>()
  if (advice.norm !== 'GroupNorm') return expect.fail(advice.norm)
  expectTypeOf(advice.create()).toEqualTypeOf<GroupNorm>()
  const { groups, channels, layout } = new GroupNorm(...advice.args)
  expect(advice.create()).toMatchObject({ groups, channels, layout })
  expect(advice.create()).not.toBe(advice.create())
})

test('the types: a norm, its arguments and what it makes go together', () => {
  type Of<Norm extends Recommendation['norm']> = Extract<Recommendation, { norm: Norm }>
  expectTypeOf<ReturnType<Of<'BatchNorm'>['create']>>().toEqualTypeOf<BatchNorm>()
  expectTypeOf<ReturnType<Of<'LayerNorm'>['create']>>().toEqualTypeOf<LayerNorm>()
  expectTypeOf<ReturnType<Of<'RMSNorm'>['create']>>().toEqualTypeOf<RMSNorm>()
})
