import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { bytesOf, type ResultType } from '../../src/data/element-types.js'
import { l2Normalize } from '../../src/data/l2-normalize.js'
import { encodeSafetensors } from '../../src/data/safetensors.js'
import { Standardizer } from '../../src/data/standardizer.js'
import { openReader } from '../../src/files/open.js'
import {
  BatchNorm,
  type FloatArray,
  GroupNorm,
  info,
  LayerNorm,
  layerNorm,
  rmsNorm,
  setThreads,
  type Tensor,
} from '../../src/index.js'
import { apply } from '../../src/jobs/apply.js'
import type { ApplySettings } from '../../src/jobs/apply-file.js'
import { normalizeRows, type Operation, standardize } from '../../src/jobs/operation.js'
import { applyLayer, type TrainedLayer } from '../../src/jobs/trained-layer.js'
import { newFolder, numbers, writeNpy } from './files.js'

// What apply writes: the numbers that the functions of the library give for the whole file at once. Which runs, and what
// is refused: manifest.test.ts.

const folder = newFolder()
const at = (name: string) => join(folder, name)
const SHAPE = [60, 5, 4, 3]
const size = 60 * 5 * 4 * 3
const narrow = { data: numbers(new Float32Array(size), 1), shape: SHAPE }
const wide = { data: numbers(new Float64Array(size), 2), shape: SHAPE }
writeNpy(at('narrow.npy'), SHAPE, narrow.data)
writeNpy(at('wide.npy'), SHAPE, wide.data)
// Rows of 2^18 numbers: a chunk has 4 of them, so this file has several.
const LONG = { data: numbers(new Float32Array(11 * 2 ** 18), 3), shape: [11, 2 ** 18] }
writeNpy(at('long.npy'), LONG.shape, LONG.data)

let run = 0
beforeEach(() => {
  run++
})

/** Applies, and returns the bytes of the result's numbers. */
async function applied(name: string, operation: Operation, options: ApplySettings = {}): Promise<Buffer> {
  const to = at(`out-${run}`)
  await apply({ inputs: [at(name)], to, operation, options })
  const file = readFileSync(join(to, name))
  const reader = await openReader(join(to, name))
  await reader.close()
  const [rows] = JSON.parse(reader.header).shape
  expect(reader.rows).toBe(rows)
  return file.subarray(file.readUInt16LE(8) + 10)
}

const equals = (data: FloatArray, type: ResultType) => Buffer.from(bytesOf(data, type))
const options = { axis: 1 }
const standardizer = new Standardizer(options).partialFit(narrow)
const fitted = { standardizer, names: null }

describe('statistics', () => {
  it.each<[string, string, Tensor, ResultType | undefined, 'float32' | 'float64']>([
    ['float32', 'narrow.npy', narrow, undefined, 'float32'],
    ['float32 to float16', 'narrow.npy', narrow, 'float16', 'float32'],
    ['float32 to float64', 'narrow.npy', narrow, 'float64', 'float64'],
    ['float64', 'wide.npy', wide, undefined, 'float64'],
    ['float64 to float32', 'wide.npy', wide, 'float32', 'float32'],
    ['float64 to float16', 'wide.npy', wide, 'float16', 'float64'],
  ])('of %s', async (_, name, x, dtype, computed) => {
    const y = standardizer.transform(x, { dtype: computed })
    const written = await applied(name, standardize(fitted, false), { dtype })
    expect(written.equals(equals(y.data, dtype ?? computed))).toBe(true)
  })

  it('inverse', async () => {
    const written = await applied('narrow.npy', standardize(fitted, true))
    expect(written.equals(equals(standardizer.inverseTransform(narrow).data, 'float32'))).toBe(true)
  })

  it.each([1, 2])('of several chunks, on %i threads', async (count) => {
    const { threads } = info()
    setThreads(count)
    const long = new Standardizer({ axis: null }).partialFit(LONG)
    const written = await applied('long.npy', standardize({ standardizer: long, names: null }, false))
    setThreads(threads)
    expect(written.equals(equals(long.transform(LONG).data, 'float32'))).toBe(true)
  })

  it('to safetensors', async () => {
    const to = at('safetensors')
    const operation = standardize(fitted, false)
    await apply({ inputs: [at('narrow.npy')], to, operation, options: { format: 'safetensors' } })
    const reader = await openReader(join(to, 'narrow.safetensors'))
    const rows: Tensor[] = []
    for await (const x of reader.chunks(SHAPE[0])) rows.push(x)
    await reader.close()
    expect(rows).toEqual([standardizer.transform(narrow)])
  })
})

describe('norms of rows', () => {
  const last = { normalizedShape: 3 }
  const first = { normalizedShape: 5, axis: 1 }
  it.each<[string, Operation, Tensor]>([
    ['layer', normalizeRows('layer', -1, undefined), layerNorm(narrow, last).y],
    ['layer over axis 1', normalizeRows('layer', 1, 1e-3), layerNorm(narrow, { ...first, eps: 1e-3 }).y],
    ['rms', normalizeRows('rms', -1, undefined), rmsNorm(narrow, last).y],
    ['l2', normalizeRows('l2', -1, undefined), l2Normalize(narrow)],
  ])('%s', async (_, operation, y) => {
    expect((await applied('narrow.npy', operation)).equals(equals(y.data, 'float32'))).toBe(true)
  })

  it.each<[string, string, ResultType]>([
    ['float32 to float64', 'narrow.npy', 'float64'],
    ['float64 to float32', 'wide.npy', 'float32'],
  ])('%s: float64 computes', async (_, name, dtype) => {
    const x = { data: Float64Array.from(name === 'wide.npy' ? wide.data : narrow.data), shape: SHAPE }
    const y = rmsNorm(x, last).y.data
    const expected = dtype === 'float32' ? Float32Array.from(y) : y
    const written = await applied(name, normalizeRows('rms', -1, undefined), { dtype })
    expect(written.equals(equals(expected, dtype))).toBe(true)
  })
})

describe('a trained layer', () => {
  const list = (length: number, seed: number) => numbers(new Float32Array(length), seed)
  const tensor = (data: Float32Array) => ({ data, shape: [data.length] })
  const five = {
    weight: tensor(list(5, 1)),
    bias: tensor(list(5, 2)),
    running_mean: tensor(list(5, 3)),
    running_var: tensor(list(5, 4).map((v) => v * v + 0.5)),
  }
  const rows = { weight: tensor(list(3, 5)), bias: tensor(list(3, 6)) }
  const affine = { weight: five.weight, bias: five.bias }
  const model = Object.fromEntries([
    ...Object.entries(five).map(([name, value]) => [`bn1.${name}`, value]),
    ...Object.entries(rows).map(([name, value]) => [`head.norm.${name}`, value]),
    ['conv.weight', tensor(list(7, 7))],
  ])
  writeFileSync(at('model.safetensors'), encodeSafetensors(model))
  writeFileSync(at('bn.json'), JSON.stringify(new BatchNorm(5).loadStateDict(five).stateDict()))
  writeFileSync(at('affine.safetensors'), encodeSafetensors(affine))
  const batch = new BatchNorm(5).loadStateDict(five).eval()
  const file = at('model.safetensors')
  const bn1: TrainedLayer = { file, prefix: 'bn1.', axis: 1 }

  it.each<[string, TrainedLayer, () => Tensor]>([
    ['batch norm', bn1, () => batch.forward(narrow)],
    ['batch norm of JSON', { file: at('bn.json'), axis: 1 }, () => batch.forward(narrow)],
    [
      'batch norm with the eps of Keras',
      { ...bn1, eps: 1e-3 },
      () => new BatchNorm(5, { eps: 1e-3 }).loadStateDict(five).eval().forward(narrow),
    ],
    ['layer norm', { file, prefix: 'head.norm' }, () => new LayerNorm(3).loadStateDict(rows).forward(narrow)],
    [
      'group norm of one group',
      { file: at('affine.safetensors'), groups: 1, axis: 1 },
      () => new GroupNorm(1, 5).loadStateDict(affine).forward(narrow),
    ],
    [
      'instance norm',
      { file: at('affine.safetensors'), norm: 'instance', axis: 1 },
      () => new GroupNorm(5, 5).loadStateDict(affine).forward(narrow),
    ],
  ])('%s', async (_, trained, forward) => {
    const written = await applied('narrow.npy', await applyLayer(trained))
    expect(written.equals(equals(forward().data, 'float32'))).toBe(true)
  })

  it('in float64 for files of float64', async () => {
    const exact = new BatchNorm(5, { dtype: 'float64' }).loadStateDict(five).eval()
    const written = await applied('wide.npy', await applyLayer(bn1))
    expect(written.equals(equals(exact.forward(wide).data, 'float64'))).toBe(true)
  })

  it.each<[string, TrainedLayer, RegExp]>([
    ['a model without a prefix', { file }, /it has 7 tensors, such as bn1\.weight, .*; give the prefix/],
    ['a prefix of nothing', { file, prefix: 'bn2.' }, /there is no layer with the prefix 'bn2\.'/],
    [
      'another norm',
      { ...bn1, norm: 'layer' },
      /model\.safetensors: LayerNorm: the state dict has unexpected bn1\.running/,
    ],
    [
      'groups that are missing',
      { file: at('affine.safetensors'), norm: 'group' },
      /needs the number of its groups; give groups/,
    ],
    ['a file that is none', { file: at('narrow.npy') }, /this is no sound safetensors file/],
  ])('refuses %s', async (_, trained, message) => {
    await expect(applyLayer(trained)).rejects.toThrow(message)
  })

  it('refuses files that do not fit, and leaves no output', async () => {
    await expect(applied('narrow.npy', await applyLayer({ ...bn1, axis: -1 }))).rejects.toThrow(
      /narrow\.npy: BatchNorm: .*channels/,
    )
  })
})
