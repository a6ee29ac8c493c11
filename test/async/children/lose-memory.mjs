// Takes the arrays' memory away while a call on them is pending, collects garbage, and compares the result.
// Arguments: evenkeel, how, which array ('x', 'out' or 'weight').
import { pbkdf2 } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'

const [, , path, how, which] = process.argv
/** Node's with --expose-gc, or Bun's. */
const collectGarbage = globalThis.gc ?? (() => globalThis.Bun.gc(true))
const { LayerNorm } = await import(pathToFileURL(path).href)

// Large enough for an allocation of its own, which is unmapped when it is freed.
const ROWS = 1024
const LENGTH = 1024
const shape = [ROWS, LENGTH]

/** How memory is lost; a taker's buffer is returned where there is one. */
const WAYS = {
  structuredClone: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
  postMessage: (buffer) => {
    const { port1, port2 } = new MessageChannel()
    port1.postMessage(null, [buffer])
    receiveMessageOnPort(port2)
  },
  // Byte streams take what is enqueued, whatever the buffer's own methods and marks say.
  'byte stream': (buffer) => {
    new ReadableStream({ type: 'bytes', start: (stream) => stream.enqueue(new Uint8Array(buffer)) })
  },
  // Of Node 21 and later.
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

/** Starts the call and takes the memory away; nothing of it is referred to afterwards. */
function begin() {
  const layer = new LayerNorm(LENGTH)
  layer.weight.data.set(Array.from({ length: LENGTH }, (_, i) => i % 7))
  const x = fresh((i) => (i * 0.618) % 1)
  const out = fresh(() => -1)
  const expected = layer.forward({ data: x.data.slice(), shape }).data
  // The one thread of the pool is busy: the call has not begun when its memory is lost.
  pbkdf2('', '', 300_000, 64, 'sha512', () => {})
  const result = layer.forwardAsync(
    { data: x.data, shape },
    which === 'out' ? { out: { data: out.data, shape } } : {},
  )
  const lost = which === 'weight' ? { buffer: layer.weight.data.buffer } : which === 'out' ? out : x
  const received = WAYS[how](lost.buffer, lost.memory)
  const gone = how === 'no reference' || lost.buffer.byteLength === 0
  // Kept by its taker if it is out, where the result is then; otherwise by nobody.
  return { expected, result, received: which === 'out' ? received : undefined, gone }
}

const { expected, result, received, gone } = begin()
// It may reject before it is awaited, which some runtimes take for an error that nobody handles.
result.catch(() => {})
if (!gone) throw new Error('the memory was not lost')
const taken = received ? new Float32Array(received) : null
const junk = []
for (let i = 0; i < 4; i++) {
  collectGarbage()
  // Takes up what was freed.
  junk.push(new Float32Array(ROWS * LENGTH).fill(i))
  await sleep(1)
}
const y = await result.catch((error) => {
  // A call on this thread, in a later turn, finds its memory gone, and says so.
  if (error.code === undefined) throw error
  console.log(`refused: ${error.code}`)
  process.exit()
})
// Where out itself went, what it was transferred to has the result.
const actual = which === 'out' ? (taken ?? y.data) : y.data
const compared = which !== 'out' || actual.length > 0
const equal =
  !compared || (actual.length === expected.length && expected.every((value, i) => value === actual[i]))
if (!equal) throw new Error('the result differs')
console.log(compared ? 'the same bits' : 'the result is lost')
