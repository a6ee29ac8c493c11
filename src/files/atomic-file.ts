import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { naming } from './file-error.js'
import { writeFully } from './transfer.js'

/** The end of the names of files that are not whole yet. */
export const PARTIAL_SUFFIX = '.evenkeel-partial'
/**
 * After so many bytes the disk begins to write, while more are computed. To apply to 400 MB took 290 ms so, and 364 ms when
 * the disk began at the end. From 16 to 128 MB it is the same.
 */
const SYNC_BYTES = 32 * 2 ** 20
/** Two processes that write one file have two temporary names. */
const NAME_BYTES = 6

/**
 * A file that is written under a temporary name in the same folder. commit() waits until the disk has it, and renames
 * it. So a file under the final name is always whole, whatever ends the process.
 */
export class AtomicFile {
  readonly #path: string
  readonly #temporary: string
  readonly #blocking: boolean
  /** Null while another program writes the file, and at the end. */
  #handle: FileHandle | null
  /** What was written since the disk was last told to begin. */
  #unsynced = 0
  /** While the disk writes, or after it failed. */
  #syncing: Promise<void> | null = null

  private constructor(path: string, temporary: string, handle: FileHandle, blocking: boolean) {
    this.#path = path
    this.#temporary = temporary
    this.#handle = handle
    this.#blocking = blocking
  }

  static async create(path: string, blocking = false): Promise<AtomicFile> {
    const temporary = join(
      dirname(path),
      `.${basename(path)}.${randomBytes(NAME_BYTES).toString('hex')}${PARTIAL_SUFFIX}`,
    )
    const handle = await naming(path, () => open(temporary, 'wx'))
    return new AtomicFile(path, temporary, handle, blocking)
  }

  /** Closes the temporary file, and returns its name, for a program that opens it by name. commit() is for afterwards. */
  async release(): Promise<string> {
    await this.#close()
    return this.#temporary
  }

  /** Writes all bytes at `position`. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    await naming(this.#path, async () => {
      const handle = await this.#opened()
      await writeFully(handle, bytes, position, this.#blocking)
      this.#unsynced += bytes.length
      if (this.#unsynced >= SYNC_BYTES && this.#syncing === null) this.#beginSync(handle)
    })
  }

  #beginSync(handle: FileHandle): void {
    this.#unsynced = 0
    const syncing = handle.datasync().then(() => {
      this.#syncing = null
    })
    // commit() throws its error, which the system tells only once.
    syncing.catch(() => {})
    this.#syncing = syncing
  }

  async commit(): Promise<{ bytes: number }> {
    try {
      return await naming(this.#path, async () => {
        await this.#syncing
        const handle = await this.#opened()
        await handle.sync()
        const { size } = await handle.stat()
        await this.#close()
        await rename(this.#temporary, this.#path)
        await syncFolder(dirname(this.#path))
        return { bytes: size }
      })
    } catch (error) {
      await this.abort()
      throw error
    }
  }

  async abort(): Promise<void> {
    await this.#close()
    await rm(this.#temporary, { force: true })
  }

  async #opened(): Promise<FileHandle> {
    this.#handle ??= await open(this.#temporary, 'r+')
    return this.#handle
  }

  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }
}

/** Waits until the disk has the names in a folder. Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a whole file at once. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const file = await AtomicFile.create(path)
  try {
    await file.write(typeof content === 'string' ? Buffer.from(content) : content, 0)
    await file.commit()
  } catch (error) {
    await file.abort()
    throw error
  }
}
