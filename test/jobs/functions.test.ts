import { execFileSync } from 'node:child_process'
import {
  existsSync,
  symlinkSync as linkTo,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Standardizer } from '../../src/data/standardizer.js'
import * as jobs from '../../src/jobs/index.js'
import { newFolder, numbers, writeChunks, writeNpy } from './files.js'

// evenkeel/jobs: that the options reach the jobs, and which are refused before a job begins.

const folder = newFolder()
const at = (name: string) => join(folder, name)
const SHAPE = [50, 3]
const data = numbers(new Float32Array(150), 1)
writeNpy(at('x.npy'), SHAPE, data)
const x = { data, shape: SHAPE }
const inputs = at('x.npy')

it('fits, merges, applies, undoes and verifies', async () => {
  const options = { preset: 'keras', axis: -1, withMean: false } as const
  expect(await jobs.fit(inputs, { ...options, out: at('stats.json') })).toMatchObject({
    files: 1,
    features: 3,
  })
  for (const index of [0, 1])
    await jobs.fit(inputs, { ...options, out: at('two'), shard: { index, count: 2 } })
  expect(await jobs.merge(at('two.shard-*'), { out: at('two.json') })).toMatchObject({
    parts: 2,
    features: 3,
  })
  expect(readFileSync(at('two.json'))).toEqual(readFileSync(at('stats.json')))
  const progress: number[] = []
  const done = await jobs.apply([inputs], {
    statistics: at('stats.json'),
    to: at('out'),
    dtype: 'float64',
    onProgress: (bytes) => progress.push(bytes),
  })
  expect(done).toMatchObject({ files: 1, resumed: 0, rows: 50 })
  expect(progress.at(-1)).toBeGreaterThan(600)
  const scaler = new Standardizer(options)
  scaler.partialFit(x)
  const { data: wanted } = scaler.transform(x, { dtype: 'float64' })
  const written = (name: string) => readFileSync(at(name)).subarray(-wanted.byteLength)
  expect(written('out/x.npy')).toEqual(Buffer.from(wanted.buffer))
  const undone = { statistics: scaler, inverse: true, to: at('back'), dtype: 'float32' } as const
  await jobs.apply(at('out/*.npy'), undone)
  expect(written('back/x.npy').length).toBeLessThan(wanted.byteLength + 200)
  expect(await jobs.verify(at('out'))).toEqual({ checked: 1, faults: [] })
  expect(await jobs.apply(inputs, { statistics: scaler, to: at('out'), dtype: 'float64' })).toMatchObject({
    resumed: 1,
  })
})

it('takes the bytes of a Standardizer for statistics', async () => {
  const scaler = new Standardizer()
  scaler.partialFit(x)
  writeFileSync(at('stats.safetensors'), scaler.toBytes())
  expect(await jobs.verify(at('stats.safetensors'))).toEqual({ checked: 1, faults: [] })
  await jobs.apply(inputs, { statistics: at('stats.safetensors'), to: at('by bytes') })
  await jobs.apply(inputs, { statistics: scaler, to: at('by value') })
  expect(readFileSync(at('by bytes/x.npy'))).toEqual(readFileSync(at('by value/x.npy')))
})

it.each([
  ['a norm', { norm: 'rms', eps: 1e-3 }],
  ['another norm', { norm: 'l2' }],
] as const)('applies %s', async (name, options) => {
  expect(await jobs.apply(inputs, { ...options, to: at(name) })).toMatchObject({ files: 1, rows: 50 })
})

it('is ended by a signal', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(jobs.fit(inputs, { out: at('aborted.json'), signal })).rejects.toThrow('enough')
  expect(existsSync(at('aborted.json'))).toBe(false)
})

it('applies the statistics as they were at the call', async () => {
  const scaler = new Standardizer()
  scaler.partialFit(x)
  const before = jobs.apply(inputs, { statistics: Standardizer.fromJSON(scaler.toJSON()), to: at('before') })
  const changed = jobs.apply(inputs, { statistics: scaler, to: at('changed') })
  await before
  scaler.partialFit({ data: data.subarray(0, 30), shape: [10, 3] })
  await changed
  expect(readFileSync(at('changed/x.npy'))).toEqual(readFileSync(at('before/x.npy')))
})

it('takes its arguments as they were at the call', async () => {
  let reads = 0
  const options = {
    norm: 'rms',
    get to() {
      reads++
      return at(`read ${reads}`)
    },
  } as const
  const paths = [inputs]
  const done = jobs.apply(paths, options)
  paths[0] = at('nowhere.npy')
  expect(await done).toMatchObject({ rows: 50 })
  expect(reads).toBe(1)
  expect(existsSync(at('read 1/x.npy'))).toBe(true)
})

it('does not replace what it reads', async () => {
  const bytes = readFileSync(at('x.npy'))
  linkTo(at('x.npy'), at('to-x.json'))
  for (const result of ['x.npy', 'to-x.json'])
    await expect(jobs.fit(inputs, { out: at(result) })).rejects.toMatchObject({
      code: 'EVENKEEL_FILE',
      message: expect.stringMatching(
        /x\.npy: the result, .*, would replace it; give the result another name/,
      ),
    })
  expect(readFileSync(at('x.npy'))).toEqual(bytes)
  const parts = [at('two.shard-0-of-2.json'), at('two.shard-1-of-2.json')]
  await expect(jobs.merge(parts, { out: parts[1] })).rejects.toThrow(/would replace it/)
  await expect(jobs.merge(parts, { out: at('x.npy') })).rejects.toThrow(/would replace it/)
  mkdirSync(at('links'))
  linkTo(at('x.npy'), at('links/x.npy'))
  const apart = jobs.apply(at('links/x.npy'), { norm: 'rms', to: folder, restart: true })
  await expect(apart).rejects.toThrow(/links\/x\.npy: an output would replace it/)
  expect(readFileSync(at('x.npy'))).toEqual(bytes)
})

it.skipIf(process.platform !== 'linux')(
  'is ended by a signal while nobody writes into its pipe',
  async () => {
    const pipe = at('pipe')
    execFileSync('mkfifo', [pipe])
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 50)
    const options = { out: at('piped.json'), inputFormat: 'npy', signal: controller.signal } as const
    await expect(jobs.fit(pipe, options)).rejects.toThrow('enough')
    // The open of the pipe ends only when somebody writes.
    writeFileSync(pipe, readFileSync(at('x.npy')))
  },
)

it.skipIf(process.platform !== 'linux')('closes its files when it is ended', async () => {
  writeChunks(at('long.npy'), 4, 1)
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(at('long.npy'))
      } catch {
        return false
      }
    })
  for (const job of ['fit', 'apply'] as const) {
    const controller = new AbortController()
    const options = {
      signal: controller.signal,
      onProgress: (done: number) => done > 0 && controller.abort(new Error('enough')),
    }
    const ended =
      job === 'fit'
        ? jobs.fit(at('long.npy'), { out: at('ended.json'), axis: 1, ...options })
        : jobs.apply(at('long.npy'), { norm: 'rms', to: at('ended'), ...options })
    await expect(ended).rejects.toThrow('enough')
    expect(isOpen()).toBe(false)
  }
})

const out = at('refused')
describe('refuses', () => {
  // What a program without types could pass.
  const fitting: [string, unknown, object, RegExp][] = [
    ['no options', inputs, [], /fit: options must be an object/],
    ['an option of another name', inputs, { output: 'x' }, /fit: there is no option output; try out/],
    ['no out', inputs, {}, /fit: out must be a path, got undefined; give one, as in 'stats.json'/],
    ['no inputs', [], { out }, /fit: inputs must be a path or a list of paths, got /],
    [
      'an input that is missing in the list',
      new Array(1).concat(at('x.npy')),
      { out },
      /fit: inputs must be a path/,
    ],
    ['an input that is no path', [1], { out }, /fit: inputs must be a path/],
    ['an unknown preset', inputs, { out, preset: 'spork' }, /fit: preset must be .* try 'spark'/],
    ['an axis of rows', inputs, { out, axis: 0 }, /fit: axis must be a whole number other than 0/],
    ['a format', inputs, { out, inputFormat: 'cvs' }, /fit: inputFormat must be .*; try 'csv'/],
    ['no columns', inputs, { out, columns: [] }, /fit: columns must be a list of names and numbers/],
    ['columns of npy', inputs, { out, columns: [0] }, /npy has no columns to choose from; leave out columns/],
    ['a tensor of npy', inputs, { out, tensor: 'x' }, /npy has no tensors with names; leave out tensor/],
    ['columns', inputs, { out, columns: 'a,b' }, /fit: columns must be a list of names and numbers/],
    ['a shard', inputs, { out, shard: '0/4' }, /fit: shard must be \{ index, count \}/],
    ['a shard outside', inputs, { out, shard: { index: 4, count: 4 } }, /index from 0 to count - 1/],
    ['restart', inputs, { out, restart: 'yes' }, /fit: restart must be true or false/],
    ['a signal', inputs, { out, signal: {} }, /fit: signal must be an AbortSignal/],
    ['onProgress', inputs, { out, onProgress: 1 }, /fit: onProgress must be a function/],
  ]
  it.each(fitting)('fit with %s', async (_, given, options, message) => {
    const refused = jobs.fit(given as string, options as { out: string })
    await expect(refused).rejects.toMatchObject({
      code: 'EVENKEEL_OPTION',
      message: expect.stringMatching(message),
    })
  })

  const statistics = new Standardizer()
  statistics.partialFit(x)
  const applying: [string, object, RegExp][] = [
    ['no folder', { statistics }, /apply: to must be a path/],
    ['nothing to apply', { to: out }, /there is nothing to apply; give the statistics of fit, or norm, or/],
    ['two operations', { to: out, statistics, norm: 'rms' }, /fit and norm are two operations/],
    [
      'an address',
      { to: out, statistics: new URL('file:///x') },
      /must be a path or a Standardizer, got URL/,
    ],
    ['statistics', { to: out, statistics: {} }, /apply: statistics must be a path or a Standardizer, got /],
    ['an axis', { to: out, statistics, axis: 1 }, /axis is that of the statistics; give it to fit/],
    ['inverse of a norm', { to: out, norm: 'rms', inverse: true }, /inverse is of statistics alone/],
    ['a prefix', { to: out, norm: 'rms', prefix: 'bn1.' }, /prefix and groups are of layer; leave them out/],
    ['an untrained norm', { to: out, norm: 'batch' }, /norm batch needs a trained layer; give the file of/],
    ['a trained l2', { to: out, norm: 'l2', layer: 'x' }, /norm l2 has no trained layer/],
    ['eps of l2', { to: out, norm: 'l2', eps: 1 }, /norm l2 has no eps/],
    ['an unknown norm', { to: out, norm: 'lyer' }, /norm must be .*; try 'layer'/],
    ['a negative eps', { to: out, norm: 'rms', eps: -1 }, /apply: eps must be/],
    ['an axis of rows', { to: out, norm: 'rms', axis: 0 }, /axis must be a whole number other than 0/],
    ['groups', { to: out, layer: 'x', groups: 0 }, /groups must be a whole number from 1 up/],
    ['a type', { to: out, statistics, dtype: 'int8' }, /dtype must be 'float16', 'float32' or 'float64'/],
    ['a format', { to: out, statistics, format: 'txt' }, /format must be 'npy', /],
  ]
  it.each(applying)('apply with %s', async (_, options, message) => {
    const refused = jobs.apply(inputs, options as { to: string })
    await expect(refused).rejects.toMatchObject({
      code: 'EVENKEEL_OPTION',
      message: expect.stringMatching(message),
    })
    expect(existsSync(out)).toBe(false)
  })

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['merge without parts', () => jobs.merge([], { out }), /merge: parts must be a path/],
    ['merge without out', () => jobs.merge('x', {} as { out: string }), /merge: out must be a path/],
    ['verify of nothing', () => jobs.verify('' as string), /verify: path must be a path/],
  ])('%s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message)
  })
})
