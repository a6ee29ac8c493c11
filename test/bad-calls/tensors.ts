import { tensor } from '../../src/index.js'
import { detached, onRows, plain, type Row, some, wrong } from './scene.js'

// What is no tensor.

export const TENSORS: readonly Row[] = [
  [
    'too few elements',
    'EVENKEEL_BUFFER',
    /tensor: input of shape \[2, 3\] needs 6 elements, got 5; pass/,
    plain(() => tensor(new Float32Array(5), [2, 3])),
  ],
  [
    'a list of numbers',
    'EVENKEEL_DTYPE',
    /tensor: .* got \[1, 2\]; wrap/,
    plain(() => tensor(wrong([1, 2]), [2])),
  ],
  [
    'a negative extent',
    'EVENKEEL_SHAPE',
    /whole numbers from 0 up, got \[-1\]; give/,
    plain(() => tensor(new Float32Array(1), [-1])),
  ],
  [
    'half an extent',
    'EVENKEEL_SHAPE',
    /got \[0\.5, 2\]; give/,
    plain(() => tensor(new Float32Array(1), [0.5, 2])),
  ],
  [
    'no shape',
    'EVENKEEL_SHAPE',
    /shape must be an array .* got undefined; give/,
    onRows((l) => l.forward(wrong({ data: new Float32Array(8) }))),
  ],
  [
    'a bare array',
    'EVENKEEL_DTYPE',
    /LayerNorm: input must be \{ data.* got a bare array; wrap/,
    onRows((l) => l.forward(wrong(new Float32Array(8)))),
  ],
  [
    'nothing',
    'EVENKEEL_DTYPE',
    /LayerNorm: input .* got undefined; wrap/,
    onRows((l) => l.forward(wrong(undefined))),
  ],
  [
    'whole numbers',
    'EVENKEEL_DTYPE',
    /got Int32Array; wrap/,
    onRows((l) => l.forward(wrong({ data: new Int32Array(8), shape: [1, 8] }))),
  ],
  [
    'data that are too short',
    'EVENKEEL_BUFFER',
    /input of shape \[4, 8\] needs 32 elements, got 31/,
    onRows((l) => l.forward({ data: new Float32Array(31), shape: [4, 8] })),
  ],
  [
    'a detached input',
    'EVENKEEL_BUFFER',
    /needs 32 elements, got a detached or empty array; pass/,
    onRows((l) => l.forward(detached(some([4, 8])))),
  ],
]
