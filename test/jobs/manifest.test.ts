import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ApplyJob, apply } from '../../src/jobs/apply.js'
import { normalizeRows } from '../../src/jobs/operation.js'
import { verify } from '../../src/jobs/verify.js'
import { namesIn, newFolder, numbers, writeNpy } from './files.js'

// Runs of apply that ended early, what later runs do, and what is refused.

const folder = newFolder()
const source = join(folder, 'in')
const to = join(folder, 'out')
const MANIFEST = join(to, 'evenkeel-manifest.jsonl')
const NAMES = ['a.npy', 'b.npy', 'c.npy', 'd.npy']
const input = (name: string) => join(source, name)
const layer = normalizeRows('layer', -1, undefined)
const job: ApplyJob = { inputs: [join(source, '*.npy')], to, operation: layer }
/** Rows of 2^18 numbers: 4 are a chunk. */
const write = (name: string, seed: number, rows = 6) =>
  writeNpy(input(name), [rows, 2 ** 18], numbers(new Float32Array(rows * 2 ** 18), seed))

mkdirSync(source)
for (const [i, name] of NAMES.entries()) write(name, i)
await apply({ ...job, to: join(folder, 'expected') })
cpSync(source, join(folder, 'kept'), { recursive: true, preserveTimestamps: true })

beforeEach(() => {
  rmSync(to, { recursive: true, force: true })
  cpSync(join(folder, 'kept'), source, { recursive: true, preserveTimestamps: true })
})

function checkOutputs(): void {
  for (const name of NAMES) {
    const [was, is] = ['expected', 'out'].map((each) => readFileSync(join(folder, each, name)))
    expect(is.equals(was)).toBe(true)
  }
}

/** A run that dies when it has read so many bytes. */
async function cut(bytes: number): Promise<void> {
  const onProgress = (done: number) => {
    if (done >= bytes) throw new Error('killed')
  }
  await expect(apply(job, { onProgress })).rejects.toThrow('killed')
}

const FILE_BYTES = 6 * 2 ** 18 * 4

describe('a later run', () => {
  it('does what an earlier one did not finish', async () => {
    await cut(2.5 * FILE_BYTES)
    expect(namesIn(to)).toEqual(['a.npy', 'b.npy', 'evenkeel-manifest.jsonl'])
    expect((await verify(to)).faults).toEqual([`${MANIFEST}: the job did not come to its end`])
    expect(await apply(job)).toMatchObject({ files: 4, resumed: 2, rows: 12 })
    checkOutputs()
    expect(await verify(to)).toEqual({ checked: 4, faults: [] })
  })

  it('writes again what was not noted, or is gone, and removes what a killed one left', async () => {
    await cut(2.5 * FILE_BYTES)
    // The line of b.npy was torn. a.npy was removed. c.npy was being written.
    const lines = readFileSync(MANIFEST, 'utf8').split('\n')
    writeFileSync(MANIFEST, [...lines.slice(0, 3), lines[3].slice(0, 20)].join('\n'))
    rmSync(join(to, 'a.npy'))
    writeFileSync(join(to, '.c.npy.0123456789ab.evenkeel-partial'), 'half')
    writeFileSync(join(to, '.e.npy.0123456789ab.evenkeel-partial'), 'of another job')
    expect(await apply(job)).toMatchObject({ resumed: 0 })
    checkOutputs()
    expect((await verify(to)).faults).toEqual([
      `${join(to, '.e.npy.0123456789ab.evenkeel-partial')}: it is left over from a killed process`,
    ])
  })

  it.each([
    ['it was named', {}],
    ['it was named, with other options', { options: { dtype: 'float64' } as const }],
  ])('knows the first output again, if it was not noted after %s', async (_, other) => {
    await cut(1.5 * FILE_BYTES)
    writeFileSync(MANIFEST, `${readFileSync(MANIFEST, 'utf8').split('\n').slice(0, 2).join('\n')}\n`)
    expect(namesIn(to)).toEqual(['a.npy', 'evenkeel-manifest.jsonl'])
    expect(await apply({ ...job, ...other })).toMatchObject({ files: 4, resumed: 0 })
    expect(await verify(to)).toEqual({ checked: 4, faults: [] })
  })

  it('takes new inputs', async () => {
    rmSync(input('d.npy'))
    await apply(job)
    write('d.npy', 3)
    expect(await apply(job)).toMatchObject({ files: 4, resumed: 3 })
    checkOutputs()
    expect(await verify(to)).toEqual({ checked: 4, faults: [] })
  })

  it.each<[string, () => void, Partial<ApplyJob>, RegExp]>([
    [
      'another operation',
      () => {},
      { operation: normalizeRows('rms', -1, undefined) },
      /the option norm was 'layer', and is 'rms'/,
    ],
    [
      'another type',
      () => {},
      { options: { dtype: 'float16' } },
      /the option dtype was not given, and is 'float16'/,
    ],
    [
      'a longer input',
      () => write('b.npy', 1, 7),
      {},
      /b\.npy: it is not as in the earlier run: it had \d+ bytes/,
    ],
    [
      'a touched input',
      () => utimesSync(input('a.npy'), 1, 1),
      {},
      /a\.npy: it is not as in the earlier run: it was changed/,
    ],
    [
      'a changed output',
      () => appendFileSync(join(to, 'a.npy'), 'x'),
      {},
      /out.a\.npy: it had 6291584 bytes when it was written/,
    ],
    [
      'the outputs of another number of shards',
      () => {},
      { shard: { index: 0, count: 2 } },
      /out: it has outputs of the whole job, and this is shard 0 of 2/,
    ],
    [
      'outputs that no manifest names',
      () => rmSync(MANIFEST),
      {},
      /out.a\.npy: it exists, and no manifest names it/,
    ],
    ['a damaged manifest', () => appendFileSync(MANIFEST, '{"a\n'), {}, /line \d is damaged/],
    [
      'a foreign manifest',
      () => writeFileSync(MANIFEST, '{"format":"other"}\n'),
      {},
      /it is no evenkeel\.manifest, but 'other'/,
    ],
    [
      'lines of others',
      () => appendFileSync(MANIFEST, '{"output":"a.npy"}\n'),
      {},
      /it has lines that evenkeel does not write; /,
    ],
    [
      'a manifest of another version',
      () => writeFileSync(MANIFEST, readFileSync(MANIFEST, 'utf8').replace('"evenkeel":"', '"evenkeel":"9')),
      {},
      /it was made by evenkeel 9/,
    ],
  ])('refuses %s, changes nothing, and begins anew if it is told to', async (_, change, other, message) => {
    await apply(job)
    change()
    const before = namesIn(to).map((name) => readFileSync(join(to, name)).length)
    await expect(apply({ ...job, ...other })).rejects.toThrow(message)
    await expect(apply({ ...job, ...other })).rejects.toThrow(/begin anew, with restart\.$/)
    expect(namesIn(to).map((name) => readFileSync(join(to, name)).length)).toEqual(before)
    await apply({ ...job, ...other, restart: true })
    expect((await verify(to)).faults.filter((fault) => !/shard 1 of 2/.test(fault))).toEqual([])
  })
})

describe('shards', () => {
  it.each([2, 3, 7])('%i of them write all outputs', async (count) => {
    for (let index = 0; index < count; index++) await apply({ ...job, shard: { index, count } })
    checkOutputs()
    expect(await verify(to)).toEqual({ checked: 4, faults: [] })
    rmSync(join(to, `evenkeel-manifest.1-of-${count}.jsonl`))
    expect((await verify(to)).faults).toEqual([`${to}: shard 1 of ${count} is missing`])
  })
})

describe('refuses before anything is written', () => {
  it.each<[string, Partial<ApplyJob>, RegExp]>([
    [
      'two outputs of one name',
      { inputs: [join(source, '*.npy'), join(folder, 'kept', 'b.npy')] },
      /b\.npy: its output would be b\.npy, as that of .*in.b\.npy; /,
    ],
    [
      'outputs over the inputs',
      { to: source },
      /in.a\.npy: an output would replace it, because .*in is its folder/,
    ],
    ['many outputs into one stream', { to: '-' }, /standard output: 4 outputs do not fit into it/],
  ])('%s', async (_, other, message) => {
    const before = NAMES.map((name) => readFileSync(input(name)))
    await expect(apply({ ...job, ...other })).rejects.toThrow(message)
    expect(existsSync(to)).toBe(false)
    expect(NAMES.map((name, i) => readFileSync(input(name)).equals(before[i]))).toEqual([
      true,
      true,
      true,
      true,
    ])
  })
})

describe('a fault in the middle leaves no output in part', () => {
  it('an input that is cut off while it is read', async () => {
    const onProgress = (done: number) => {
      if (done > 0) truncateSync(input('a.npy'), 128 + 5 * 2 ** 20)
    }
    await expect(apply(job, { onProgress })).rejects.toThrow(
      /a\.npy: .*changed|a\.npy: the file ends in row 5 of 6/,
    )
    expect(namesIn(to)).toEqual(['evenkeel-manifest.jsonl'])
  })

  it('an input that is cut off', async () => {
    truncateSync(input('b.npy'), 128 + 5 * 2 ** 20)
    await expect(apply(job)).rejects.toThrow(
      /b\.npy: .*it is cut off: it needs 6291584 bytes and has 5243008/,
    )
  })

  it('a full disk', async ({ skip }) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    const mount = (options: string) =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', small]).status
    // One output fits, and a part of the next. Only the superuser may mount it.
    if (mount('size=9m') !== 0) skip()
    try {
      const full = { ...job, to: join(small, 'out') }
      await expect(apply(full)).rejects.toThrow(
        /in.b\.npy, from row \d on: .*out.b\.npy: the disk is full; free some space, and run it again\.$/,
      )
      expect(namesIn(full.to)).toEqual(['a.npy', 'evenkeel-manifest.jsonl'])
      mount('remount,size=90m')
      expect(await apply(full)).toMatchObject({ resumed: 1 })
      expect(await verify(full.to)).toEqual({ checked: 4, faults: [] })
    } finally {
      spawnSync('umount', [small])
    }
  })
})
