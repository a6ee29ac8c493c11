import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { describe, fail } from '../errors.js'
import { naming } from '../files/file-error.js'

/** The log of a job on disk: lines of JSON, the first of which says what the job is. */
export interface LogContent {
  readonly header: unknown
  readonly entries: readonly unknown[]
  /** Of the lines that are whole. A process that was killed may leave a torn one after them. */
  readonly bytes: number
}

const REMEDY = 'begin anew, with restart'
const NEWLINE = 0x0a

/**
 * Reads a log. Null if there is none, or if not even its first line is whole.
 * @throws EvenkeelError (EVENKEEL_FILE) if a line is no JSON.
 */
export async function readLog(path: string): Promise<LogContent | null> {
  const content = await naming(path, () =>
    readFile(path).catch((error) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0)
      throw error
    }),
  )
  const bytes = content.lastIndexOf(NEWLINE) + 1
  if (bytes === 0) return null
  const lines = content
    .subarray(0, bytes - 1)
    .toString('utf8')
    .split('\n')
  const [header, ...entries] = lines.map((line, i) => {
    try {
      return JSON.parse(line) as unknown
    } catch {
      return fail('EVENKEEL_FILE', path, `line ${i + 1} is damaged: ${describe(line)}`, REMEDY)
    }
  })
  return { header, entries, bytes }
}

/** The disk is made to keep what was written no more often than this, in milliseconds. */
const SYNC_INTERVAL = 1000

/** A log that is written: a line when a part of the job is finished. */
export class JobLog {
  readonly path: string
  readonly #handle: FileHandle
  #synced = performance.now()

  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /** Begins a new log. It replaces an old one. */
  static async begin(path: string, header: unknown): Promise<JobLog> {
    const log = new JobLog(path, await naming(path, () => open(path, 'w')))
    await log.append(header)
    return log
  }

  /** Goes on with a log, after what readLog() found. */
  static async resume(path: string, { bytes }: LogContent): Promise<JobLog> {
    const handle = await naming(path, () => open(path, 'a'))
    await naming(path, () => handle.truncate(bytes))
    return new JobLog(path, handle)
  }

  async append(entry: unknown): Promise<void> {
    await naming(this.path, async () => {
      await this.#handle.appendFile(`${JSON.stringify(entry)}\n`)
      const now = performance.now()
      if (now - this.#synced < SYNC_INTERVAL) return
      await this.#handle.datasync()
      this.#synced = now
    })
  }

  /** Waits until the disk has all lines. */
  async close(): Promise<void> {
    try {
      await naming(this.path, () => this.#handle.datasync())
    } finally {
      await this.#handle.close()
    }
  }

  /** The job is done, and its result is in place. */
  async remove(): Promise<void> {
    await this.#handle.close()
    await rm(this.path, { force: true })
  }
}

/** Throws if a log or a part is not of the format and version that this package writes. */
export function checkFormat(
  path: string,
  value: unknown,
  format: string,
  version: number,
  remedy = REMEDY,
): void {
  const found = (value ?? {}) as { format?: unknown; version?: unknown }
  if (found.format !== format)
    fail('EVENKEEL_FILE', path, `it is no ${format}, but ${describe(found.format)}`, remedy)
  if (found.version !== version)
    fail('EVENKEEL_FILE', path, `it is of version ${describe(found.version)}, known is ${version}`, remedy)
}
