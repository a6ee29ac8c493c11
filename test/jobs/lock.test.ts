import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { apply } from '../../src/jobs/apply.js'
import { fit as fitJob, merge } from '../../src/jobs/fit.js'
import { type Lock, lockName, takeLock } from '../../src/jobs/lock.js'
import { normalizeRows } from '../../src/jobs/operation.js'
import { namesIn, newFolder, numbers, writeNpy } from './files.js'

const folder = newFolder()
const work = join(folder, 'work')
const path = join(work, 'stats.json')
/** The looks last longer than many touches, also on a busy machine. */
const PACE = { touch: 5, look: 10, looks: 40 }
const take = () => takeLock(path, undefined, PACE)

beforeEach(() => {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
})

/** What a lock of this process has in it, with other values. */
async function content(values: object): Promise<string> {
  const lock = await take()
  const holder = JSON.parse(readFileSync(lockName(path), 'utf8'))
  await lock.release()
  return `${JSON.stringify({ ...holder, token: '0123456789ab', ...values })}\n`
}

const ended = spawnSync(process.execPath, ['--version']).pid

describe('a lock that a killed process left is taken over', () => {
  it.each<[string, object, boolean]>([
    ['on this machine', { process: ended }, true],
    ['on another host', { process: ended, host: 'node9', machine: 'node9' }, false],
    ['on this machine, and its id is given again', { process: process.ppid }, false],
    ['before it had written it', {}, false],
  ])('%s', async (name, values, atOnce) => {
    const torn = name.startsWith('before')
    writeFileSync(lockName(path), torn ? '' : await content(values))
    // With one look a minute, the test would not come to its end.
    const lock = await takeLock(path, undefined, atOnce ? { ...PACE, look: 60_000 } : PACE)
    await lock.check()
    expect(JSON.parse(readFileSync(lockName(path), 'utf8'))).toMatchObject({
      process: process.pid,
      host: hostname(),
    })
    await lock.release()
    expect(namesIn(work)).toEqual([])
  })

  it('also if the process that would take it over was killed', async () => {
    const [dead, guard] = [await content({ process: ended }), await content({ process: ended, token: 'cd' })]
    writeFileSync(lockName(path), dead)
    writeFileSync(`${lockName(path)}.0123456789ab`, guard)
    await (await take()).release()
    expect(namesIn(work)).toEqual([])
  })

  it('by one of many processes', async () => {
    for (let round = 0; round < 5; round++) {
      writeFileSync(lockName(path), await content({ process: ended }))
      const all = await Promise.allSettled(Array.from({ length: 8 }, take))
      const locks = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      expect(locks).toHaveLength(1)
      await locks[0].release()
      expect(namesIn(work)).toEqual([])
    }
  })
})

describe('a lock that is held', () => {
  let lock: Lock
  beforeEach(async () => {
    lock = await take()
    return () => lock.release()
  })

  it('refuses another process, and names the one that holds it', async () => {
    const { since } = JSON.parse(readFileSync(lockName(path), 'utf8'))
    await expect(take()).rejects.toThrow(
      `${path}: process ${process.pid} on ${hostname()} is at work on it, since ${since} (${lockName(path)}); wait until it has ended, or end it, and run this one again.`,
    )
    await lock.check()
  })

  it('refuses another host, which sees only that it is touched', async () => {
    writeFileSync(lockName(path), changed({ process: ended, host: 'node9', machine: 'node9' }))
    await expect(take()).rejects.toThrow(/process \d+ on node9 is at work on it/)
    rmSync(lockName(path))
  })

  it('tells its holder that another process has it', async () => {
    writeFileSync(lockName(path), changed({ host: 'node9' }))
    await expect(lock.check()).rejects.toThrow(/stats\.json: another process has taken it over: .*; let one/)
    await lock.release()
    expect(existsSync(lockName(path))).toBe(true)
    rmSync(lockName(path))
    await expect(lock.check()).rejects.toThrow(/another process has taken it over/)
  })

  it('is waited for no longer than a signal allows', async () => {
    const controller = new AbortController()
    const taken = takeLock(path, controller.signal, { ...PACE, touch: 60_000 })
    controller.abort(new Error('interrupted'))
    await expect(taken).rejects.toThrow('interrupted')
  })
})

/** The lock that is there, with other values. */
function changed(values: object): string {
  return JSON.stringify({ ...JSON.parse(readFileSync(lockName(path), 'utf8')), token: 'ab', ...values })
}

describe('jobs', () => {
  const source = join(folder, 'in')
  mkdirSync(source)
  for (const name of ['a.npy', 'b.npy'])
    writeNpy(join(source, name), [64, 4], numbers(new Float32Array(256), 1))
  const inputs = [join(source, '*.npy')]
  const to = work
  const operation = normalizeRows('layer', -1, undefined)
  const shard = { index: 0, count: 2 }
  const busy = /is at work on it, since/

  it.each<[string, string, () => Promise<unknown>]>([
    ['a fit', 'stats.json', () => fitJob({ inputs, out: path })],
    ['a fit from the beginning', 'stats.json', () => fitJob({ inputs, out: path, restart: true })],
    ['a fit of a shard', 'stats.json.shard-0-of-2.json', () => fitJob({ inputs, out: path, shard })],
    ['a merge', 'stats.json', () => merge([join(folder, 'stats.json.shard-*')], path)],
    ['an apply', 'evenkeel-manifest.jsonl', () => apply({ inputs, to, operation })],
    ['an apply of a shard', 'evenkeel-manifest.0-of-2.jsonl', () => apply({ inputs, to, operation, shard })],
    ['an apply to the output of a fit', 'b.npy', () => apply({ inputs, to, operation })],
    ['a fit to the output of an apply', 'b.npy', () => fitJob({ inputs, out: join(to, 'b.npy') })],
    [
      'an apply that drops the manifest of another number of shards',
      'evenkeel-manifest.0-of-2.jsonl',
      () => {
        writeFileSync(join(to, 'evenkeel-manifest.0-of-2.jsonl'), '')
        return apply({ inputs, to, operation, restart: true })
      },
    ],
  ])(
    '%s is refused, and works when the other one has ended',
    async (_, name, job) => {
      for (const index of [0, 1])
        await fitJob({ inputs, out: join(folder, 'stats.json'), shard: { index, count: 2 } })
      const lock = await takeLock(join(work, name), undefined, PACE)
      // A file that is half written by the other one.
      const partial = join(work, `.${name}.0123456789ab.evenkeel-partial`)
      writeFileSync(partial, '')
      await expect(job()).rejects.toThrow(busy)
      expect(existsSync(partial)).toBe(true)
      await lock.release()
      await job()
      expect(namesIn(work).filter((each) => each.startsWith('.') && !each.includes('jsonl'))).toEqual([])
    },
    20_000,
  )

  it('ends before it notes what another process does now', async () => {
    const onProgress = (done: number) => {
      if (done > 0) rmSync(lockName(path), { force: true })
    }
    await expect(fitJob({ inputs, out: path }, { onProgress })).rejects.toThrow(/taken it over/)
    expect(namesIn(work)).toEqual(['stats.json.journal'])
    const manifest = lockName(join(to, 'evenkeel-manifest.jsonl'))
    const end = () => rmSync(manifest, { force: true })
    await expect(apply({ inputs, to, operation }, { onProgress: end })).rejects.toThrow(/taken it over/)
  })
})
