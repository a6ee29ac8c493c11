// Runs rounds of many workers at the same time. Each makes many synchronous and asynchronous calls. Some are terminated
// during a call. Arguments: the path of evenkeel, rounds, workers.
import { pathToFileURL } from 'node:url'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/**
 * The time after which the last worker of a round is terminated. The others are terminated at even intervals before.
 */
const LONGEST = 200
/** The number of rounds of calls in a worker that ends by itself. */
const CALLS = 9
const LAYERS = 4

async function work({ href, forever }) {
  const { BatchNorm, LayerNorm } = await import(href)
  // The small ones run on one thread. The large one uses the thread pool.
  const rows = [2, 64, 2048]
  const scenes = rows.map((count) => {
    const x = { data: new Float32Array(count * 256).map((_, i) => (i * 0.618) % 1), shape: [count, 256] }
    const layer = new LayerNorm(256)
    return { x, y: layer.forward(x).data, dx: layer.backward(x).data }
  })
  const check = (actual, expected) => {
    for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) throw new Error('other bits')
  }
  for (let round = 0; forever || round < CALLS; round++) {
    const { x, y, dx } = scenes[round % scenes.length]
    const busy = Array.from({ length: LAYERS }, () => new LayerNorm(256))
    const pending = busy.flatMap((layer) => [layer.forwardAsync(x), layer.backwardAsync(x)])
    const calm = new LayerNorm(256)
    check(calm.forward(x).data, y)
    check(calm.backward(x).data, dx)
    new BatchNorm(256).forward(x)
    for (const [i, result] of pending.entries()) check((await result).data, i % 2 === 0 ? y : dx)
  }
}

async function main() {
  const [, , path, rounds, workers] = process.argv
  const href = pathToFileURL(path).href
  let terminated = 0
  for (let round = 0; round < Number(rounds); round++) {
    const ended = Array.from({ length: Number(workers) }, (_, i) => {
      const forever = i % 2 === 0
      const worker = new Worker(new URL(import.meta.url), { workerData: { href, forever } })
      return new Promise((done, failed) => {
        worker.on('exit', done).on('error', failed)
        if (!forever) return
        worker.on('online', () => {
          setTimeout(() => {
            terminated++
            worker.terminate()
          }, Math.random() * LONGEST)
        })
      })
    })
    const codes = await Promise.all(ended)
    const wrong = codes.filter((code, i) => code !== (i % 2 === 0 ? 1 : 0))
    if (wrong.length > 0) throw new Error(`workers ended with ${codes}`)
  }
  console.log(`${terminated} terminated`)
}

// No top-level `await`: if a worker is terminated while such a module begins, V8 aborts the process (Node 22).
if (isMainThread) main()
else work(workerData)
