// Makes layers in a loop that never yields, calls each, and tells by how many MiB the process has grown. Arguments:
// evenkeel, how many layers.
import { pathToFileURL } from 'node:url'

const { LayerNorm } = await import(pathToFileURL(process.argv[2]).href)

const x = { data: new Float32Array(32).fill(1), shape: [4, 8] }
const make = (count) => {
  for (let i = 0; i < count; i++) {
    const layer = new LayerNorm(8)
    layer.forward(x)
    layer.backward(x)
  }
  gc()
  return process.memoryUsage.rss()
}
/** What the engine takes for itself is there then. */
const WARM = 20_000
const before = make(WARM)
console.log(Math.round((make(Number(process.argv[3])) - before) / 2 ** 20))
