// Limits the memory of the process to little more than it has, and makes a call that needs more for its temporaries.
// Argument: the path of evenkeel. Linux only.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const { GroupNorm } = await import(pathToFileURL(process.argv[2]).href)

// There is one element per channel and sample, so the gradient sums are four times as large as the data.
const shape = [4096, 4096]
const x = { data: new Float32Array(shape[0] * shape[1]).fill(1), shape }
const out = { data: new Float32Array(x.data.length).fill(7), shape }
const layer = new GroupNorm(1, shape[1])
await layer.forwardAsync(x, { out: { data: new Float32Array(x.data.length), shape } })
const gradient = () => layer.weight.grad.data.join()
const before = gradient()

const now = Number(/VmSize:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
/** 64 MiB: enough for JavaScript, and less than one column of the table. */
const MORE = 48 * 2 ** 20
execFileSync('prlimit', [`--pid=${process.pid}`, `--as=${now + MORE}:`])
const error = await layer.backwardAsync(x, { out }).catch((reason) => reason)
execFileSync('prlimit', [`--pid=${process.pid}`, `--as=unlimited:`])

console.log(error.code, error.message)
if (out.data.some((value) => value !== 7)) throw new Error('out was written')
if (gradient() !== before) throw new Error('the state has changed')
const dx = await layer.backwardAsync(x, { out })
if (dx !== out || out.data.some((value) => value !== 0)) throw new Error('the next call went wrong')
