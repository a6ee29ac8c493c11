import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fail } from '../errors.js'
import { naming } from '../files/file-error.js'

// Two processes must not write one result. Who writes it keeps a file beside it, with its process id and host. The
// holder touches the file while it lives. So a process on another host of a cluster can tell whether it still does,
// without a clock that both share.
//
// A job takes and checks a lock for each of its outputs, and a lock is small: this thread reads and writes it. With the
// thread pool, an apply to 3,000 files of 66 KB took 1.2 times as long, in time and in work of the processor.

/** The end of the names of locks. */
export const LOCK_SUFFIX = '.evenkeel-lock'

export interface Lock {
  /** Throws if another process has taken the lock over, because this one was stopped for long. */
  check(): Promise<void>
  release(): Promise<void>
}

/** For results that go to standard output. */
export const NO_LOCK: Lock = { check: async () => {}, release: async () => {} }

/** How often a lock is touched and looked at. */
export interface Pace {
  /** In milliseconds, from touch to touch. */
  readonly touch: number
  /** In milliseconds, from look to look. */
  readonly look: number
  /** After so many looks without a touch between them, the holder is dead. */
  readonly looks: number
}

/**
 * The second of two processes waits for a touch, 2 s, until it is refused. After the death of a host it waits 30 s,
 * which are 15 touches: a slow network may lose some. Looks are counted, so that the time for which a disk does not
 * answer at all counts as one look.
 */
const PACE: Pace = { touch: 2000, look: 500, looks: 60 }
const TOKEN_BYTES = 6

interface Holder {
  /** Tells one lock from another. */
  readonly token: string
  readonly process: number
  readonly host: string
  /** Within what the process id has its meaning. */
  readonly machine: string
  readonly since: string
}

/** A lock as it was found. */
interface Found {
  readonly token: string
  /** Null if the holder has not written it yet, or was killed before. */
  readonly holder: Holder | null
  readonly touched: number
}

/**
 * Takes the lock of a result. A lock of a killed process is taken over: at once if it was on this machine, otherwise
 * when nothing has touched it for 30 s.
 * @throws EvenkeelError (EVENKEEL_FILE) that names the process, its host and when it began, if another one is at work.
 */
export function takeLock(path: string, signal?: AbortSignal, pace = PACE): Promise<Lock> {
  return acquire(path, lockName(path), signal, pace)
}

/** Runs an action under the lock of a result. */
export async function underLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  action: (lock: Lock) => Promise<T>,
): Promise<T> {
  const lock = await takeLock(path, signal)
  try {
    return await action(lock)
  } finally {
    await lock.release()
  }
}

export function lockName(path: string): string {
  return join(dirname(path), `.${basename(path)}${LOCK_SUFFIX}`)
}

async function acquire(
  path: string,
  file: string,
  signal: AbortSignal | undefined,
  pace: Pace,
): Promise<Lock> {
  for (;;) {
    signal?.throwIfAborted()
    const token = randomBytes(TOKEN_BYTES).toString('hex')
    if (await create(path, file, token)) return hold(path, file, token, pace)
    const found = await find(file)
    if (found === null) continue
    const state = await watch(file, found, signal, pace)
    if (state === 'alive') refuse(path, file, found.holder)
    if (state === 'dead') await removeDead(path, file, found.token, signal, pace)
  }
}

/** False if there is a lock. */
async function create(path: string, file: string, token: string): Promise<boolean> {
  const since = new Date().toISOString()
  const holder: Holder = { token, process: process.pid, host: hostname(), machine: machine(), since }
  try {
    writeFileSync(file, `${JSON.stringify(holder)}\n`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    return naming(path, () => Promise.reject(error))
  }
}

/**
 * Of several processes that found one dead lock, the lock of that lock lets one remove it. It looks again before: another
 * one may have removed it, and a third one may hold a new lock.
 */
async function removeDead(
  path: string,
  file: string,
  token: string,
  signal: AbortSignal | undefined,
  pace: Pace,
): Promise<void> {
  const guard = await acquire(path, `${file}.${token}`, signal, pace)
  try {
    await removeOwn(file, token)
  } finally {
    await guard.release()
  }
}

async function removeOwn(file: string, token: string): Promise<void> {
  if ((await find(file))?.token === token) await naming(file, async () => rmSync(file, { force: true }))
}

function hold(path: string, file: string, token: string, { touch }: Pace): Lock {
  const timer = setInterval(() => {
    const now = new Date()
    // If the lock is gone, check() tells it.
    utimes(file, now, now).catch(() => {})
  }, touch)
  timer.unref()
  return {
    async check() {
      if ((await find(file))?.token === token) return
      fail(
        'EVENKEEL_FILE',
        path,
        `another process has taken it over: ${file} is not of this process any more`,
        'let one process write it, and run this one again when that one has ended',
      )
    },
    async release() {
      clearInterval(timer)
      await removeOwn(file, token)
    },
  }
}

/** Null if there is no lock. */
async function find(file: string): Promise<Found | null> {
  try {
    // A network disk shows the latest state to who opens the file.
    const opened = openSync(file, 'r')
    try {
      const { mtimeMs: touched } = fstatSync(opened)
      const holder = holderOf(readFileSync(opened, 'utf8'))
      return { token: holder?.token ?? `torn-${touched}`, holder, touched }
    } finally {
      closeSync(opened)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    return naming(file, () => Promise.reject(error))
  }
}

function holderOf(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    return /^[0-9a-f]+$/.test(holder?.token ?? '') ? (holder as Holder) : null
  } catch {
    return null
  }
}

/** What became of a lock. */
async function watch(
  file: string,
  { token, holder, touched }: Found,
  signal: AbortSignal | undefined,
  { look, looks }: Pace,
): Promise<'alive' | 'dead' | 'another'> {
  if (holder?.machine === machine() && !isRunning(holder.process)) return 'dead'
  for (let i = 0; i < looks; i++) {
    await setTimeout(look)
    signal?.throwIfAborted()
    const now = await find(file)
    if (now?.token !== token) return 'another'
    if (now.touched !== touched) return 'alive'
  }
  return 'dead'
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

let thisMachine: string | undefined

/** Two containers have the same process ids, and often the same host name. Linux tells them apart. */
function machine(): string {
  thisMachine ??= [
    hostname(),
    orNone(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    orNone(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' ')
  return thisMachine
}

function orNone(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return ''
  }
}

function refuse(path: string, file: string, holder: Holder | null): never {
  const who = holder === null ? 'another process' : `process ${holder.process} on ${holder.host}`
  const since = holder === null ? '' : `, since ${holder.since}`
  return fail(
    'EVENKEEL_FILE',
    path,
    `${who} is at work on it${since} (${file})`,
    'wait until it has ended, or end it, and run this one again',
  )
}
