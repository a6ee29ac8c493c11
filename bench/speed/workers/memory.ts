import { readFileSync } from 'node:fs'
import { type BenchCase, EPS, elementsOf } from '../cases.js'
import { REPOSITORY } from '../checkout.js'
import { geometryOf, slotsOf } from '../geometry.js'
import { loadEvenkeel, newLayer } from './layers.js'

// One case of memory.ts: prints the bytes that it needed and those that it could not do without.

interface Request {
  readonly bench: BenchCase
  readonly threads: number
  readonly steps: number
}

/** Kilobytes of a line of /proc/self/status, as bytes. */
function statusBytes(field: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${field}:\\s+(\\d+) kB`))
  if (line === null)
    throw new Error(`/proc/self/status tells no ${field}: peak memory is measured on Linux only`)
  return Number(line[1]) * 1024
}

const { bench, threads, steps } = JSON.parse(process.argv[2]) as Request
const evenkeel = await loadEvenkeel(REPOSITORY)
evenkeel.setThreads(threads)
const layer = newLayer(evenkeel, bench, EPS)
const before = statusBytes('VmRSS')
const array = () => evenkeel.tensor(new Float32Array(elementsOf(bench)), bench.shape)
const [x, y, dy, dx] = [array(), array(), array(), array()]
// Numbers in every page, the same again and again: only their memory matters.
for (let i = 0; i < x.data.length; i++) {
  x.data[i] = (i % 97) / 50
  dy.data[i] = (i % 89) / 40 - 1
}
for (let step = 0; step < steps; step++) {
  layer.forward(x, { out: y })
  layer.backward(dy, { out: dx })
}
// A float64 mean and variance each.
const statistics = 2 * slotsOf(geometryOf(bench)) * Float64Array.BYTES_PER_ELEMENT
const least = 4 * x.data.byteLength + statistics
console.log(JSON.stringify({ least, peak: statusBytes('VmHWM') - before }))
