import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { info, LayerNorm, setThreads, type Tensor, type Threading } from '../../src/index.js'
import { median } from '../server/median.js'
import { rateOf } from '../server/workers.js'

// npm run bench:threading -- [scene...]: the engines of threads, beside one thread, in one process and in turns.

/** From 2 KiB, which runs on one thread whatever is set, to 64 MiB. LayerNorm forward with `out`. */
const SHAPES = [
  [8, 64],
  [512, 768],
  [2048, 768],
  [16384, 1024],
]
const THREADS = Math.max(2, availableParallelism())
const ROUNDS = 21
/** Of one engine in a round, in ms: long for the clock, short for a drift of the machine. */
const TIME_SLICE = 20
/** A server's idle time between two calls, in ms. */
const PAUSE = 20
const PAUSED_CALLS = 25
const PAUSED_ROUNDS = 3
const WORKERS = 16
/** The busy process ends after this time, in ms, if this one dies and cannot end it. */
const BUSY_AT_MOST = 300_000
const US_PER_MS = 1000

interface Contender {
  readonly name: string
  readonly threads: number
  readonly threading: Threading
}

const CONTENDERS: readonly Contender[] = [
  { name: 'one thread', threads: 1, threading: 'pool' },
  ...info().threadings.map((threading) => ({ name: threading, threads: THREADS, threading })),
]

function use({ threads, threading }: Contender): void {
  setThreads(threads, { threading })
}

function callOn(shape: readonly number[]): () => Tensor {
  const x = { data: new Float32Array(shape[0] * shape[1]).map((_, i) => (i * 0.618) % 1), shape }
  const options = { out: { data: new Float32Array(x.data.length), shape } }
  const layer = new LayerNorm(shape[1])
  return () => layer.forward(x, options)
}

function print(label: string, cells: readonly string[]): void {
  console.log(label.padEnd(16) + cells.map((cell) => cell.padStart(14)).join(''))
}

async function table(title: string, cellOf: (shape: readonly number[]) => Promise<string[]>): Promise<void> {
  console.log(title)
  print(
    '',
    CONTENDERS.map(({ name }) => name),
  )
  for (const shape of SHAPES) print(`[${shape.join(', ')}]`, await cellOf(shape))
  console.log()
}

/** The median time of a call for each contender, in us. */
async function timesOf(shape: readonly number[]): Promise<string[]> {
  const call = callOn(shape)
  const times: number[][] = CONTENDERS.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, contender] of CONTENDERS.entries()) {
      use(contender)
      call()
      const begin = performance.now()
      let calls = 0
      for (; performance.now() - begin < TIME_SLICE; calls++) call()
      times[i].push(((performance.now() - begin) * US_PER_MS) / calls)
    }
  }
  return times.map((each) => median(each).toFixed(each[0] < 100 ? 2 : 0))
}

function alone(): Promise<void> {
  return table(`alone, us per call, ${THREADS} threads:`, timesOf)
}

async function busyCore(): Promise<void> {
  const spin = `const end = Date.now() + ${BUSY_AT_MOST}; while (Date.now() < end);`
  const busy = spawn(process.execPath, ['--eval', spin])
  await once(busy, 'spawn')
  try {
    await table(`beside another process that takes a core, us per call, ${THREADS} threads:`, timesOf)
  } finally {
    busy.kill()
  }
}

/** The median time of a call, and the CPU time of the process for each, the pause included. */
async function pauses(): Promise<void> {
  await table(`one call every ${PAUSE} ms, us per call / CPU us per call:`, async (shape) => {
    const call = callOn(shape)
    const cells: string[] = []
    for (const contender of CONTENDERS) {
      use(contender)
      call()
      const times: number[] = []
      const cpu: number[] = []
      for (let round = 0; round < PAUSED_ROUNDS; round++) {
        const before = process.cpuUsage()
        for (let i = 0; i < PAUSED_CALLS; i++) {
          await sleep(PAUSE)
          const begin = performance.now()
          call()
          times.push((performance.now() - begin) * US_PER_MS)
        }
        const { user, system } = process.cpuUsage(before)
        cpu.push((user + system) / PAUSED_CALLS)
      }
      cells.push(`${median(times).toFixed(0)} / ${median(cpu).toFixed(0)}`)
    }
    return cells
  })
}

async function workers(): Promise<void> {
  await table(`${WORKERS} workers at once, calls per second in all:`, async (shape) => {
    const cells: string[] = []
    for (const contender of CONTENDERS) {
      use(contender)
      cells.push((await rateOf(WORKERS, { shape, kind: 'sync' })).toFixed(0))
    }
    return cells
  })
}

const SCENES = { alone, 'busy-core': busyCore, pauses, workers }

const wished = process.argv.slice(2)
const unknown = wished.filter((name) => !(name in SCENES))
if (unknown.length > 0) {
  console.error(`no scene ${unknown.join(', ')}; there are ${Object.keys(SCENES).join(', ')}`)
  process.exit(1)
}
console.log(`isa ${info().isa}, OpenMP: ${info().openmp ?? 'none'}\n`)
for (const [name, scene] of Object.entries(SCENES)) {
  if (wished.length === 0 || wished.includes(name)) await scene()
}
