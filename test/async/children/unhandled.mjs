// Makes a call that rejects, and handles its promise as the second argument says. Arguments: the path of evenkeel, how.
import { pathToFileURL } from 'node:url'

const { LayerNorm } = await import(pathToFileURL(process.argv[2]).href)

const layer = new LayerNorm(8)
const x = { data: new Float32Array(32), shape: [4, 8] }
const bad = { data: new Float32Array(28), shape: [4, 7] }
const nothing = () => {}
/** Longer than any of these calls takes. */
const later = () => new Promise((done) => setTimeout(done, 100))

const WAYS = {
  'forwardAsync, left alone': () => void layer.forwardAsync(bad),
  'backwardAsync, left alone': () => void layer.backwardAsync(x),
  'behind others, left alone': () => {
    layer.forwardAsync(x)
    layer.forwardAsync(bad)
    layer.forwardAsync(x)
  },
  'then without catch': () => void layer.forwardAsync(bad).then(nothing),
  awaited: () => layer.forwardAsync(bad).then(nothing, nothing),
  'caught behind others': () => {
    layer.forwardAsync(x)
    layer.forwardAsync(bad).catch(nothing)
    return layer.forwardAsync(x)
  },
  'one of two caught': () => {
    layer.forwardAsync(bad).catch(nothing)
    layer.forwardAsync(bad)
  },
}

let unhandled = 0
if (process.argv[4] === 'count') process.on('unhandledRejection', () => unhandled++)
await WAYS[process.argv[3]]()
await later()
console.log(`${unhandled} unhandled`)
