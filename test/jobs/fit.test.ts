import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Standardizer } from '../../src/data/standardizer.js'
import { openReader } from '../../src/files/open.js'
import { info, setThreads } from '../../src/index.js'
import { type FitJob, merge, fit as runFit } from '../../src/jobs/fit.js'
import { partName } from '../../src/jobs/part.js'
import { readSaved } from '../../src/jobs/saved.js'
import { CHUNK_ROW, namesIn, newFolder, numbers, writeChunks, writeNpy } from './files.js'

const folder = newFolder()
const at = (name: string) => join(folder, name)
const OPTIONS = { axis: 1 } as const

// 65 chunks are two pieces. The file without rows is no trouble to anybody.
mkdirSync(at('in'))
writeChunks(at('in/a.npy'), 5, 1)
writeNpy(at('in/b.npy'), [0, ...CHUNK_ROW], new Uint8Array(0))
writeChunks(at('in/c.npy'), 65, 2)
writeChunks(at('in/d.npy'), 1, 3)
const INPUTS = [at('in/*.npy')]
await runFit({ inputs: INPUTS, out: at('expected.json'), options: OPTIONS })
const expected = readFileSync(at('expected.json'), 'utf8')

const threads = info().threads
afterEach(() => setThreads(threads))

it('learns what a Standardizer learns from the same chunks, file by file', async () => {
  const all = new Standardizer(OPTIONS)
  for (const name of ['a', 'c', 'd']) {
    const reader = await openReader(at(`in/${name}.npy`))
    all.merge(await new Standardizer(OPTIONS).fit(reader.chunks(1)))
    await reader.close()
  }
  expect((await readSaved(at('expected.json'))).standardizer.toJSON()).toEqual(all.toJSON())
  expect(all.statistics.count[0]).toBe(71 * CHUNK_ROW[1])
})

describe('gives the same bits', () => {
  it.each([1, 3, 7, 80])('in %i shards, in any order', async (count) => {
    const out = at(`shards-${count}.json`)
    const parts: string[] = []
    for (let index = count - 1; index >= 0; index--) {
      const shard = { index, count }
      const { path } = await runFit({ inputs: INPUTS, out, options: OPTIONS, shard })
      expect(path).toBe(partName(out, shard))
      parts.push(path)
    }
    await merge(parts, out)
    expect(readFileSync(out, 'utf8')).toBe(expected)
    for (const part of parts) rmSync(part)
  })

  it.each([1, 2])('on %i threads', async (count) => {
    setThreads(count)
    await runFit({ inputs: INPUTS, out: at('threads.json'), options: OPTIONS })
    expect(readFileSync(at('threads.json'), 'utf8')).toBe(expected)
  })
})

/** Ends a fit as a kill would, when it begins to read byte `bytes`: an error out of nowhere. */
async function cut(job: FitJob, bytes: number): Promise<void> {
  const onProgress = (done: number) => {
    if (done >= bytes) throw new Error('killed')
  }
  await expect(runFit(job, { onProgress })).rejects.toThrow('killed')
}

describe('after a run that ended early', () => {
  const out = at('again.json')
  const job = { inputs: INPUTS, out, options: OPTIONS }
  const journal = `${out}.journal`

  it('goes on with what is finished, and leaves nothing behind', async () => {
    await cut(job, 73e6)
    expect(existsSync(out)).toBe(false)
    const stray = at('.again.json.0123456789ab.evenkeel-partial')
    writeFileSync(stray, 'half')
    const result = await runFit(job)
    // The file of 5 chunks, and the first 64 of the next.
    expect(result).toMatchObject({ pieces: 4, resumed: 2 })
    expect(readFileSync(out, 'utf8')).toBe(expected)
    expect(namesIn(folder).filter((name) => name.includes('again'))).toEqual(['again.json'])
  })

  it.each([1, 2, 3, 4])('takes the first %i lines of a journal whose last line is torn', async (lines) => {
    await cut(job, 74e6)
    const text = readFileSync(journal, 'utf8').split('\n')
    writeFileSync(journal, [...text.slice(0, lines), text[lines].slice(0, 30)].join('\n'))
    expect(await runFit(job)).toMatchObject({ resumed: lines - 1 })
    expect(readFileSync(out, 'utf8')).toBe(expected)
  })

  const changing = at('changing')
  const own = { inputs: [join(changing, '*.npy')], out: at('changed.json'), options: OPTIONS }
  const x = join(changing, 'x.npy')
  const begin = async () => {
    rmSync(changing, { recursive: true, force: true })
    mkdirSync(changing)
    writeChunks(join(changing, 'w.npy'), 1, 1)
    writeChunks(x, 6, 2)
    rmSync(`${own.out}.journal`, { force: true })
    await cut(own, 2e6)
  }

  it.each<[string, () => void, Partial<FitJob>, RegExp]>([
    [
      'another option',
      () => {},
      { options: { axis: 2 } },
      /the option axis was 1, and is 2; undo the change, or/,
    ],
    [
      'a new option',
      () => {},
      { options: { ...OPTIONS, nonFinite: 'missing' } },
      /nonFinite was not given, and is 'missing'/,
    ],
    [
      'a longer input',
      () => writeChunks(x, 7, 5),
      {},
      /x\.npy is another: it had 6291584 bytes, and has 7340160;/,
    ],
    ['a touched input', () => utimesSync(x, 1, 1), {}, /x\.npy is another: it was changed \(.*now 1970-/],
    [
      'an input of another shape',
      () => writeNpy(x, [3, 8, 2 ** 18], new Uint8Array(6 * 2 ** 20)),
      {},
      /x\.npy is another: its header was .*\[6,8,131072\].*, and is .*\[3,8,262144\]/,
    ],
    ['a new input', () => writeChunks(join(changing, 'y.npy'), 1, 1), {}, /the input .*y\.npy is new;/],
    ['a missing input', () => rmSync(x), {}, /the input .*x\.npy is not there any more;/],
    [
      'a damaged line',
      () => appendFileSync(`${own.out}.journal`, '{"in\n'),
      {},
      /line 3 is damaged: '\{"in'; begin/,
    ],
    [
      'a journal without a plan',
      () => writeFileSync(`${own.out}.journal`, '{"format":"evenkeel.journal","version":1}\n{}\n'),
      {},
      /an earlier run began another job: it has no plan; /,
    ],
    [
      'another file',
      () => writeFileSync(`${own.out}.journal`, '{}\n'),
      {},
      /it is no evenkeel\.journal, but undefined/,
    ],
  ])('refuses %s, and begins anew if it is told to', async (_, change, other, message) => {
    await begin()
    change()
    const job = { ...own, ...other }
    const before = readFileSync(`${own.out}.journal`, 'utf8')
    await expect(runFit(job)).rejects.toThrow(message)
    await expect(runFit(job)).rejects.toThrow(/begin anew, with restart\.$/)
    expect(readFileSync(`${own.out}.journal`, 'utf8')).toBe(before)
    expect(await runFit({ ...job, restart: true })).toMatchObject({ resumed: 0 })
    expect(existsSync(`${own.out}.journal`)).toBe(false)
  })
})

it('begins anew with other options if an earlier run finished nothing', async () => {
  const data = Float32Array.of(1, Number.NaN, 3, 4)
  const path = writeNpy(at('nan.npy'), [2, 2], data)
  const job = { inputs: [path], out: at('nan.json') }
  await expect(runFit(job)).rejects.toThrow(/nonFinite: 'missing'|--non-finite missing/)
  const { pieces } = await runFit({ ...job, options: { nonFinite: 'missing' } })
  expect(pieces).toBe(1)
  expect(existsSync(at('nan.json.journal'))).toBe(false)
})

describe('refuses', () => {
  const bad = at('bad')
  mkdirSync(bad)
  const good = writeNpy(join(bad, 'good.npy'), [40, 4], numbers(new Float32Array(160), 1))
  const nan = numbers(new Float32Array(160), 2)
  nan[37 * 4 + 2] = Number.NaN
  const withNaN = writeNpy(join(bad, 'nan.npy'), [40, 4], nan)
  const five = writeNpy(join(bad, 'five.npy'), [2, 5], new Float32Array(10))
  const none = writeNpy(join(bad, 'none.npy'), [0, 4], new Float32Array(0))
  const text = join(bad, 'a.txt')
  writeFileSync(text, 'text')

  it.each<[string, readonly string[], RegExp]>([
    [
      'a value that is not finite',
      [withNaN],
      /nan\.npy.*: all values must be finite, got NaN in row 37, feature 2; /,
    ],
    ['files of different features', [good, five], /good\.npy: it has 4 features, and .*five\.npy has 5; /],
    ['files without rows', [none], /none\.npy: there are no rows to learn from; /],
    ['a missing file', [good, join(bad, 'gone.npy')], /gone\.npy: there is no such file/],
    ['a pattern without files', [join(bad, '*.arrow')], /\*\.arrow: no file has such a name; /],
    ['a folder', [bad], /bad: /],
    ['an unknown format', [text], /a\.txt: the format is not known/],
    ['standard input beside files', ['-', good], /standard input: it is not the only input; /],
  ])('%s', async (_, inputs, message) => {
    const out = at('refused.json')
    await expect(runFit({ inputs, out })).rejects.toThrow(message)
    expect(existsSync(out)).toBe(false)
    await runFit({ inputs: [good], out, restart: true })
    rmSync(out)
  })

  it('an input that is changed while it is read', async () => {
    const copy = join(bad, 'copy.npy')
    copyFileSync(good, copy)
    const onProgress = (done: number) => {
      if (done > 0) utimesSync(copy, 1, 1)
    }
    const job = { inputs: [copy], out: at('refused.json'), restart: true }
    await expect(runFit(job, { onProgress })).rejects.toThrow(/copy\.npy: it was changed while it was read; /)
    await runFit(job)
  })

  it('a result that cannot be written, before it reads', async () => {
    await expect(runFit({ inputs: [good], out: at('no/such/folder.json') })).rejects.toThrow(
      /no such file or folder/,
    )
  })
})

it('counts missing values, and follows a preset', async () => {
  const data = Float32Array.of(1, 5, Number.NaN, 5, 3, 5)
  const path = writeNpy(at('missing.npy'), [3, 2], data)
  await runFit({
    inputs: [path],
    out: at('missing.json'),
    options: { nonFinite: 'missing', preset: 'spark' },
  })
  const { standardizer } = await readSaved(at('missing.json'))
  expect(Array.from(standardizer.statistics.missing)).toEqual([1, 0])
  expect(standardizer.constant).toEqual([false, true])
})
