import { info } from '../../src/index.js'
import { eventLoop } from './event-loop.js'
import { idle } from './idle.js'
import { roundTrip } from './round-trip.js'
import { workers } from './workers.js'

// npm run bench:server [name...]: what evenkeel does to a server around it, its event loop, its idle time, its workers.

const MEASUREMENTS = { 'event-loop': eventLoop, idle, 'round-trip': roundTrip, workers }

const wished = process.argv.slice(2)
const unknown = wished.filter((name) => !(name in MEASUREMENTS))
if (unknown.length > 0) {
  console.error(`no measurement ${unknown.join(', ')}; there are ${Object.keys(MEASUREMENTS).join(', ')}`)
  process.exit(1)
}
const { isa, threads, offThread } = info()
console.log(
  `isa ${isa}, ${threads} threads, asynchronous calls ${offThread ? 'off' : 'on'} the main thread\n`,
)
for (const [name, measure] of Object.entries(MEASUREMENTS)) {
  if (wished.length > 0 && !wished.includes(name)) continue
  await measure()
  console.log()
}
