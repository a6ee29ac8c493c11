import type { Tensor } from '../tensor.js'

/** A file that is written in chunks of rows. It gets its name when it is whole. */
export interface Writer {
  /** Writes the next rows. The tensor's memory may be used again once the promise has settled. */
  write(rows: Tensor): Promise<void>
  /** Writes what is left, waits until the disk has it, and gives the file its name. Returns its size. */
  commit(): Promise<{ readonly bytes: number }>
  /** Removes what was written. It does nothing after commit(). */
  abort(): Promise<void>
}
