// Makes layers in a loop without `await`, calls each, and prints by how many MiB the process has grown.
// Arguments: the path of evenkeel, the number of layers.
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
/** After this many layers the JavaScript engine has allocated what it needs for itself. */
const WARM = 20_000
const before = make(WARM)
console.log(Math.round((make(Number(process.argv[3])) - before) / 2 ** 20))
