// Takes away the memory of an array while a call on it is pending, collects garbage, and compares the result.
// Arguments: the path of evenkeel, how the memory is lost, which array ('x', 'out' or 'weight').
import { pbkdf2 } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'

const [, , path, how, which] = process.argv
/** Of Node with --expose-gc, or of Bun. */
const collectGarbage = globalThis.gc ?? (() => globalThis.Bun.gc(true))
const { LayerNorm } = await import(pathToFileURL(path).href)

// Large enough that the allocator maps it separately, and unmaps it when it is freed.
const ROWS = 1024
const LENGTH = 1024
const shape = [ROWS, LENGTH]

/** The ways to lose memory. They return the buffer that received the memory, if there is one. */
const WAYS = {
  structuredClone: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
  postMessage: (buffer) => {
    const { port1, port2 } = new MessageChannel()
    port1.postMessage(null, [buffer])
    receiveMessageOnPort(port2)
  },
  // A byte stream takes the buffer that is enqueued. The buffer's own methods and marks do not prevent that.
  'byte stream': (buffer) => {
    new ReadableStream({ type: 'bytes', start: (stream) => stream.enqueue(new Uint8Array(buffer)) })
  },
  // Exists in Node 21 and later.
  'transfer()': (buffer) => ArrayBuffer.prototype.transfer.call(buffer),
  'no reference': () => {},
  'WebAssembly.Memory.grow': (_, memory) => void memory.grow(1),
}

function fresh(fill) {
  const bytes = ROWS * LENGTH * 4
  const memory = how === 'WebAssembly.Memory.grow' ? new WebAssembly.Memory({ initial: bytes / 65536 }) : null
  const buffer = memory?.buffer ?? new ArrayBuffer(bytes)
  const data = new Float32Array(buffer)
  for (let i = 0; i < data.length; i++) data[i] = fill(i)
  return { data, buffer, memory }
}

/** Starts the call and takes the memory away. Afterwards nothing refers to it. */
function begin() {
  const layer = new LayerNorm(LENGTH)
  layer.weight.data.set(Array.from({ length: LENGTH }, (_, i) => i % 7))
  const x = fresh((i) => (i * 0.618) % 1)
  const out = fresh(() => -1)
  const expected = layer.forward({ data: x.data.slice(), shape }).data
  // The one thread of libuv's pool is busy, so the call has not begun when its memory is lost.
  pbkdf2('', '', 300_000, 64, 'sha512', () => {})
  const result = layer.forwardAsync(
    { data: x.data, shape },
    which === 'out' ? { out: { data: out.data, shape } } : {},
  )
  const lost = which === 'weight' ? { buffer: layer.weight.data.buffer } : which === 'out' ? out : x
  const received = WAYS[how](lost.buffer, lost.memory)
  const gone = how === 'no reference' || lost.buffer.byteLength === 0
  // If `out` was lost, its receiver is kept, because it has the result. Otherwise nothing is kept.
  return { expected, result, received: which === 'out' ? received : undefined, gone }
}

const { expected, result, received, gone } = begin()
// It may reject before it is awaited. Some runtimes treat that as an unhandled error.
result.catch(() => {})
if (!gone) throw new Error('the memory was not lost')
const taken = received ? new Float32Array(received) : null
const junk = []
for (let i = 0; i < 4; i++) {
  collectGarbage()
  // Allocates the memory that was freed.
  junk.push(new Float32Array(ROWS * LENGTH).fill(i))
  await sleep(1)
}
const y = await result.catch((error) => {
  // A call on this thread runs in a later iteration of the event loop, finds that its memory is gone, and rejects.
  if (error.code === undefined) throw error
  console.log(`refused: ${error.code}`)
  process.exit()
})
// If `out` was transferred, its receiver has the result.
const actual = which === 'out' ? (taken ?? y.data) : y.data
const compared = which !== 'out' || actual.length > 0
const equal =
  !compared || (actual.length === expected.length && expected.every((value, i) => value === actual[i]))
if (!equal) throw new Error('the result differs')
console.log(compared ? 'the same bits' : 'the result is lost')
