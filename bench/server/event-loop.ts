import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { LayerNorm, setThreads, type Tensor } from '../../src/index.js'
import { median } from './median.js'

/** 512 MiB: a forward pass of 100 ms and more even where memory is fast. */
const SHAPE = [131072, 1024]
const CALLS = 8
/** How often the delay is sampled, in ms: what is reported contains it. */
const RESOLUTION = 1
const MS = 1e6

/** Delay of the event loop while large calls run: on it, off it, and without any. */
export async function eventLoop(): Promise<void> {
  const x = { data: new Float32Array(SHAPE[0] * SHAPE[1]), shape: SHAPE }
  for (let i = 0; i < x.data.length; i++) x.data[i] = (i * 0.618) % 1
  const out = { data: new Float32Array(x.data.length).fill(1), shape: SHAPE }
  const layer = new LayerNorm(SHAPE[1])
  const inTurns = async (pass: () => unknown) => {
    await sleep(0)
    return pass()
  }
  console.log(`event-loop delay in ms, sampled every ${RESOLUTION} ms, during ${CALLS} calls on [${SHAPE}]:`)
  console.log('                              call     p50     p99     max')
  await measure('idle', () => sleep(200))
  for (const threads of [1, 2]) {
    setThreads(threads)
    const label = `, ${threads} thread${threads > 1 ? 's' : ''}`
    await measure(`forward${label}`, () => inTurns(() => layer.forward(x, { out })))
    await measure(`forwardAsync${label}`, () => layer.forwardAsync(x, { out }))
    await measure(`backwardAsync${label}`, () => layer.backwardAsync(out as Tensor, { out }))
  }
}

async function measure(name: string, call: () => unknown): Promise<void> {
  await call()
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  const times: number[] = []
  delay.enable()
  for (let i = 0; i < CALLS; i++) {
    const begin = performance.now()
    await call()
    times.push(performance.now() - begin)
  }
  delay.disable()
  const numbers = [median(times), delay.percentile(50) / MS, delay.percentile(99) / MS, delay.max / MS]
  console.log(name.padEnd(26) + numbers.map((value) => value.toFixed(1).padStart(8)).join(''))
}
