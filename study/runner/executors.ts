import { Worker } from 'node:worker_threads'
import type { Dataset } from '../data/dataset.js'
import { type Cell, type CellResult, runCell } from '../experiments/cells.js'

/** What an executor tells of the cells that it runs. */
export interface Events {
  progress(cell: Cell, share: number): void
  finished(cell: Cell, result: CellResult): void
}

/**
 * Runs cells to the end, or until the signal; then it throws the signal's reason. Which cell runs where and when
 * does not matter to its result.
 */
export type Executor = (cells: readonly Cell[], events: Events, signal: AbortSignal) => Promise<void>

/** What each cell needs besides itself. */
export interface Surroundings {
  readonly seed: number
  readonly data: Dataset
}

/** One cell after another, in this thread; the signal is looked at between them. */
export function inThisThread(surroundings: Surroundings): Executor {
  return async (cells, events, signal) => {
    for (const cell of cells) {
      signal.throwIfAborted()
      const progress = (share: number) => events.progress(cell, share)
      events.finished(cell, await runCell(cell, { ...surroundings, progress }))
    }
  }
}

/** From a worker to the pool. */
export type WorkerMessage = { readonly progress: number } | { readonly result: CellResult }

/**
 * Cells in `count` worker threads, each of which takes the next one when it is free. The main thread stays free to
 * draw the progress and to hear Ctrl-C, upon which the workers end at once.
 * @param script the worker's module; it is given the surroundings as workerData and a cell per message
 */
export function inWorkers(script: URL, count: number, surroundings: Surroundings): Executor {
  return async (cells, events, signal) => {
    signal.throwIfAborted()
    const waiting = [...cells]
    const workers = Array.from(
      { length: Math.min(count, cells.length) },
      () => new Worker(script, { workerData: surroundings }),
    )
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    try {
      await Promise.race([stopped, Promise.all(workers.map((worker) => work(worker, waiting, events)))])
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
  }
}

/** Feeds one worker until no cell is waiting. */
function work(worker: Worker, waiting: Cell[], events: Events): Promise<void> {
  return new Promise((resolve, reject) => {
    let cell: Cell | undefined
    const next = () => {
      cell = waiting.shift()
      if (cell) worker.postMessage(cell)
      else resolve()
    }
    worker.on('message', (message: WorkerMessage) => {
      if ('progress' in message) return events.progress(cell!, message.progress)
      events.finished(cell!, message.result)
      next()
    })
    worker.on('error', (error) => reject(new Error(`study: ${cell?.id} failed`, { cause: error })))
    worker.on('exit', () => reject(new Error(`study: the worker of ${cell?.id} ended early`)))
    next()
  })
}
