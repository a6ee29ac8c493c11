/** A worker thread of the study: receives cells, answers with their progress and results. */
import { parentPort, workerData } from 'node:worker_threads'
import { setThreads } from '../../src/index.js'
import { type Cell, runCell } from '../experiments/cells.js'
import { useWasm } from '../network/wasm-kernels.js'
import type { Surroundings, WorkerMessage } from './executors.js'

/** Milliseconds between reports of progress: more would be drawn by nobody. */
const REPORT_INTERVAL = 200

const surroundings = workerData as Surroundings
const send = (message: WorkerMessage) => parentPort!.postMessage(message)
// A worker per core: within one, threads would only take turns.
setThreads(1)
const ready = useWasm()

parentPort!.on('message', async (cell: Cell) => {
  await ready
  let reported = performance.now()
  const progress = (share: number) => {
    const now = performance.now()
    if (now - reported < REPORT_INTERVAL) return
    reported = now
    send({ progress: share })
  }
  send({ result: await runCell(cell, { ...surroundings, progress }) })
})
