import { performance } from 'node:perf_hooks'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { LayerNorm } from '../../src/index.js'

const SHAPES = [
  [8, 64],
  [512, 768],
  [4096, 768],
]
const COUNTS = [1, 2, 16]
const MEASURED_MS = 1500
const MS_PER_S = 1000
/** This file again, in a worker, which does not inherit the TypeScript loader. */
const LOAD = `import('tsx/esm/api').then(({ tsImport }) => tsImport('${import.meta.url}', '${import.meta.url}'))`
/** Between two looks at the clock. */
const CALLS = 20
/** Calls on the smallest shape before measuring: JavaScript is compiled then. */
const WARM_UP = 4000

interface Task {
  readonly shape: readonly number[]
  readonly kind: 'sync' | 'async'
}

/** Calls per second of many workers at once, against one. */
export async function workers(): Promise<void> {
  console.log(`LayerNorm forward with out, calls per second in all, over ${MEASURED_MS} ms:`)
  console.log(
    `${''.padEnd(26)}${COUNTS.map((count) => `${count} worker${count > 1 ? 's' : ''}`.padStart(12)).join('')}`,
  )
  for (const shape of SHAPES) {
    for (const kind of ['sync', 'async'] as const) {
      const rates: number[] = []
      for (const count of COUNTS) rates.push(await rateOf(count, { shape, kind }))
      const label = `[${shape.join(', ')}] ${kind}`
      console.log(label.padEnd(26) + rates.map((rate) => rate.toFixed(0).padStart(12)).join(''))
    }
  }
}

/** Calls per second of so many workers, all together. */
export async function rateOf(count: number, task: Task): Promise<number> {
  const crew = Array.from({ length: count }, () => {
    return new Worker(LOAD, { eval: true, workerData: task })
  })
  const next = () =>
    Promise.all(crew.map((worker) => new Promise<number>((done) => worker.once('message', done))))
  await next()
  const rates = next()
  for (const worker of crew) worker.postMessage('begin')
  const sum = (await rates).reduce((a, b) => a + b)
  await Promise.all(crew.map((worker) => worker.terminate()))
  return sum
}

async function work({ shape, kind }: Task): Promise<void> {
  await callsOn(SHAPES[0], kind)(WARM_UP)
  const calls = callsOn(shape, kind)
  await calls(CALLS)
  parentPort!.once('message', async () => {
    const begin = performance.now()
    let done = 0
    for (; performance.now() - begin < MEASURED_MS; done += CALLS) await calls(CALLS)
    parentPort!.postMessage((done * MS_PER_S) / (performance.now() - begin))
  })
  parentPort!.postMessage('ready')
}

function callsOn(shape: readonly number[], kind: Task['kind']) {
  const x = { data: new Float32Array(shape[0] * shape[1]).fill(1), shape }
  const options = { out: { data: new Float32Array(x.data.length), shape } }
  const layer = new LayerNorm(shape[1])
  return async (count: number) => {
    for (let i = 0; i < count; i++) {
      if (kind === 'sync') layer.forward(x, options)
      else await layer.forwardAsync(x, options)
    }
  }
}

if (!isMainThread) await work(workerData)
