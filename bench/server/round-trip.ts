import { performance } from 'node:perf_hooks'
import { LayerNorm } from '../../src/index.js'
import { median } from './median.js'

const SHAPE = [8, 64]
const CALLS = 2000
const ROUNDS = 15
const LAYERS = 64
const US_PER_MS = 1000

/** What a call costs beside its arithmetic, of which there is next to none. */
export async function roundTrip(): Promise<void> {
  console.log(`time per call in us, LayerNorm [${SHAPE}] with out, median of ${ROUNDS} rounds of ${CALLS}:`)
  const x = { data: new Float32Array(SHAPE[0] * SHAPE[1]).fill(1), shape: SHAPE }
  const layers = Array.from({ length: LAYERS }, () => {
    const out = { data: new Float32Array(x.data.length), shape: SHAPE }
    return { layer: new LayerNorm(SHAPE[1]), options: { out } }
  })
  const [{ layer, options }] = layers
  await measure('forward', () => {
    for (let i = 0; i < CALLS; i++) layer.forward(x, options)
  })
  await measure('forwardAsync, one by one', async () => {
    for (let i = 0; i < CALLS; i++) await layer.forwardAsync(x, options)
  })
  await measure(`forwardAsync, ${LAYERS} layers`, async () => {
    for (let i = 0; i < CALLS; i += LAYERS) {
      await Promise.all(layers.map((each) => each.layer.forwardAsync(x, each.options)))
    }
  })
}

async function measure(name: string, calls: () => unknown): Promise<void> {
  const times: number[] = []
  await calls()
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now()
    await calls()
    times.push(((performance.now() - begin) * US_PER_MS) / CALLS)
  }
  console.log(name.padEnd(26) + median(times).toFixed(2).padStart(8))
}
