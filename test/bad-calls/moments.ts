import { Moments, mergeMoments, moments, normalize } from '../../src/index.js'
import { plain, type Row, some, wrong } from './scene.js'

// Moments: taking, merging, reading and normalizing by them.

const perChannel = () => moments(some([4, 3]))
const init = (changes: object) => wrong({ ...perChannel(), ...changes })

export const MOMENTS: readonly Row[] = [
  [
    'moments of a list',
    'EVENKEEL_DTYPE',
    'moments: input must be { data: Float32Array or Float64Array, shape }, got [1, 2]; convert it: Float32Array.from(data), and pass tensor(data, shape).',
    plain(() => moments(wrong([1, 2]))),
  ],
  [
    'moments about something else',
    'EVENKEEL_OPTION',
    "moments: about must be 'mean' or 'zero', got 0; give one of these.",
    plain(() => moments(some([4, 3]), { about: wrong(0) })),
  ],
  [
    'moments per group and per row',
    'EVENKEEL_OPTION',
    'moments: groups is of channels, and the moments are per row; leave out groups, or normalizedShape.',
    plain(() => moments(some([4, 6]), { groups: 2, normalizedShape: 6 })),
  ],
  [
    'moments of groups that do not divide',
    'EVENKEEL_SHAPE',
    'moments: channels (6) must be divisible by groups (4); try groups: 3.',
    plain(() => moments(some([4, 6]), { groups: 4 })),
  ],
  [
    'moments by an unknown option',
    'EVENKEEL_OPTION',
    'moments: there is no option axis; try layout; the options are layout, groups, normalizedShape, about, eps.',
    plain(() => moments(some([4, 6]), wrong({ axis: 1 }))),
  ],
  [
    'a merge of nothing',
    'EVENKEEL_OPTION',
    'mergeMoments: needs Moments to merge, got none; pass one or more, as in mergeMoments(a, b).',
    plain(() => mergeMoments()),
  ],
  [
    'a merge of a list',
    'EVENKEEL_OPTION',
    'mergeMoments: part 1 must be Moments, got [1]; pass what moments() returned, or Moments.fromBytes() or fromJSON() of what was sent.',
    plain(() => mergeMoments(wrong([1]))),
  ],
  [
    'a merge of other slots',
    'EVENKEEL_SHAPE',
    'mergeMoments: all parts must be of one shape, got 3 slots of 3 channels, about the mean, and as part 2 2 slots of rows of [3], about zero; take them with the same options, of inputs with as many slots.',
    plain(() => mergeMoments(perChannel(), moments(some([2, 3]), { normalizedShape: 3, about: 'zero' }))),
  ],
  [
    'moments with too few means',
    'EVENKEEL_SHAPE',
    'Moments: mean must have one number per slot (3), got [1]; give count, mean and m2 of the same length.',
    plain(() => new Moments(init({ mean: [1] }))),
  ],
  [
    'moments without a count',
    'EVENKEEL_SHAPE',
    'Moments: count must have one number per slot, got undefined; give count, mean and m2 of the same length.',
    plain(() => new Moments(wrong(undefined))),
  ],
  [
    'moments of half an element',
    'EVENKEEL_STATISTICS',
    'Moments: count must be a whole number from 0 up, and m2 0 or more, got 0.5 and 1 in slot 1; give the number of elements, and the sum of their squared differences from the mean.',
    plain(() => new Moments(init({ count: [1, 0.5, 1], m2: [1, 1, 1] }))),
  ],
  [
    'moments of more slots than channels',
    'EVENKEEL_SHAPE',
    'Moments: 4 channels have 4 slots, got 3; give count, mean and m2 one value per slot.',
    plain(() => new Moments(init({ shape: { scope: 'channel', channels: 4 } }))),
  ],
  [
    'moments of half a sample',
    'EVENKEEL_SHAPE',
    'Moments: 2 groups of each sample have a multiple of 2 slots, got 3; give count, mean and m2 one value per slot.',
    plain(() => new Moments(init({ shape: { scope: 'group', channels: 4, groups: 2 } }))),
  ],
  [
    'moments of another scope',
    'EVENKEEL_OPTION',
    "Moments: shape.scope must be 'channel', 'group' or 'row', got 'batch'; give one of these.",
    plain(() => new Moments(init({ shape: { scope: 'batch' } }))),
  ],
  [
    'bytes that are no array',
    'EVENKEEL_BUFFER',
    'fromBytes: needs a Uint8Array, got [1]; pass what toBytes() returned.',
    plain(() => Moments.fromBytes(wrong([1]))),
  ],
  [
    'bytes of something else',
    'EVENKEEL_BUFFER',
    'fromBytes: these 30 bytes are no Moments; pass what toBytes() returned, whole.',
    plain(() => Moments.fromBytes(new Uint8Array(30))),
  ],
  [
    'bytes of another version',
    'EVENKEEL_BUFFER',
    'fromBytes: these bytes are of version 9, this is 1; read them with the evenkeel that wrote them, or a newer one.',
    plain(() => Moments.fromBytes(perChannel().toBytes().fill(9, 4, 5))),
  ],
  [
    'bytes that were cut',
    'EVENKEEL_BUFFER',
    'fromBytes: Moments of 3 slots have 104 bytes, got 103; pass what toBytes() returned, whole.',
    plain(() => Moments.fromBytes(perChannel().toBytes().subarray(0, 103))),
  ],
  [
    'bytes that were cut within the header',
    'EVENKEEL_BUFFER',
    'fromBytes: these 7 bytes are no Moments; pass what toBytes() returned, whole.',
    plain(() => Moments.fromBytes(perChannel().toBytes().subarray(0, 7))),
  ],
  [
    'bytes of no known scope',
    'EVENKEEL_BUFFER',
    'fromBytes: the header of these bytes is of no Moments; pass what toBytes() returned, as it came.',
    plain(() => Moments.fromBytes(perChannel().toBytes().fill(7, 8, 9))),
  ],
  [
    'bytes about nothing known',
    'EVENKEEL_BUFFER',
    'fromBytes: the header of these bytes is of no Moments; pass what toBytes() returned, as it came.',
    plain(() => Moments.fromBytes(perChannel().toBytes().fill(5, 12, 13))),
  ],
  [
    'JSON without about',
    'EVENKEEL_OPTION',
    "fromJSON: about must be 'mean' or 'zero', got undefined; give one of these.",
    plain(() => Moments.fromJSON({ ...perChannel().toJSON(), about: undefined })),
  ],
  [
    'JSON with a hole among its numbers',
    'EVENKEEL_OPTION',
    'fromJSON: mean must be a list of numbers, got undefined; pass what toJSON() returned.',
    plain(() => Moments.fromJSON({ ...perChannel().toJSON(), mean: [undefined, 1, 2] })),
  ],
  [
    'Moments of text',
    'EVENKEEL_OPTION',
    "Moments: mean must hold numbers, got 'foo'; give count, mean and m2 as lists of numbers, such as Float64Arrays.",
    plain(() => new Moments(init({ mean: ['foo', 1, 2] }))),
  ],
  [
    'Moments about zero with a mean',
    'EVENKEEL_STATISTICS',
    "Moments: about zero the mean is taken as 0, got 5 in slot 1; give a mean of 0, or about: 'mean'.",
    plain(() => new Moments(init({ about: 'zero', mean: [0, 5, 0] }))),
  ],
  [
    'normalize by an m2 that has left float64',
    'EVENKEEL_STATISTICS',
    'normalize: m2 is Infinity in slot 0: the squared differences from the mean have left float64; scale the input down before its moments are taken.',
    plain(() => normalize(some([4, 3]), init({ m2: [Number.POSITIVE_INFINITY, 1, 1] }))),
  ],
  [
    'JSON as text',
    'EVENKEEL_OPTION',
    "fromJSON: needs what toJSON() returns, got '{}'; pass JSON.parse(text).",
    plain(() => Moments.fromJSON('{}')),
  ],
  [
    'JSON of something else',
    'EVENKEEL_OPTION',
    'fromJSON: needs what toJSON() returns, got { mean: [0] }; pass the value, read back by JSON.parse().',
    plain(() => Moments.fromJSON({ mean: [0] })),
  ],
  [
    'JSON of another version',
    'EVENKEEL_OPTION',
    'fromJSON: this is of version 2, known is 1; read it with the evenkeel that wrote it, or a newer one.',
    plain(() => Moments.fromJSON({ ...perChannel().toJSON(), version: 2 })),
  ],
  [
    'JSON with other words for numbers',
    'EVENKEEL_OPTION',
    "fromJSON: m2 must be a list of numbers, got 'many'; pass what toJSON() returned.",
    plain(() => Moments.fromJSON({ ...perChannel().toJSON(), m2: [1, 'many', 2] })),
  ],
  [
    'normalize by statistics of another form',
    'EVENKEEL_OPTION',
    'normalize: the second argument must be Moments, got { mean: [0], variance: [1] }; pass what moments() returned, or Moments.fromBytes() or fromJSON() of what was sent.',
    plain(() => normalize(some([4, 3]), wrong({ mean: [0], variance: [1] }))),
  ],
  [
    'normalize by moments of other channels',
    'EVENKEEL_SHAPE',
    'normalize: the moments are of 3 channels, but an input of [4, 4], channels-first, has 4; give an input with 3, or set layout to where they are.',
    plain(() => normalize(some([4, 4]), perChannel())),
  ],
  [
    'normalize by moments of fewer samples',
    'EVENKEEL_SHAPE',
    'normalize: an input of [4, 6] has 8 slots (2 groups of 6 channels), but the moments have 4; pass moments of an input with as many samples.',
    plain(() => normalize(some([4, 6]), moments(some([2, 6]), { groups: 2 }))),
  ],
  [
    'normalize rows by a layout',
    'EVENKEEL_OPTION',
    'normalize: layout is of channels, and the moments are per row; leave out layout.',
    plain(() =>
      normalize(some([4, 6]), moments(some([4, 6]), { normalizedShape: 6 }), { layout: 'channels-last' }),
    ),
  ],
  [
    'normalize with a short weight',
    'EVENKEEL_BUFFER',
    'normalize: weight needs 3 elements, got 2; give one for each channel.',
    plain(() => normalize(some([4, 3]), perChannel(), { weight: new Float32Array(2) })),
  ],
]
