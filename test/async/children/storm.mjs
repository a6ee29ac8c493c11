// Rounds of many workers at once, each with many calls of both kinds; some are terminated in mid-call.
// Arguments: evenkeel, rounds, workers.
import { pathToFileURL } from 'node:url'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/** How long a round's last worker may run before it is terminated; each gets a share. */
const LONGEST = 200
/** Rounds of calls in a worker that is left to end by itself. */
const CALLS = 9
const LAYERS = 4

async function work({ href, forever }) {
  const { BatchNorm, LayerNorm } = await import(href)
  // Small ones stay on their thread, the large one wants the team.
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

// Not awaited here: V8 aborts the process when a worker is terminated as a module with top-level await begins (Node 22).
if (isMainThread) main()
else work(workerData)
