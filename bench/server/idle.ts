import { setTimeout as sleep } from 'node:timers/promises'
import { LayerNorm } from '../../src/index.js'

const SHAPE = [2048, 768]
const BURST = 300
const IDLE_MS = 2000
const US_PER_MS = 1000

/** CPU time that the process burns in two idle seconds after a burst of calls. */
export async function idle(): Promise<void> {
  console.log(`CPU in ms over ${IDLE_MS} ms of idling, after ${BURST} calls on [${SHAPE}]:`)
  const x = { data: new Float32Array(SHAPE[0] * SHAPE[1]).fill(1), shape: SHAPE }
  const out = { data: new Float32Array(x.data.length), shape: SHAPE }
  const layer = new LayerNorm(SHAPE[1])
  await afterBurst('before any call', () => {})
  await afterBurst('forward', () => {
    for (let i = 0; i < BURST; i++) layer.forward(x, { out })
  })
  await afterBurst('forwardAsync', async () => {
    for (let i = 0; i < BURST; i++) await layer.forwardAsync(x, { out })
  })
}

async function afterBurst(name: string, burst: () => unknown): Promise<void> {
  await burst()
  const before = process.cpuUsage()
  await sleep(IDLE_MS)
  const { user, system } = process.cpuUsage(before)
  console.log(name.padEnd(26) + ((user + system) / US_PER_MS).toFixed(1).padStart(8))
}
