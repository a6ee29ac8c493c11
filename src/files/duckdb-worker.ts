import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { fail } from '../errors.js'
import { dtypeOf, type FloatArray } from '../tensor.js'
import { asking } from './duckdb.js'
import { THREAD } from './duckdb-thread.cjs'

/** The buffers that rows are copied to: one that the thread writes, and the next. */
const BUFFERS = 2

/** The threads of Node's pool, and how many of them are left to others. A file that is written holds one. */
const POOL_THREADS = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
const FREE_THREADS = 2

/** What the thread says: some rows are written, all are written, or an error. */
interface Said {
  readonly taken?: true
  readonly written?: true
  readonly error?: string
}

/** A file that DuckDB writes on a thread of its own. */
export interface WritingThread {
  /** Copies rows to the thread. Waits while the thread has others to write. */
  send(rows: FloatArray): Promise<void>
  /** Waits until all rows are written. */
  end(): Promise<void>
  /** Ends the thread. It does nothing after end(). */
  abort(): Promise<void>
}

/** The files that are being written. */
let open = 0

/** Starts src/files/duckdb-thread.cjs. `order` is what it writes, and how. */
export function startThread(path: string, order: object): WritingThread {
  if (open >= POOL_THREADS - FREE_THREADS)
    fail(
      'EVENKEEL_STATE',
      path,
      `${open} Parquet or CSV files are being written already, and each holds one of the ${POOL_THREADS} threads of Node's pool`,
      'commit one of them first, or set UV_THREADPOOL_SIZE to a larger number before Node starts',
    )
  open++
  const signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const worker = new Worker(THREAD, { execArgv: [], workerData: { ...order, signal, thread: THREAD } })
  /** The buffers that the thread has, and those that it has written. */
  const waiting: SharedArrayBuffer[] = []
  const free: SharedArrayBuffer[] = []
  let written = false
  let problem = new Error('the thread that writes the file has ended')
  worker.on('message', (said: Said) => {
    if (said.taken) free.push(...waiting.splice(0, 1))
    if (said.written) written = true
    if (said.error !== undefined) problem = new Error(said.error)
  })
  worker.on('error', (error) => {
    problem = error
  })
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('exit', () => {
      open--
      if (written) resolve()
      else reject(problem)
    })
  })
  // Whoever waits for it gets the error.
  ended.catch(() => {})
  const post = (message: object) => {
    worker.postMessage(message)
    Atomics.add(signal, 0, 1)
    Atomics.notify(signal, 0)
  }
  const named = <T>(action: () => Promise<T>) =>
    asking(path, action, 'free space on the disk, or give another path')
  return {
    send: (rows) =>
      named(async () => {
        while (waiting.length >= BUFFERS) await Promise.race([ended, once(worker, 'message')])
        const last = free.pop()
        const buffer =
          last !== undefined && last.byteLength >= rows.byteLength
            ? last
            : new SharedArrayBuffer(rows.byteLength)
        const copy =
          dtypeOf(rows) === 'float64'
            ? new Float64Array(buffer, 0, rows.length)
            : new Float32Array(buffer, 0, rows.length)
        copy.set(rows)
        waiting.push(buffer)
        post({ rows: copy })
      }),
    end: () =>
      named(async () => {
        post({ end: true })
        await ended
      }),
    async abort() {
      post({ abort: true })
      await ended.catch(() => {})
    },
  }
}
