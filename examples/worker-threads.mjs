// One process, four workers, one array: each worker normalizes its rows in shared memory. Nothing is copied.
import { once } from 'node:events'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { LayerNorm, setThreads, tensor } from 'evenkeel'

const [WORKERS, ROWS, LENGTH] = [4, 4096, 256]

if (isMainThread) {
  // The setting is of the whole process. A worker computes on its own thread, and needs no others.
  setThreads(1)
  const share = (length) => new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
  const [x, y] = [share(ROWS * LENGTH), share(ROWS * LENGTH)]
  x.forEach((_, i) => {
    x[i] = 5 + Math.sin(i)
  })
  const workers = Array.from({ length: WORKERS }, (_, index) => {
    return new Worker(new URL(import.meta.url), { workerData: { x, y, index } })
  })
  await Promise.all(workers.map((worker) => once(worker, 'exit')))

  const whole = new LayerNorm(LENGTH).forward(tensor(x, [ROWS, LENGTH])).data
  const same = y.every((value, i) => value === whole[i])
  console.log(
    `${WORKERS} workers, ${ROWS} rows: ${same ? 'the same bits as one call' : 'other bits than one call'}`,
  )
} else {
  const { x, y, index } = workerData
  const rows = ROWS / WORKERS
  // A view of this worker's rows.
  const part = (array) =>
    tensor(array.subarray(index * rows * LENGTH, (index + 1) * rows * LENGTH), [rows, LENGTH])
  new LayerNorm(LENGTH).forward(part(x), { out: part(y) })
}
